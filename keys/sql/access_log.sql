-- name: add_access_record!
-- One more record of who did what, numbered within its book by whoever has the book's turn.
INSERT INTO access_record (recorded_at, key_id, key_name, role, action, book, number, detail)
VALUES (
    :recorded_at, :key_id, :key_name, :role, :action, :book,
    (SELECT COALESCE(MAX(number), 0) + 1 FROM access_record WHERE book = :book),
    :detail
);

-- name: access_records
-- All records before one of them, the newest first.
SELECT position, number, recorded_at, key_id, key_name, role, action, book, detail
FROM access_record
WHERE position < :own_before
ORDER BY position DESC
LIMIT :limit;

-- name: access_records_of_book
-- The records that concern one book, or all books, before one of each, the newest first.
SELECT position, number, recorded_at, key_id, key_name, role, action, book, detail
FROM (
    SELECT * FROM (
        SELECT position, number, recorded_at, key_id, key_name, role, action, book, detail
        FROM access_record
        WHERE book = :book AND number < :own_before
        ORDER BY number DESC
        LIMIT :limit
    ) AS own
    UNION ALL
    SELECT * FROM (
        SELECT position, number, recorded_at, key_id, key_name, role, action, book, detail
        FROM access_record
        WHERE book = '*' AND number < :shared_before
        ORDER BY number DESC
        LIMIT :limit
    ) AS shared
) AS both_kinds
ORDER BY position DESC
LIMIT :limit;
