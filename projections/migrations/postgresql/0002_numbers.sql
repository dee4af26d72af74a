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
    book TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    PRIMARY KEY (book, recorded_at)
);

-- An asset or a pair of a book, under a number that the other tables know it by.
CREATE TABLE asset (
    id BIGINT PRIMARY KEY,
    book TEXT COLLATE "C" NOT NULL,
    asset_type TEXT COLLATE "C" NOT NULL,
    asset_id TEXT COLLATE "C" NOT NULL,
    UNIQUE (book, asset_type, asset_id)
);

CREATE TABLE pair (
    id BIGINT PRIMARY KEY,
    book TEXT COLLATE "C" NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    UNIQUE (book, partner, owner)
);

-- Which entries speak of which asset and pair, 0 where it is of none. A void speaks of what its
-- target speaks of.
CREATE TABLE fact (
    asset BIGINT NOT NULL,
    pair BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (asset, pair, number)
);

-- The assets on which a pair has access events.
CREATE TABLE line (
    pair BIGINT NOT NULL,
    asset BIGINT NOT NULL,
    PRIMARY KEY (pair, asset)
);

CREATE TABLE access_window (
    asset BIGINT NOT NULL,
    pair BIGINT NOT NULL,
    valid_from_earliest BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to_earliest BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    opened_by BIGINT NOT NULL,
    closed_by BIGINT NOT NULL,
    cause TEXT,
    tasks TEXT NOT NULL,
    level TEXT NOT NULL,
    planned_end TEXT,
    partner_name TEXT,
    asset_name TEXT,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (asset, pair, opened_by, known_from)
);

CREATE INDEX access_window_of_pair ON access_window (pair, known_to, valid_to);

CREATE TABLE ownership (
    asset BIGINT NOT NULL,
    valid_from_earliest BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to_earliest BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    opened_by BIGINT NOT NULL,
    closed_by BIGINT NOT NULL,
    cause TEXT,
    owner TEXT COLLATE "C",
    detail TEXT NOT NULL,
    asset_name TEXT,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (asset, opened_by, known_from)
);

CREATE TABLE episode (
    pair BIGINT NOT NULL,
    valid_from_earliest BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to_earliest BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    opened_by BIGINT NOT NULL,
    closed_by BIGINT NOT NULL,
    cause TEXT,
    partner_name TEXT,
    removed_by TEXT,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (pair, opened_by, known_from)
);

-- Entries without effect, and why.
CREATE TABLE anomaly (
    book TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    why TEXT NOT NULL,
    blocker BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (book, number, known_from)
);
