-- name: facts_taken
-- The entries of one book that took some of the given fact ids (a JSON array).
SELECT position, number, state, fact_id
FROM entry
WHERE book = :book
    AND fact_id = ANY(ARRAY(SELECT jsonb_array_elements_text(:fact_ids::jsonb)));
