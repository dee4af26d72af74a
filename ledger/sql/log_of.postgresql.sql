-- name: take_log_turn^
-- How far the log has come; whoever else extends it waits here.
SELECT size, position FROM log_state WHERE name = 'log' FOR UPDATE;

-- name: some_hashes
-- Single hashes: a JSON array of level, tile and place in the tile.
-- A row of hashes is there once, so the limit changes nothing but keeps the planner on the index.
SELECT
    found.level,
    found.tile,
    (wanted.triple ->> 2)::bigint AS place,
    substring(found.digests FROM 1 + 32 * (wanted.triple ->> 2)::integer FOR 32) AS digest
FROM jsonb_array_elements(:wanted::jsonb) AS wanted (triple)
CROSS JOIN LATERAL (
    SELECT level, tile, digests
    FROM log_hashes
    WHERE log_hashes.level = (wanted.triple ->> 0)::bigint
        AND log_hashes.tile = (wanted.triple ->> 1)::bigint
    LIMIT 1
) AS found;

-- name: runs_of
-- The run that each of a JSON array of positions belongs to.
SELECT
    wanted.position::bigint AS position,
    run.first_leaf,
    run.first_position
FROM jsonb_array_elements_text(:positions::jsonb) AS wanted (position)
CROSS JOIN LATERAL (
    SELECT first_leaf, first_position
    FROM log_run
    WHERE first_position <= wanted.position::bigint
    ORDER BY first_position DESC
    LIMIT 1
) AS run;
