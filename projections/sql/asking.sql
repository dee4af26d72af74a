-- What could be asked. Where windows are joined, CROSS JOIN keeps SQLite to the order that is
-- written: from what is asked about to its windows. PostgreSQL plans it like any join.

-- name: newest_append^
-- The newest append of a book.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book
ORDER BY recorded_at DESC
LIMIT 1;

-- name: append_by_moment^
-- The newest append of a book that was recorded at a moment.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book AND recorded_at <= :moment
ORDER BY recorded_at DESC
LIMIT 1;

-- name: append_before^
-- The newest append of a book that was recorded before a moment.
SELECT last_number, recorded_at FROM book_append
WHERE book = :book AND recorded_at < :moment
ORDER BY recorded_at DESC
LIMIT 1;

-- name: books
-- The books that hold at least one entry, with their newest entry.
SELECT book, MAX(last_number) AS newest FROM book_append
GROUP BY book
ORDER BY book;

-- name: who_had_access
-- Windows on one asset that are or may be open at one moment, as known at one entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM asset
CROSS JOIN access_window AS held
CROSS JOIN pair
WHERE asset.id = held.asset AND held.pair = pair.id
    AND asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND held.valid_from_earliest <= :at AND :at < held.valid_to
    AND held.known_from <= :known AND :known < held.known_to
ORDER BY pair.owner, pair.partner, held.valid_from, held.opened_by;

-- name: who_had_access_during
-- Windows on one asset that may overlap a period, as known at one entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM asset
CROSS JOIN access_window AS held
CROSS JOIN pair
WHERE asset.id = held.asset AND held.pair = pair.id
    AND asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND held.valid_from_earliest < :until AND :since < held.valid_to
    AND held.valid_from_earliest < held.valid_to
    AND held.known_from <= :known AND :known < held.known_to
ORDER BY pair.owner, pair.partner, held.valid_from, held.opened_by;

-- name: windows_of_asset
-- Every window on one asset, as known at one entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM asset
CROSS JOIN access_window AS held
CROSS JOIN pair
WHERE asset.id = held.asset AND held.pair = pair.id
    AND asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND held.known_from <= :known AND :known < held.known_to
ORDER BY held.valid_from, pair.owner, pair.partner, held.opened_by;

-- name: what_could
-- Windows of one partner that are or may be open at one moment, as known at one entry: what is
-- still believed, and what was superseded after that entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book AND pair.partner = :partner
    AND held.known_from <= :known AND held.known_to = 4611686018427387904
    AND held.valid_from_earliest <= :at AND :at < held.valid_to
UNION ALL
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book AND pair.partner = :partner
    AND held.known_from <= :known AND :known < held.known_to AND held.known_to < 4611686018427387904
    AND held.valid_from_earliest <= :at AND :at < held.valid_to
ORDER BY asset_type, asset_id, owner, valid_from, opened_by;

-- name: what_could_during
-- Windows of one partner that may overlap a period, as known at one entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book AND pair.partner = :partner
    AND held.valid_from_earliest < :until AND :since < held.valid_to
    AND held.valid_from_earliest < held.valid_to
    AND held.known_from <= :known AND :known < held.known_to
ORDER BY asset.asset_type, asset.asset_id, pair.owner, held.valid_from, held.opened_by;

-- name: windows_of_partner
-- Every window of one partner, as known at one entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book AND pair.partner = :partner
    AND held.known_from <= :known AND :known < held.known_to
ORDER BY held.valid_from, asset.asset_type, asset.asset_id, pair.owner, held.opened_by;

-- name: matrix_at
-- Every window of a book that is or may be open at one moment, as known at one entry: what is
-- still believed, and what was superseded after that entry.
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book
    AND held.known_from <= :known AND held.known_to = 4611686018427387904
    AND held.valid_from_earliest <= :at AND :at < held.valid_to
UNION ALL
SELECT
    asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id
    AND pair.book = :book
    AND held.known_from <= :known AND :known < held.known_to AND held.known_to < 4611686018427387904
    AND held.valid_from_earliest <= :at AND :at < held.valid_to
ORDER BY asset_type, asset_id, owner, partner, valid_from, opened_by;

-- name: owners_of_asset
-- The ownerships of one asset, as known at one entry, in the order of time.
SELECT
    asset.asset_type, asset.asset_id,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.owner, span.detail, span.asset_name
FROM asset
INNER JOIN ownership AS span ON asset.id = span.asset
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND span.known_from <= :known AND :known < span.known_to
ORDER BY span.valid_from, span.opened_by;

-- name: owners
-- The ownerships of every asset of a book, as known at one entry, in the order of time.
SELECT
    asset.asset_type, asset.asset_id,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.owner, span.detail, span.asset_name
FROM asset
INNER JOIN ownership AS span ON asset.id = span.asset
WHERE asset.book = :book AND span.known_from <= :known AND :known < span.known_to
ORDER BY asset.asset_type, asset.asset_id, span.valid_from, span.opened_by;

-- name: episodes_of_partner
-- The episodes of one partner, as known at one entry.
SELECT
    pair.partner, pair.owner,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.partner_name, span.removed_by
