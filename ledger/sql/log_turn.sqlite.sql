-- name: take_log_turn^
-- How far the log has come. The transaction holds the file's write lock already.
SELECT size, position FROM log_state WHERE name = 'log';
