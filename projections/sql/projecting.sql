-- name: progress^
-- The newest position of the ledger, and the position up to which the read model has come.
SELECT
    (SELECT COALESCE(MAX(position), 0) FROM entry) AS newest,
    (SELECT position FROM projection WHERE name = 'windows') AS projected;

-- name: set_position!
-- The read model has come to this position.
UPDATE projection SET position = :position WHERE name = 'windows';

-- name: entries_after_position
-- The entries of the whole ledger after a position, in the order in which they were committed.
SELECT position, book, number, state
FROM entry
WHERE position > :position
ORDER BY position
LIMIT :limit;

-- name: place^
-- The place in the fold of an entry.
SELECT place FROM fact WHERE book = :book AND number = :number;

-- name: facts_of_pair
-- The partner events of a pair, and the voids of them.
SELECT number, kind, owner, effective, earliest, place, target, terms
FROM fact
WHERE book = :book AND partner = :partner AND owner = :owner AND asset_type IS NULL
ORDER BY number;

-- name: facts_of_asset
-- The ownership events of an asset, and the voids of them.
SELECT number, kind, owner, effective, earliest, place, target, terms
FROM fact
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND partner IS NULL
ORDER BY number;

-- name: facts_of_line
-- The access events of a line, and the voids of them.
SELECT number, kind, owner, effective, earliest, place, target, terms
FROM fact
WHERE book = :book AND partner = :partner AND owner = :owner
    AND asset_type = :asset_type AND asset_id = :asset_id
ORDER BY number;

-- name: lines_of_pair
-- The assets on which a pair has access events.
SELECT DISTINCT asset_type, asset_id
FROM fact
WHERE book = :book AND partner = :partner AND owner = :owner AND asset_type IS NOT NULL;

-- name: lines_of_asset
-- The pairs that have access events on an asset.
SELECT DISTINCT owner, partner
FROM fact
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND partner IS NOT NULL;

-- name: believed_episodes
-- The episodes of a pair as believed now.
SELECT * FROM episode
WHERE book = :book AND partner = :partner AND owner = :owner
    AND known_to = 4611686018427387904;

-- name: believed_ownerships
-- The ownerships of an asset as believed now.
SELECT * FROM ownership
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND known_to = 4611686018427387904;

-- name: believed_windows
-- The windows of a line as believed now.
SELECT * FROM access_window
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND partner = :partner AND owner = :owner AND known_to = 4611686018427387904;

-- name: believed_anomalies
-- What is believed now of why one entry has no effect.
SELECT * FROM anomaly
WHERE book = :book AND number = :number AND known_to = 4611686018427387904;

-- name: clear_books!
DELETE FROM book_append;

-- name: clear_facts!
DELETE FROM fact;

-- name: clear_windows!
DELETE FROM access_window;

-- name: clear_ownerships!
DELETE FROM ownership;

-- name: clear_episodes!
DELETE FROM episode;

-- name: clear_anomalies!
DELETE FROM anomaly;
