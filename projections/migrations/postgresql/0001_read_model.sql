-- The read model: what every entry comes to, for every instant on both clocks. Disposable: deleting
-- these rows loses nothing, rebuild makes them anew.
-- Moments are microseconds since 1970 in UTC; 4611686018427387904 stands for what has not ended.
-- known_from and known_to are entry numbers of the book: a row is believed from one to the other.

CREATE TABLE projection (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

INSERT INTO projection (name, position) VALUES ('windows', 0);

-- One row for each append of a book: where it ended, and when it was recorded.
CREATE TABLE book_append (
    book TEXT COLLATE "C" NOT NULL,
    last_number BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (book, last_number)
);

CREATE INDEX book_append_recorded_at ON book_append (book, recorded_at);

-- One row for each entry: its subjects and its place in the fold. A void has those of its target.
CREATE TABLE fact (
    book TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT COLLATE "C",
    partner TEXT COLLATE "C",
    asset_type TEXT COLLATE "C",
    asset_id TEXT COLLATE "C",
    effective BIGINT NOT NULL,
    earliest BIGINT NOT NULL,
    place BIGINT NOT NULL,
    target BIGINT,
    terms TEXT NOT NULL,
    PRIMARY KEY (book, number)
);

CREATE INDEX fact_of_pair ON fact (book, partner, owner, asset_type, asset_id, number);
CREATE INDEX fact_of_asset ON fact (book, asset_type, asset_id, number);

CREATE TABLE access_window (
    book TEXT COLLATE "C" NOT NULL,
    asset_type TEXT COLLATE "C" NOT NULL,
    asset_id TEXT COLLATE "C" NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
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
    PRIMARY KEY (book, asset_type, asset_id, partner, valid_from, opened_by, known_from)
);

CREATE INDEX access_window_of_partner ON access_window (book, partner, valid_to);
CREATE INDEX access_window_believed ON access_window (book, valid_to, valid_from_earliest)
WHERE known_to = 4611686018427387904;
CREATE INDEX access_window_superseded ON access_window (book, known_to)
WHERE known_to < 4611686018427387904;

CREATE TABLE ownership (
    book TEXT COLLATE "C" NOT NULL,
    asset_type TEXT COLLATE "C" NOT NULL,
    asset_id TEXT COLLATE "C" NOT NULL,
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
    PRIMARY KEY (book, asset_type, asset_id, opened_by, known_from)
);

CREATE TABLE episode (
    book TEXT COLLATE "C" NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
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
    PRIMARY KEY (book, partner, owner, opened_by, known_from)
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
