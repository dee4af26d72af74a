-- Each book numbers its own access records from 1, so that no gap tells one tenant of another. What
-- was the number is the position among all records, which is shown to nobody; old records keep their
-- order. The triggers rest while the old records are numbered.
ALTER TABLE access_record DISABLE TRIGGER USER;
DROP INDEX access_record_of_book;

ALTER TABLE access_record RENAME COLUMN number TO position;
ALTER TABLE access_record ADD COLUMN number bigint;

UPDATE access_record
SET number = numbered.number
FROM (
    SELECT
        position,
        ROW_NUMBER() OVER (PARTITION BY book ORDER BY position) AS number
    FROM access_record
) AS numbered
WHERE numbered.position = access_record.position;

ALTER TABLE access_record ALTER COLUMN number SET NOT NULL;
ALTER TABLE access_record ENABLE TRIGGER USER;

CREATE UNIQUE INDEX access_record_of_book ON access_record (book, number);
