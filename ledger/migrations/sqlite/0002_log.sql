-- The Merkle log over all entries, in the order of their positions.
-- Hashes of complete subtrees side by side at one level, 256 to a row: those of levels 0, 8, 16 ...
-- are the tiles that are served. They can be made anew from the entries; checkpoints cannot.
CREATE TABLE log_hashes (
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    digests BLOB NOT NULL,
    PRIMARY KEY (level, tile)
);

-- Leaves are numbered 0, 1, 2 ... without gaps; from each of these on, positions follow one another.
CREATE TABLE log_run (
    first_leaf INTEGER PRIMARY KEY,
    first_position INTEGER NOT NULL UNIQUE
);

-- How far the log has come.
CREATE TABLE log_state (
    name TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    position INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO log_state (name, size, position) VALUES ('log', 0, 0);

-- The last self-check: when it ended, over how many entries, and what it found.
CREATE TABLE log_check (
    name TEXT PRIMARY KEY,
    checked_at TEXT NOT NULL,
    entries INTEGER NOT NULL,
    problem TEXT
);

CREATE TABLE log_checkpoint (
    nth INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    signed_at TEXT NOT NULL
);

CREATE TRIGGER log_checkpoint_refuse_update
BEFORE UPDATE ON log_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoints are immutable: one cannot be updated');
END;

CREATE TRIGGER log_checkpoint_refuse_delete
BEFORE DELETE ON log_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoints are immutable: one cannot be deleted');
END;

CREATE TRIGGER log_checkpoint_refuse_replace
BEFORE INSERT ON log_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoints are immutable: the number is taken')
    WHERE EXISTS (SELECT 1 FROM log_checkpoint WHERE nth = NEW.nth);
END;
