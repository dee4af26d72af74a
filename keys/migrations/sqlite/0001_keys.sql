-- Keys: what they may do, and the hashes of their secrets. Moments are microseconds since 1970.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'recorder', 'reader', 'partner', 'auditor')),
    books TEXT NOT NULL, -- a JSON array, sorted
    partner TEXT CHECK ((partner IS NOT NULL) = (role = 'partner')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) WITHOUT ROWID;

CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL;

CREATE TABLE api_key_secret (
    digest TEXT PRIMARY KEY, -- SHA-256 of the secret, in hexadecimal
    key_id TEXT NOT NULL REFERENCES api_key (id),
    ends_at INTEGER
) WITHOUT ROWID;

CREATE INDEX api_key_secret_of_key ON api_key_secret (key_id);

-- The access log: who looked at what, and what became of keys. A book of '*' is every book, one of
-- '' is none. Rows are never deleted, so numbers are 1, 2, 3 ...
CREATE TABLE access_record (
    number INTEGER PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    key_id TEXT,
    key_name TEXT NOT NULL,
    role TEXT,
    action TEXT NOT NULL,
    book TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE INDEX access_record_of_book ON access_record (book, number);

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
    SELECT RAISE(ABORT, 'access records are immutable: the number is taken')
    WHERE EXISTS (SELECT 1 FROM access_record WHERE number = NEW.number);
END;
