-- The idempotency keys that accepted appends were sent with, each written in the transaction of its
-- append, so that neither is ever there without the other.
CREATE TABLE idempotency_key (
    book TEXT NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (book, caller, key)
) WITHOUT ROWID;

CREATE TRIGGER idempotency_key_refuse_update
BEFORE UPDATE ON idempotency_key
BEGIN
    SELECT RAISE(ABORT, 'idempotency keys are immutable: one cannot be updated');
END;

CREATE TRIGGER idempotency_key_refuse_delete
BEFORE DELETE ON idempotency_key
BEGIN
    SELECT RAISE(ABORT, 'idempotency keys are immutable: one cannot be deleted');
END;

CREATE TRIGGER idempotency_key_refuse_replace
BEFORE INSERT ON idempotency_key
BEGIN
    SELECT RAISE(ABORT, 'idempotency keys are immutable: the key is taken')
    WHERE EXISTS (
        SELECT 1 FROM idempotency_key
        WHERE book = NEW.book AND caller = NEW.caller AND key = NEW.key
    );
END;
