-- name: add_access_record!
-- One more record of who did what.
INSERT INTO access_record (recorded_at, key_id, key_name, role, action, book, detail)
VALUES (:recorded_at, :key_id, :key_name, :role, :action, :book, :detail);

-- name: access_records
-- All records before one of them, the newest first.
SELECT number, recorded_at, key_id, key_name, role, action, book, detail
FROM access_record
WHERE number < :older_than
ORDER BY number DESC
LIMIT :limit;

-- name: access_records_of_book
-- The records that concern one book, or all books, before one of them, the newest first.
SELECT number, recorded_at, key_id, key_name, role, action, book, detail
FROM (
    SELECT * FROM (
        SELECT number, recorded_at, key_id, key_name, role, action, book, detail
        FROM access_record
        WHERE book = :book AND number < :older_than
        ORDER BY number DESC
        LIMIT :limit
    ) AS own
    UNION ALL
    SELECT * FROM (
        SELECT number, recorded_at, key_id, key_name, role, action, book, detail
        FROM access_record
        WHERE book = '*' AND number < :older_than
        ORDER BY number DESC
        LIMIT :limit
    ) AS shared
) AS both_kinds
ORDER BY number DESC
LIMIT :limit;
