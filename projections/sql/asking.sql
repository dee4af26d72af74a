-- name: newest_append^
-- How far the read model has come, and the newest append of a book, if it has one.
SELECT progress.newest, progress.projected, progress.fits, book_append.last_number, book_append.recorded_at
FROM progress
LEFT JOIN book_append
    ON book_append.book = :book
        AND book_append.recorded_at = (SELECT MAX(recorded_at) FROM book_append WHERE book = :book);

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

-- name: who_had_access_during
-- Windows on one asset that may overlap a period, as known at one entry.
SELECT * FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND valid_from_earliest < :until AND :since < valid_to
    AND valid_from_earliest < valid_to
    AND known_from <= :known AND :known < known_to;

-- name: windows_of_asset
-- Every window on one asset, as known at one entry.
SELECT * FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, owner, partner, opened_by;

-- name: what_could
-- Windows of one partner that are or may be open at one moment, as known at one entry: what is
-- still believed, and what was superseded after that entry.
SELECT * FROM window_of_pair
WHERE book = :book AND partner = :partner
    AND known_from <= :known AND known_to = 4611686018427387904
    AND valid_from_earliest <= :at AND :at < valid_to
UNION ALL
SELECT * FROM window_of_pair
WHERE book = :book AND partner = :partner
    AND known_from <= :known AND :known < known_to AND known_to < 4611686018427387904
    AND valid_from_earliest <= :at AND :at < valid_to
ORDER BY asset_type, asset_id, owner, valid_from, opened_by;

-- name: what_could_during
-- Windows of one partner that may overlap a period, as known at one entry.
SELECT * FROM window_of_pair
WHERE book = :book AND partner = :partner
    AND valid_from_earliest < :until AND :since < valid_to
    AND valid_from_earliest < valid_to
    AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, owner, valid_from, opened_by;

-- name: windows_of_partner
-- Every window of one partner, as known at one entry.
SELECT * FROM window_of_pair
WHERE book = :book AND partner = :partner
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, asset_type, asset_id, owner, opened_by;

-- name: matrix_at
-- Every window of a book that is or may be open at one moment, as known at one entry: what is
-- still believed, and what was superseded after that entry.
SELECT * FROM window_of_pair
WHERE book = :book
    AND known_from <= :known AND known_to = 4611686018427387904
    AND valid_from_earliest <= :at AND :at < valid_to
UNION ALL
SELECT * FROM window_of_pair
WHERE book = :book
    AND known_from <= :known AND :known < known_to AND known_to < 4611686018427387904
    AND valid_from_earliest <= :at AND :at < valid_to
ORDER BY asset_type, asset_id, owner, partner, valid_from, opened_by;

-- name: windows
-- Every window of a book, as known at one entry.
SELECT * FROM window_of_pair
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, partner, owner, valid_from, opened_by;

-- name: owners_of_asset
-- The ownerships of one asset, as known at one entry, in the order of time.
SELECT * FROM ownership_of_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, opened_by;

-- name: owners
-- The ownerships of every asset of a book, as known at one entry, in the order of time.
SELECT * FROM ownership_of_asset
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY asset_type, asset_id, valid_from, opened_by;

-- name: episodes_of_partner
-- The episodes of one partner, as known at one entry.
SELECT * FROM episode_of_pair
WHERE book = :book AND partner = :partner
    AND known_from <= :known AND :known < known_to
ORDER BY owner, valid_from, opened_by;

-- name: episodes
-- The episodes of a book, as known at one entry.
SELECT * FROM episode_of_pair
WHERE book = :book AND known_from <= :known AND :known < known_to
ORDER BY owner, partner, valid_from, opened_by;

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
CROSS JOIN fact
CROSS JOIN entry
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND asset.id = fact.asset AND fact.number <= :known
    AND entry.book = :book AND fact.number = entry.number
ORDER BY fact.number;

-- name: entries_of_partner
-- The entries that touch one partner, voids of them included, up to one entry; why, if without
-- effect. These are its partner events, and the access events of its lines.
SELECT fact.number AS number, entry.state, anomaly.why
FROM pair
CROSS JOIN fact
CROSS JOIN entry
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE pair.book = :book AND pair.partner = :partner
    AND fact.asset = 0 AND pair.id = fact.pair AND fact.number <= :known
    AND entry.book = :book AND fact.number = entry.number
UNION ALL
SELECT fact.number AS number, entry.state, anomaly.why
FROM pair
CROSS JOIN line
CROSS JOIN fact
CROSS JOIN entry
LEFT JOIN anomaly
    ON anomaly.book = :book AND fact.number = anomaly.number
        AND anomaly.known_from <= :known AND :known < anomaly.known_to
WHERE pair.book = :book AND pair.partner = :partner AND pair.id = line.pair
    AND line.asset = fact.asset AND pair.id = fact.pair AND fact.number <= :known
    AND entry.book = :book AND fact.number = entry.number
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

-- name: entries_on_asset
-- The entries that speak of an asset, whatever the pair.
SELECT entry.position, entry.number, entry.state
FROM fact INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE fact.asset = :asset
ORDER BY fact.number;

-- name: access_entries_of_pair
-- The entries that speak of a pair and an asset.
SELECT entry.position, entry.number, entry.state
FROM line
INNER JOIN fact ON line.asset = fact.asset AND line.pair = fact.pair
INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE line.pair = :pair
ORDER BY fact.number;

-- name: newest_up_to_position^
-- The newest entry of a book up to a position.
SELECT number FROM entry
WHERE book = :book AND position <= :position
ORDER BY number DESC
LIMIT 1;

-- name: entries_up_to
-- The entries of a book up to a number.
SELECT position, number, state FROM entry
WHERE book = :book AND number <= :known
ORDER BY number;
