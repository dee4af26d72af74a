-- name: take_log_turn^
-- How far the log has come; whoever else extends it waits here.
SELECT size, position FROM log_state WHERE name = 'log' FOR UPDATE;

-- name: some_hashes
-- Single hashes: a JSON array of level, tile and place in the tile.
SELECT
    log_hashes.level,
    log_hashes.tile,
    (wanted.triple ->> 2)::bigint AS place,
    substring(log_hashes.digests FROM 1 + 32 * (wanted.triple ->> 2)::integer FOR 32) AS digest
FROM jsonb_array_elements(:wanted::jsonb) AS wanted (triple)
INNER JOIN log_hashes
    ON log_hashes.level = (wanted.triple ->> 0)::bigint
        AND log_hashes.tile = (wanted.triple ->> 1)::bigint;
