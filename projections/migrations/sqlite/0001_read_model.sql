-- The read model: what every entry comes to, for every instant on both clocks. Disposable: deleting
-- these rows loses nothing, rebuild makes them anew.
-- Moments are microseconds since 1970 in UTC; 4611686018427387904 stands for what has not ended.
-- known_from and known_to are entry numbers of the book: a row is believed from one to the other.

CREATE TABLE projection (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO projection (name, position) VALUES ('windows', 0);

-- One row for each append of a book: where it ended, and when it was recorded.
CREATE TABLE book_append (
    book TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (book, last_number)
) WITHOUT ROWID;

CREATE INDEX book_append_recorded_at ON book_append (book, recorded_at);

-- One row for each entry: its subjects and its place in the fold. A void has those of its target.
CREATE TABLE fact (
    book TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT,
    partner TEXT,
    asset_type TEXT,
    asset_id TEXT,
    effective INTEGER NOT NULL,
    earliest INTEGER NOT NULL,
    place INTEGER NOT NULL,
    target INTEGER,
    terms TEXT NOT NULL,
    PRIMARY KEY (book, number)
) WITHOUT ROWID;

CREATE INDEX fact_of_pair ON fact (book, partner, owner, asset_type, asset_id, number);
CREATE INDEX fact_of_asset ON fact (book, asset_type, asset_id, number);

CREATE TABLE access_window (
    book TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    partner TEXT NOT NULL,
    owner TEXT NOT NULL,
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
    PRIMARY KEY (book, asset_type, asset_id, partner, valid_from, opened_by, known_from)
) WITHOUT ROWID;

CREATE INDEX access_window_of_partner ON access_window (book, partner, valid_to);
CREATE INDEX access_window_believed ON access_window (book, valid_to, valid_from_earliest)
WHERE known_to = 4611686018427387904;
CREATE INDEX access_window_superseded ON access_window (book, known_to)
WHERE known_to < 4611686018427387904;

CREATE TABLE ownership (
    book TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    asset_id TEXT NOT NULL,
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
    PRIMARY KEY (book, asset_type, asset_id, opened_by, known_from)
) WITHOUT ROWID;

CREATE TABLE episode (
    book TEXT NOT NULL,
    partner TEXT NOT NULL,
    owner TEXT NOT NULL,
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
    PRIMARY KEY (book, partner, owner, opened_by, known_from)
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
