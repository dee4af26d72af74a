-- name: progress^
-- The newest position of the ledger, the position up to which the read model has come, and whether
-- the entry that it took in there is the one that is there now.
SELECT newest, projected, fits FROM progress;

-- name: set_position!
-- The read model has come to this position, and to the entry there.
UPDATE projection
SET position = :position,
    last_entry = (SELECT entry.state FROM entry WHERE entry.position = :position)
WHERE name = 'windows';

-- name: begin_generation!
-- The read model is made anew.
UPDATE projection
SET position = 0, last_entry = NULL, generation = generation + 1
WHERE name = 'windows';

-- name: entries_after_position
-- The entries of the whole ledger after a position, in the order in which they were committed.
SELECT position, book, number, state
FROM entry
WHERE position > :position
ORDER BY position
LIMIT :limit;

-- name: stored_entry^
-- One entry of a book.
SELECT position, number, state FROM entry WHERE book = :book AND number = :number;

-- name: newest_id^
-- The largest number that an asset or a pair has.
SELECT MAX(id) AS id
FROM (SELECT MAX(id) AS id FROM asset UNION ALL SELECT MAX(id) AS id FROM pair) AS numbered;

-- name: asset^
-- The number of an asset.
SELECT id FROM asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id;

-- name: pair^
-- The number of a pair.
SELECT id FROM pair WHERE book = :book AND partner = :partner AND owner = :owner;

-- name: entries_of
-- The entries that speak of an asset and a pair or, where one is 0, of the other alone.
SELECT entry.position, entry.number, entry.state
FROM fact INNER JOIN entry ON entry.book = :book AND fact.number = entry.number
WHERE fact.asset = :asset AND fact.pair = :pair
ORDER BY fact.number;

-- name: lines_of_pair
-- The assets on which a pair has access events.
SELECT asset.asset_type, asset.asset_id
FROM line INNER JOIN asset ON line.asset = asset.id
WHERE line.pair = :pair;

-- name: lines_of_asset
-- The pairs that have access events on an asset.
SELECT DISTINCT pair.partner, pair.owner
FROM fact INNER JOIN pair ON fact.pair = pair.id
WHERE fact.asset = :asset AND fact.pair > 0;

-- name: clear_appends!
DELETE FROM book_append;

-- name: clear_assets!
DELETE FROM asset;

-- name: clear_pairs!
DELETE FROM pair;

-- name: clear_facts!
DELETE FROM fact;

-- name: clear_lines!
DELETE FROM line;

-- name: clear_windows!
DELETE FROM access_window;

-- name: clear_ownerships!
DELETE FROM ownership;

-- name: clear_episodes!
DELETE FROM episode;

-- name: clear_anomalies!
DELETE FROM anomaly;
