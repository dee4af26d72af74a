-- The idempotency keys that accepted appends were sent with, each written in the transaction of its
-- append, so that neither is ever there without the other.
CREATE TABLE idempotency_key (
    book text NOT NULL,
    caller text NOT NULL,
    key text NOT NULL,
    digest text NOT NULL,
    result text NOT NULL,
    PRIMARY KEY (book, caller, key)
);

CREATE FUNCTION refuse_idempotency_key_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'idempotency keys are immutable: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER idempotency_key_refuse_change
BEFORE UPDATE OR DELETE ON idempotency_key
FOR EACH ROW EXECUTE FUNCTION refuse_idempotency_key_change();

CREATE TRIGGER idempotency_key_refuse_truncate
BEFORE TRUNCATE ON idempotency_key
FOR EACH STATEMENT EXECUTE FUNCTION refuse_idempotency_key_change();
