-- name: take_keys_turn^
-- Whoever else changes keys waits here until this transaction ends.
SELECT 1 AS turn FROM pg_advisory_xact_lock(4203118422);
