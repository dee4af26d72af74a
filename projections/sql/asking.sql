-- name: newest_append^
-- The newest append of a book.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book
ORDER BY last_number DESC
LIMIT 1;

-- name: append_by_number^
-- The newest append of a book that had ended at an entry number.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book AND last_number <= :number
ORDER BY last_number DESC
LIMIT 1;

-- name: append_by_moment^
-- The newest append of a book that was recorded at a moment.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book AND recorded_at <= :moment
ORDER BY recorded_at DESC
LIMIT 1;

-- name: books
-- The books that hold at least one entry, with their newest entry.
SELECT book, MAX(last_number) AS newest FROM book_append
GROUP BY book
ORDER BY book;

-- name: who_had_access
-- Windows on one asset that are or may be open at one moment, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND valid_from_earliest <= :at AND :at < valid_to
    AND known_from <= :known AND :known < known_to
ORDER BY owner, partner, valid_from, opened_by;

-- name: who_had_access_during
-- Windows on one asset that may overlap a period, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND valid_from_earliest < :until AND :since < valid_to AND valid_from_earliest < valid_to
    AND known_from <= :known AND :known < known_to
ORDER BY owner, partner, valid_from, opened_by;

-- name: windows_of_asset
-- Every window on one asset, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, owner, partner, opened_by;

-- name: what_could
-- Windows of one partner that are or may be open at one moment, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND partner = :partner
    AND valid_from_earliest <= :at AND :at < valid_to
    AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, owner, valid_from, opened_by;

-- name: what_could_during
-- Windows of one partner that may overlap a period, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND partner = :partner
    AND valid_from_earliest < :until AND :since < valid_to AND valid_from_earliest < valid_to
    AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, owner, valid_from, opened_by;

-- name: windows_of_partner
-- Every window of one partner, as known at one entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND partner = :partner
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, asset_type, asset_id, owner, opened_by;

-- name: matrix_at
-- Every window of a book that is or may be open at one moment, as known at one entry. The two
-- halves have an index each: what is still believed, and what was superseded after that entry.
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND known_from <= :known
    AND known_to = 4611686018427387904
    AND valid_from_earliest <= :at AND valid_to > :at
UNION ALL
SELECT asset_type, asset_id, partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM access_window
WHERE book = :book AND known_from <= :known
    AND known_to > :known AND known_to < 4611686018427387904
    AND valid_from_earliest <= :at AND valid_to > :at
ORDER BY asset_type, asset_id, owner, partner, valid_from, opened_by;

-- name: owners_of_asset
-- The ownerships of one asset, as known at one entry, in the order of time.
SELECT asset_type, asset_id, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause, owner, detail, asset_name
FROM ownership
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, opened_by;

-- name: owners
-- The ownerships of every asset of a book, as known at one entry, in the order of time.
SELECT asset_type, asset_id, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause, owner, detail, asset_name
FROM ownership
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, valid_from, opened_by;

-- name: episodes_of_partner
-- The episodes of one partner, as known at one entry.
SELECT partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause, partner_name, removed_by
FROM episode
WHERE book = :book AND partner = :partner AND known_from <= :known AND :known < known_to
ORDER BY owner, valid_from, opened_by;

-- name: episodes
-- The episodes of a book, as known at one entry.
SELECT partner, owner, valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause, partner_name, removed_by
FROM episode
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY owner, partner, valid_from, opened_by;

-- name: anomalies
-- The entries of a book without effect, as known at one entry.
SELECT number, why, blocker
FROM anomaly
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY number;

-- name: entry_numbers_of_asset
-- The entries that touch one asset, voids of them included, up to one entry.
SELECT number, target FROM fact
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND number <= :known
ORDER BY number;

-- name: entry_numbers_of_partner
-- The entries that touch one partner, voids of them included, up to one entry.
SELECT number, target FROM fact
WHERE book = :book AND partner = :partner AND number <= :known
ORDER BY number;

-- name: assets_known
-- The assets that a book's facts speak of, up to one entry.
SELECT DISTINCT asset_type, asset_id FROM fact
WHERE book = :book AND asset_type IS NOT NULL AND number <= :known
ORDER BY asset_type, asset_id;

-- name: entries_page
-- Entries of a book after a number and up to another, in order.
SELECT position, number, state FROM entry
WHERE book = :book AND number > :after AND number <= :known
ORDER BY number
LIMIT :limit;

-- name: entry_by_number^
-- One entry of a book.
SELECT position, number, state FROM entry
WHERE book = :book AND number = :number;

-- name: entries_on_line
-- The entries between two numbers that bear on one line: its own, its pair's and its asset's.
SELECT number FROM fact
WHERE book = :book AND number > :after AND number <= :known
    AND (
        (asset_type = :asset_type AND asset_id = :asset_id AND partner = :partner AND owner = :owner)
        OR (asset_type IS NULL AND partner = :partner AND owner = :owner)
        OR (asset_type = :asset_type AND asset_id = :asset_id AND partner IS NULL)
    )
ORDER BY number;
