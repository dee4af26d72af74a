-- The rows of beliefs with the names of what they speak of. CROSS JOIN keeps SQLite to the order that
-- is written: from what is asked about to its windows. PostgreSQL plans it like any join.

CREATE VIEW window_on_asset AS
SELECT
    asset.book, asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name,
    held.known_from, held.known_to
FROM asset
CROSS JOIN access_window AS held
CROSS JOIN pair
WHERE asset.id = held.asset AND held.pair = pair.id;

CREATE VIEW window_of_pair AS
SELECT
    pair.book, asset.asset_type, asset.asset_id, pair.partner, pair.owner,
    held.valid_from_earliest, held.valid_from, held.valid_to_earliest, held.valid_to,
    held.opened_by, held.closed_by, held.cause,
    held.tasks, held.level, held.planned_end, held.partner_name, held.asset_name,
    held.known_from, held.known_to
FROM pair
CROSS JOIN access_window AS held
CROSS JOIN asset
WHERE pair.id = held.pair AND held.asset = asset.id;

CREATE VIEW ownership_of_asset AS
SELECT
    asset.book, asset.asset_type, asset.asset_id,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.owner, span.detail, span.asset_name,
    span.known_from, span.known_to
FROM asset
CROSS JOIN ownership AS span
WHERE asset.id = span.asset;

CREATE VIEW episode_of_pair AS
SELECT
    pair.book, pair.partner, pair.owner,
    span.valid_from_earliest, span.valid_from, span.valid_to_earliest, span.valid_to,
    span.opened_by, span.closed_by, span.cause, span.partner_name, span.removed_by,
    span.known_from, span.known_to
FROM pair
CROSS JOIN episode AS span
WHERE pair.id = span.pair;
