-- name: take_access_turn^
-- Whoever else adds to the access log of this book waits here until this transaction ends.
SELECT 1 AS turn FROM pg_advisory_xact_lock(hashtextextended(:book, 4203118423));
