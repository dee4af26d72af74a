-- name: take_log_turn^
-- How far the log has come; whoever else extends it waits here.
SELECT size, position FROM log_state WHERE name = 'log' FOR UPDATE;
