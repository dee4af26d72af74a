-- name: facts_taken
-- The entries that took some of the given fact ids: a JSON array of pairs of book and fact id.
-- A fact id is taken once, so the limit changes nothing but keeps the planner on the index.
SELECT taken.position, taken.book, taken.number, taken.state
FROM jsonb_array_elements(:wanted::jsonb) AS wanted (pair)
CROSS JOIN LATERAL (
    SELECT position, book, number, state
    FROM entry
    WHERE entry.book = wanted.pair ->> 0 AND entry.fact_id = wanted.pair ->> 1
    LIMIT 1
) AS taken;

-- name: newest_of_books
-- The newest entry number of each of the given books (a JSON array), none for one without entries.
SELECT wanted.book, (SELECT MAX(number) FROM entry WHERE entry.book = wanted.book) AS newest
FROM jsonb_array_elements_text(:books::jsonb) AS wanted (book);
