-- name: facts_taken
-- The entries that took some of the given fact ids: a JSON array of pairs of book and fact id.
SELECT entry.position, entry.book, entry.number, entry.state
FROM json_each(:wanted) AS pair
CROSS JOIN entry
WHERE entry.book = json_extract(pair.value, '$[0]')
    AND entry.fact_id = json_extract(pair.value, '$[1]');

-- name: newest_of_books
-- The newest entry number of each of the given books (a JSON array), none for one without entries.
SELECT wanted.value AS book, (SELECT MAX(number) FROM entry WHERE book = wanted.value) AS newest
FROM json_each(:books) AS wanted;
