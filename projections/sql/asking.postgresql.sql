-- name: who_had_access
-- Windows on one asset that are or may be open at one moment, as known at one entry. Asked most often,
-- and most of its time would go into columns that no answer shows or that are the same in each row,
-- and into putting a few rows in order.
SELECT
    partner, owner,
    valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
    tasks, level, planned_end, partner_name, asset_name
FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND valid_from_earliest <= :at AND :at < valid_to
    AND known_from <= :known AND :known < known_to;
