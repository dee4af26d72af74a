-- The store of entries: the table that the eventsourcing library reads, guarded against change.
CREATE TABLE stored_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL CHECK (originator_version > 0),
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial,
    PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.01);

CREATE UNIQUE INDEX stored_events_notification_id_idx
ON stored_events (notification_id ASC);

-- convert_from is only stable because it depends on the encoding of the database, which is fixed.
-- The cost keeps the planner from reading rows to compute what the index below holds.
CREATE FUNCTION fact_id(state bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
AS $$ BEGIN RETURN convert_from(state, 'UTF8')::jsonb #>> '{event,id}'; END; $$;

CREATE UNIQUE INDEX stored_events_fact_id ON stored_events (originator_id, fact_id(state));

CREATE VIEW entry AS
SELECT
    notification_id AS position,
    originator_id AS book,
    originator_version AS number,
    topic,
    state,
    fact_id(state) AS fact_id
FROM stored_events;

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'entries are immutable: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER stored_events_refuse_change
BEFORE UPDATE OR DELETE ON stored_events
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER stored_events_refuse_truncate
BEFORE TRUNCATE ON stored_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The one way in: appends take turns, so positions follow the order of commits and a reader that
-- polls them misses nothing. The lock is held until the append is committed.
CREATE FUNCTION append_entries(
    clock timestamptz,
    books text [],
    numbers bigint [],
    topics text [],
    states bytea []
) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
DECLARE
    astray interval := clock_timestamp() - clock;
BEGIN
    IF astray > interval '5 minutes' OR astray < interval '-5 minutes' THEN
        RAISE EXCEPTION
            'the clock of the writer (%) is more than five minutes off the clock of the database (%)',
            clock, clock_timestamp()
            USING ERRCODE = 'AL001';
    END IF;
    PERFORM pg_advisory_xact_lock(4203118420);
    PERFORM pg_notify('access_ledger', '');
    RETURN QUERY
    INSERT INTO stored_events (originator_id, originator_version, topic, state)
    SELECT fresh.book, fresh.number, fresh.topic, fresh.state
    FROM unnest(books, numbers, topics, states)
        WITH ORDINALITY AS fresh (book, number, topic, state, nth)
    ORDER BY fresh.nth
    RETURNING notification_id;
END;
$$;
