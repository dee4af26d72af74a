-- name: take_turn^
-- The position to go on from; whoever else catches up waits here.
SELECT position, generation FROM projection WHERE name = 'windows' FOR UPDATE;
