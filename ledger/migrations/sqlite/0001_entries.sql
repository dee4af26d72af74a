-- The store of entries: the table that the eventsourcing library reads, guarded against change.
-- Positions are rowids. Rows are never deleted, so they stay 1, 2, 3 ..., also through VACUUM.
CREATE TABLE stored_events (
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);

CREATE UNIQUE INDEX stored_events_fact_id
ON stored_events (originator_id, json_extract(CAST(state AS TEXT), '$.event.id'));

CREATE VIEW entry AS
SELECT
    rowid AS position,
    originator_id AS book,
    originator_version AS number,
    topic,
    state,
    json_extract(CAST(state AS TEXT), '$.event.id') AS fact_id
FROM stored_events;

CREATE TRIGGER stored_events_refuse_update
BEFORE UPDATE ON stored_events
BEGIN
    SELECT RAISE(ABORT, 'entries are immutable: an entry cannot be updated');
END;

CREATE TRIGGER stored_events_refuse_delete
BEFORE DELETE ON stored_events
BEGIN
    SELECT RAISE(ABORT, 'entries are immutable: an entry cannot be deleted');
END;

-- INSERT OR REPLACE deletes without firing delete triggers, so a row that would displace another
-- is refused before it is inserted. The number must follow, so no entry can be missing.
CREATE TRIGGER stored_events_refuse_replace
BEFORE INSERT ON stored_events
BEGIN
    SELECT RAISE(ABORT, 'entries are immutable: the number is taken, or does not follow')
    WHERE NEW.originator_version <> 1 + (
        SELECT COALESCE(MAX(originator_version), 0)
        FROM stored_events
        WHERE originator_id = NEW.originator_id
    );
    SELECT RAISE(ABORT, 'entries are immutable: the fact id is taken')
    WHERE EXISTS (
        SELECT 1 FROM stored_events
        WHERE originator_id = NEW.originator_id
            AND json_extract(CAST(state AS TEXT), '$.event.id')
            = json_extract(CAST(NEW.state AS TEXT), '$.event.id')
    );
    SELECT RAISE(ABORT, 'entries are immutable: the position is taken')
    WHERE EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid);
END;
