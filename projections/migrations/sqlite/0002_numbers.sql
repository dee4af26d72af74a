-- The read model anew: assets and pairs are known by numbers, which makes rows and indexes small.
-- Nothing is lost: the next reader makes the rows again from the entries.
-- Moments are microseconds since 1970 in UTC; 4611686018427387904 stands for what has not ended.
-- known_from and known_to are entry numbers of the book: a row is believed from one to the other.

DROP TABLE book_append;
DROP TABLE fact;
DROP TABLE access_window;
DROP TABLE ownership;
DROP TABLE episode;
DROP TABLE anomaly;
UPDATE projection SET position = 0 WHERE name = 'windows';

-- One row for each append of a book: when it was recorded, and where it ended.
CREATE TABLE book_append (
    book TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (book, recorded_at)
) WITHOUT ROWID;

-- An asset or a pair of a book, under a number that the other tables know it by.
CREATE TABLE asset (
    id INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    UNIQUE (book, asset_type, asset_id)
);

CREATE TABLE pair (
    id INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    partner TEXT NOT NULL,
    owner TEXT NOT NULL,
    UNIQUE (book, partner, owner)
);

-- Which entries speak of which asset and pair, 0 where it is of none. A void speaks of what its
-- target speaks of.
CREATE TABLE fact (
    asset INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (asset, pair, number)
) WITHOUT ROWID;

-- The assets on which a pair has access events.
CREATE TABLE line (
    pair INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    PRIMARY KEY (pair, asset)
) WITHOUT ROWID;

CREATE TABLE access_window (
    asset INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    valid_from_earliest INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to_earliest INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    opened_by INTEGER NOT NULL,
    closed_by INTEGER NOT NULL,
    cause TEXT,
    tasks TEXT NOT NULL,
    level TEXT NOT NULL,
    planned_end TEXT,
    partner_name TEXT,
    asset_name TEXT,
    known_from INTEGER NOT NULL,
    known_to INTEGER NOT NULL,
    PRIMARY KEY (asset, pair, opened_by, known_from)
) WITHOUT ROWID;

CREATE INDEX access_window_of_pair ON access_window (pair, known_to, valid_to);

CREATE TABLE ownership (
    asset INTEGER NOT NULL,
    valid_from_earliest INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to_earliest INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    opened_by INTEGER NOT NULL,
    closed_by INTEGER NOT NULL,
    cause TEXT,
    owner TEXT,
    detail TEXT NOT NULL,
    asset_name TEXT,
    known_from INTEGER NOT NULL,
    known_to INTEGER NOT NULL,
    PRIMARY KEY (asset, opened_by, known_from)
) WITHOUT ROWID;

CREATE TABLE episode (
    pair INTEGER NOT NULL,
    valid_from_earliest INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to_earliest INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    opened_by INTEGER NOT NULL,
    closed_by INTEGER NOT NULL,
    cause TEXT,
    partner_name TEXT,
    removed_by TEXT,
    known_from INTEGER NOT NULL,
    known_to INTEGER NOT NULL,
    PRIMARY KEY (pair, opened_by, known_from)
) WITHOUT ROWID;

-- Entries without effect, and why.
CREATE TABLE anomaly (
    book TEXT NOT NULL,
    number INTEGER NOT NULL,
    why TEXT NOT NULL,
    blocker INTEGER NOT NULL,
    known_from INTEGER NOT NULL,
    known_to INTEGER NOT NULL,
    PRIMARY KEY (book, number, known_from)
) WITHOUT ROWID;