FROM pair
INNER JOIN episode AS span ON pair.id = span.pair
WHERE pair.book = :book AND pair.partner = :partner
    AND span.known_from <= :known AND :known < span.known_to
ORDER BY pair.owner, span.valid_from, span.opened_by;

-- name: episodes
-- The episodes of a book, as known at one entry.
SELECT
    pair.partner, pair.owner,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.partner_name, span.removed_by
FROM pair
INNER JOIN episode AS span ON pair.id = span.pair
WHERE pair.book = :book AND span.known_from <= :known AND :known < span.known_to
ORDER BY pair.owner, pair.partner, span.valid_from, span.opened_by;

-- name: anomalies
-- The entries of a book without effect, as known at one entry.
SELECT number, why, blocker
FROM anomaly
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY number;

-- name: entries_of_asset
-- The entries that touch one asset, voids of them included, up to one entry; why, if without
-- effect.
SELECT entry.number, entry.state, anomaly.why
FROM asset
INNER JOIN fact ON asset.id = fact.asset
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id AND fact.number <= :known
ORDER BY fact.number;

-- name: entries_of_partner
-- The entries that touch one partner, voids of them included, up to one entry; why, if without
-- effect. These are its partner events, and the access events of its lines.
SELECT fact.number AS number, entry.state, anomaly.why
FROM pair
INNER JOIN fact ON fact.asset = 0 AND pair.id = fact.pair
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE pair.book = :book AND pair.partner = :partner AND fact.number <= :known
UNION ALL
SELECT fact.number AS number, entry.state, anomaly.why
FROM pair
INNER JOIN line ON pair.id = line.pair
INNER JOIN fact ON line.asset = fact.asset AND pair.id = fact.pair
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE pair.book = :book AND pair.partner = :partner AND fact.number <= :known
ORDER BY number;

-- name: entries_page
-- Entries of a book after a number and up to another, in order.
SELECT position, number, state FROM entry
WHERE book = :book AND number > :after AND number <= :known
ORDER BY number
LIMIT :limit;

-- name: entries_on_line
-- The entries between two numbers that bear on one line: its own, its asset's and its pair's.
SELECT fact.number FROM asset
INNER JOIN pair ON pair.book = :book AND pair.partner = :partner AND pair.owner = :owner
INNER JOIN fact ON asset.id = fact.asset AND pair.id = fact.pair
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND fact.number > :after AND fact.number <= :known
UNION ALL
SELECT fact.number FROM asset
INNER JOIN fact ON asset.id = fact.asset AND fact.pair = 0
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND fact.number > :after AND fact.number <= :known
UNION ALL
SELECT fact.number FROM pair
INNER JOIN fact ON fact.asset = 0 AND pair.id = fact.pair
WHERE pair.book = :book AND pair.partner = :partner AND pair.owner = :owner
    AND fact.number > :after AND fact.number <= :known
ORDER BY number;

-- name: entries_of_subject_asset
-- The entries that touch an asset: `asset:TYPE:ID`.
SELECT entry.position, entry.number, entry.state
FROM asset
INNER JOIN fact ON asset.id = fact.asset
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
ORDER BY fact.number;

-- name: entries_of_subject_ownership
-- The entries that touch the ownership of an asset: `ownership:TYPE:ID`.
SELECT entry.position, entry.number, entry.state
FROM asset
INNER JOIN fact ON asset.id = fact.asset AND fact.pair = 0
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
ORDER BY fact.number;

-- name: entries_of_subject_episode
-- The entries that touch the partnership of a pair: `episode:OWNER:PARTNER`.
SELECT entry.position, entry.number, entry.state
FROM pair
INNER JOIN fact ON fact.asset = 0 AND pair.id = fact.pair
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE pair.book = :book AND pair.partner = :partner AND pair.owner = :owner
ORDER BY fact.number;

-- name: entries_of_subject_lines
-- The access entries of a pair: with those of its episode, `partner:OWNER:PARTNER`.
SELECT entry.position, entry.number, entry.state
FROM pair
INNER JOIN line ON pair.id = line.pair
INNER JOIN fact ON line.asset = fact.asset AND line.pair = fact.pair
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE pair.book = :book AND pair.partner = :partner AND pair.owner = :owner
ORDER BY fact.number;

-- name: ownership_entries_of_book
-- Every ownership entry of a book, voids included.
SELECT entry.position, entry.number, entry.state
FROM asset
INNER JOIN fact ON asset.id = fact.asset AND fact.pair = 0
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE asset.book = :book
ORDER BY fact.number;

-- name: owners_with_partner
-- The owners with whom a partner has entries in a book.
SELECT owner FROM pair
WHERE book = :book AND partner = :partner
ORDER BY owner;

-- name: positioned_entry^
-- One entry of a book, with its position.
SELECT position, number, state FROM entry
WHERE book = :book AND number = :number;

-- name: entries_up_to
-- The entries of a book up to a number.
SELECT position, number, state FROM entry
WHERE book = :book AND number <= :known
ORDER BY number;
