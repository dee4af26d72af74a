-- The Merkle log over all entries, in the order of their positions.
-- Hashes of complete subtrees side by side at one level, 256 to a row: those of levels 0, 8, 16 ...
-- are the tiles that are served. They can be made anew from the entries; checkpoints cannot.
CREATE TABLE log_hashes (
    level bigint NOT NULL,
    tile bigint NOT NULL,
    digests bytea NOT NULL,
    PRIMARY KEY (level, tile)
);

-- Leaves are numbered 0, 1, 2 ... without gaps; from each of these on, positions follow one another.
CREATE TABLE log_run (
    first_leaf bigint PRIMARY KEY,
    first_position bigint NOT NULL UNIQUE
);

-- How far the log has come.
CREATE TABLE log_state (
    name text PRIMARY KEY,
    size bigint NOT NULL,
    position bigint NOT NULL
);

INSERT INTO log_state (name, size, position) VALUES ('log', 0, 0);

-- The last self-check: when it ended, over how many entries, and what it found.
CREATE TABLE log_check (
    name text PRIMARY KEY,
    checked_at text NOT NULL,
    entries bigint NOT NULL,
    problem text
);

CREATE TABLE log_checkpoint (
    nth bigint PRIMARY KEY,
    size bigint NOT NULL,
    note bytea NOT NULL,
    signed_at text NOT NULL
);

CREATE FUNCTION refuse_checkpoint_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'checkpoints are immutable: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER log_checkpoint_refuse_change
BEFORE UPDATE OR DELETE ON log_checkpoint
FOR EACH ROW EXECUTE FUNCTION refuse_checkpoint_change();

CREATE TRIGGER log_checkpoint_refuse_truncate
BEFORE TRUNCATE ON log_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION refuse_checkpoint_change();
