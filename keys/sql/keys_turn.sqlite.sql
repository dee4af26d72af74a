-- name: take_keys_turn^
-- The transaction holds the file's write lock already.
SELECT 1 AS turn;
