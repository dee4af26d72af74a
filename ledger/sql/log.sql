-- name: log_state^
-- How many leaves the log has, and the position of the entry that is the last of them.
SELECT size, position FROM log_state WHERE name = 'log';

-- name: set_log_state!
-- The log has come to this size and position.
UPDATE log_state SET size = :size, position = :position WHERE name = 'log';

-- name: log_hashes^
-- A row of hashes.
SELECT digests FROM log_hashes WHERE level = :level AND tile = :tile;

-- name: entry_at_position^
-- The entry at a position.
SELECT state FROM entry WHERE position = :position;

-- name: states_after_position
-- The bytes of the entries after a position, in the order in which they were committed.
SELECT position, state FROM entry
WHERE position > :position
ORDER BY position
LIMIT :limit;

-- name: restore_log_state!
-- The row that says how far the log has come, where it is lost.
INSERT INTO log_state (name, size, position) VALUES ('log', 0, 0)
ON CONFLICT (name) DO NOTHING;

-- name: clear_log_hashes!
DELETE FROM log_hashes;

-- name: clear_log_runs!
DELETE FROM log_run;

-- name: put_log_hashes*!
-- Rows of hashes, each a new one or a longer one in the place of another.
INSERT INTO log_hashes (level, tile, digests) VALUES (:level, :tile, :digests)
ON CONFLICT (level, tile) DO UPDATE SET digests = excluded.digests;

-- name: add_log_run!
-- From this leaf on, positions follow one another.
INSERT INTO log_run (first_leaf, first_position) VALUES (:first_leaf, :first_position);

-- name: log_runs
-- Every run, in order.
SELECT first_leaf, first_position FROM log_run ORDER BY first_leaf;

-- name: run_of_leaf^
-- The run that a leaf belongs to.
SELECT first_leaf, first_position FROM log_run
WHERE first_leaf <= :leaf
ORDER BY first_leaf DESC
LIMIT 1;

-- name: newest_checkpoint^
-- The newest checkpoint.
SELECT nth, size, note FROM log_checkpoint
ORDER BY nth DESC
LIMIT 1;

-- name: all_checkpoints
-- Every checkpoint, the oldest first.
SELECT nth, size, note, signed_at FROM log_checkpoint
ORDER BY nth;

-- name: add_checkpoint!
-- One more checkpoint.
INSERT INTO log_checkpoint (nth, size, note, signed_at) VALUES (:nth, :size, :note, :signed_at);

-- name: last_check^
-- The last self-check.
SELECT checked_at, entries, problem FROM log_check WHERE name = 'log';

-- name: put_check!
-- What a self-check found; the entries stay those of the last one that found nothing wrong.
INSERT INTO log_check (name, checked_at, entries, problem)
VALUES ('log', :checked_at, :entries, :problem)
ON CONFLICT (name) DO UPDATE
SET checked_at = excluded.checked_at,
    entries = CASE WHEN excluded.problem IS NULL THEN excluded.entries ELSE log_check.entries END,
    problem = excluded.problem;
