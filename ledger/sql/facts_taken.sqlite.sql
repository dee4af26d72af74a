-- name: facts_taken
-- The entries of one book that took some of the given fact ids (a JSON array).
SELECT position, number, state, fact_id
FROM entry
WHERE book = :book AND fact_id IN (SELECT value FROM json_each(:fact_ids));
