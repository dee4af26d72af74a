-- Each book numbers its own access records from 1, so that no gap tells one tenant of another. What
-- was the number is the position among all records, which is shown to nobody; old records keep their
-- order. The triggers are taken away while the old records are numbered, and then stand as before.
DROP TRIGGER access_record_refuse_update;
DROP TRIGGER access_record_refuse_delete;
DROP TRIGGER access_record_refuse_replace;
DROP INDEX access_record_of_book;

ALTER TABLE access_record RENAME COLUMN number TO position;
ALTER TABLE access_record ADD COLUMN number INTEGER NOT NULL DEFAULT 0 CHECK (number >= 0);

UPDATE access_record
SET number = numbered.number
FROM (
    SELECT
        position,
        ROW_NUMBER() OVER (PARTITION BY book ORDER BY position) AS number
    FROM access_record
) AS numbered
WHERE numbered.position = access_record.position;

CREATE UNIQUE INDEX access_record_of_book ON access_record (book, number);

CREATE TRIGGER access_record_refuse_update
BEFORE UPDATE ON access_record
BEGIN
    SELECT RAISE(ABORT, 'access records are immutable: one cannot be updated');
END;

CREATE TRIGGER access_record_refuse_delete
BEFORE DELETE ON access_record
BEGIN
    SELECT RAISE(ABORT, 'access records are immutable: one cannot be deleted');
END;

-- INSERT OR REPLACE deletes without firing delete triggers.
CREATE TRIGGER access_record_refuse_replace
BEFORE INSERT ON access_record
BEGIN
    SELECT RAISE(ABORT, 'access records are immutable: the position or the number is taken')
    WHERE EXISTS (SELECT 1 FROM access_record WHERE position = NEW.position)
       OR EXISTS (
           SELECT 1 FROM access_record WHERE book = NEW.book AND number = NEW.number
       );
END;
