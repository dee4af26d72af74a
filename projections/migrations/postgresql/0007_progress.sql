-- How far the read model has come: the newest position of the ledger, the position up to which entries
-- were taken in, and whether the entry that was taken in there is the one that is there now.
CREATE VIEW progress AS
SELECT
    (SELECT COALESCE(MAX(entry.position), 0) FROM entry) AS newest,
    projection.position AS projected,
    COALESCE(
        (
            SELECT entry.state = projection.last_entry
            FROM entry
            WHERE entry.position = projection.position
        ),
        projection.position = 0
    ) AS fits
FROM projection
WHERE projection.name = 'windows';
