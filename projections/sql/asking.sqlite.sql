-- name: who_had_access
-- Windows on one asset that are or may be open at one moment, as known at one entry. Asked most often:
-- no column that no answer shows or that is the same in each row, no order, and one text for all rows,
-- since SQLite hands over each value of a row by itself.
SELECT
    json_group_array(json_array(
        partner, owner,
        valid_from_earliest, valid_from, valid_to_earliest, valid_to, opened_by, closed_by, cause,
        tasks, level, planned_end, partner_name, asset_name
    )) AS packed
FROM window_on_asset
WHERE book = :book AND asset_type = :asset_type AND asset_id = :asset_id
    AND valid_from_earliest <= :at AND :at < valid_to
    AND known_from <= :known AND :known < known_to;
