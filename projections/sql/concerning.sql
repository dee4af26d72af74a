-- name: concerns^
-- Whether an asset concerns a partner, as known at one entry: it has a line on it, or it is
-- recorded as its owner.
SELECT 1 AS found
FROM asset
WHERE asset.book = :book AND asset.asset_type = :asset_type AND asset.asset_id = :asset_id
    AND (
        EXISTS (
            SELECT 1 FROM pair INNER JOIN fact ON pair.id = fact.pair
            WHERE pair.book = :book AND pair.partner = :partner
                AND fact.asset = asset.id AND fact.number <= :known
        )
        OR EXISTS (
            SELECT 1 FROM ownership AS span
            WHERE span.asset = asset.id AND span.owner = :partner AND span.known_from <= :known
        )
    );

-- name: who_had_access_of_partner
-- Windows of one partner on one asset that are or may be open at one moment, as known at one entry.
SELECT * FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND partner = :partner
    AND valid_from_earliest <= :at AND :at < valid_to
    AND known_from <= :known AND :known < known_to;

-- name: who_had_access_during_of_partner
-- Windows of one partner on one asset that may overlap a period, as known at one entry.
SELECT * FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND partner = :partner
    AND valid_from_earliest < :until AND :since < valid_to
    AND valid_from_earliest < valid_to
    AND known_from <= :known AND :known < known_to;

-- name: windows_of_asset_of_partner
-- Every window of one partner on one asset, as known at one entry.
SELECT * FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id AND partner = :partner
    AND known_from <= :known AND :known < known_to
ORDER BY valid_from, owner, opened_by;

-- name: owners_of_partner
-- The ownerships of every asset that concerns a partner, as known at one entry, in the order of
-- time.
WITH held AS (
    SELECT DISTINCT asset FROM asset_of_partner
    WHERE book = :book AND partner = :partner AND known_from <= :known
)

SELECT
    asset.book, asset.asset_type, asset.asset_id,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.owner, span.detail, span.asset_name,
    span.known_from, span.known_to
FROM held
CROSS JOIN asset
CROSS JOIN ownership AS span
WHERE held.asset = asset.id AND asset.id = span.asset
    AND span.known_from <= :known AND :known < span.known_to
ORDER BY asset.asset_type, asset.asset_id, span.valid_from, span.opened_by;

-- name: anomalies_of_partner
-- The entries without effect that concern a partner, as known at one entry.
SELECT anomaly.number, anomaly.why, anomaly.blocker
FROM (
    SELECT DISTINCT number FROM entry_of_partner
    WHERE book = :book AND partner = :partner AND known_from <= :known
) AS held
CROSS JOIN anomaly
WHERE anomaly.book = :book AND held.number = anomaly.number
    AND anomaly.known_from <= :known AND :known < anomaly.known_to
ORDER BY anomaly.number;

-- name: entries_of_asset_of_partner
-- The entries of one asset that concern a partner to whom the asset does, up to one entry; why, if
-- without effect. These are its ownership events, and the access events of the partner's lines.
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
    AND (
        fact.pair = 0
        OR fact.pair IN (SELECT pair.id FROM pair WHERE pair.book = :book AND pair.partner = :partner)
    )
ORDER BY fact.number;

-- name: entries_page_of_partner
-- Entries that concern a partner, after a number and up to another, in order.
SELECT entry.position, entry.number, entry.state
FROM (
    SELECT DISTINCT number FROM entry_of_partner
    WHERE book = :book AND partner = :partner AND known_from <= :known
        AND number > :after AND number <= :known
    ORDER BY number
    LIMIT :limit
) AS held
CROSS JOIN entry
WHERE entry.book = :book AND held.number = entry.number
ORDER BY entry.number;
