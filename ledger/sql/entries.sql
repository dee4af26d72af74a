-- name: newest_position^
-- The position of the newest entry of the whole ledger, 0 where there is none.
SELECT COALESCE(MAX(position), 0) AS position
FROM entry;

-- name: entries_of_book
-- The entries of one book after a number, in order.
SELECT position, number, state
FROM entry
WHERE book = :book AND number > :after
ORDER BY number
LIMIT :limit;

-- name: entries_by_number
-- One entry of a book.
SELECT position, number, state
FROM entry
WHERE book = :book AND number = :number;

-- name: entries_after_position
-- The entries of the whole ledger after a position, in the order in which they were committed.
SELECT position, book, number, state
FROM entry
WHERE position > :position
ORDER BY position
LIMIT :limit;

-- name: newest_entry^
-- The newest entry of one book.
SELECT position, number, state
FROM entry
WHERE book = :book
ORDER BY number DESC
LIMIT 1;

-- name: books
-- The books that hold at least one entry, with their newest entry.
SELECT book, MAX(number) AS newest
FROM entry
GROUP BY book
ORDER BY book;
