-- Keys: what they may do, and the hashes of their secrets. Moments are microseconds since 1970.
CREATE TABLE api_key (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'recorder', 'reader', 'partner', 'auditor')),
    books text NOT NULL, -- a JSON array, sorted
    partner text CHECK ((partner IS NOT NULL) = (role = 'partner')),
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint
);

CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL;

CREATE TABLE api_key_secret (
    digest text COLLATE "C" PRIMARY KEY, -- SHA-256 of the secret, in hexadecimal
    key_id text COLLATE "C" NOT NULL REFERENCES api_key (id),
    ends_at bigint
);

CREATE INDEX api_key_secret_of_key ON api_key_secret (key_id);

-- The access log: who looked at what, and what became of keys. A book of '*' is every book, one of
-- '' is none.
CREATE TABLE access_record (
    number bigserial PRIMARY KEY,
    recorded_at bigint NOT NULL,
    key_id text,
    key_name text NOT NULL,
    role text,
    action text NOT NULL,
    book text COLLATE "C" NOT NULL,
    detail text NOT NULL
);

CREATE INDEX access_record_of_book ON access_record (book, number);

CREATE FUNCTION refuse_access_record_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'access records are immutable: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER access_record_refuse_change
BEFORE UPDATE OR DELETE ON access_record
FOR EACH ROW EXECUTE FUNCTION refuse_access_record_change();

CREATE TRIGGER access_record_refuse_truncate
BEFORE TRUNCATE ON access_record
FOR EACH STATEMENT EXECUTE FUNCTION refuse_access_record_change();
