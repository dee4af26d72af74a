-- name: take_access_turn^
-- The transaction holds the file's write lock already.
SELECT 1 AS turn, :book AS book;
