-- name: take_turn^
-- The position to go on from. The transaction holds the file's write lock already.
SELECT position, generation FROM projection WHERE name = 'windows';
