-- name: take_log_turn^
-- How far the log has come. The transaction holds the file's write lock already.
SELECT size, position FROM log_state WHERE name = 'log';

-- name: some_hashes
-- Single hashes: a JSON array of level, tile and place in the tile.
SELECT
    log_hashes.level,
    log_hashes.tile,
    json_extract(wanted.value, '$[2]') AS place,
    substr(log_hashes.digests, 1 + 32 * json_extract(wanted.value, '$[2]'), 32) AS digest
FROM json_each(:wanted) AS wanted
INNER JOIN log_hashes
    ON log_hashes.level = json_extract(wanted.value, '$[0]')
        AND log_hashes.tile = json_extract(wanted.value, '$[1]');

-- name: runs_of
-- The run that each of a JSON array of positions belongs to.
SELECT
    wanted.value AS position,
    log_run.first_leaf,
    log_run.first_position
FROM json_each(:positions) AS wanted
INNER JOIN log_run
    ON log_run.first_position = (
        SELECT MAX(first_position) FROM log_run WHERE first_position <= wanted.value
    );
