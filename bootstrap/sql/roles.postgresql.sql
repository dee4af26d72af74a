-- name: existing_roles
-- Which of the group roles the cluster has.
SELECT rolname AS name
FROM pg_roles
WHERE rolname IN ('access_ledger_api', 'access_ledger_worker', 'access_ledger_reader');

-- name: may_create_roles^
-- Whether the current user may create roles, and who that is.
SELECT rolname AS name, rolsuper OR rolcreaterole AS may
FROM pg_roles
WHERE rolname = current_user;

-- name: create_api_role#
CREATE ROLE access_ledger_api NOLOGIN;

-- name: create_worker_role#
CREATE ROLE access_ledger_worker NOLOGIN;

-- name: create_reader_role#
CREATE ROLE access_ledger_reader NOLOGIN;

-- name: grant_rights#
-- Each role has what it needs and nothing else: taken away first, then given anew, in one
-- transaction. Nobody is given UPDATE, DELETE or TRUNCATE on entries or checkpoints. An append needs
-- no lock on the table, since append_entries takes an advisory one.
REVOKE ALL ON
stored_events, entry, log_hashes, log_run, log_state, log_check, log_checkpoint,
projection, book_append, asset, pair, fact, line, access_window, ownership, episode, anomaly,
window_on_asset, window_of_pair, ownership_of_asset, episode_of_pair, progress,
asset_of_partner, entry_of_partner, schema_migration,
idempotency_key, api_key, api_key_secret, access_record
FROM access_ledger_api, access_ledger_worker, access_ledger_reader;

GRANT SELECT ON
stored_events, entry, log_hashes, log_run, log_state, log_check, log_checkpoint,
projection, book_append, asset, pair, fact, line, access_window, ownership, episode, anomaly,
window_on_asset, window_of_pair, ownership_of_asset, episode_of_pair, progress,
asset_of_partner, entry_of_partner, schema_migration
TO access_ledger_api, access_ledger_worker, access_ledger_reader;

-- Appending.
GRANT INSERT ON stored_events TO access_ledger_api;
GRANT USAGE ON SEQUENCE stored_events_notification_id_seq TO access_ledger_api;

GRANT SELECT, INSERT ON idempotency_key TO access_ledger_api;

-- Knocking: only the API looks keys up, makes and ends them, and writes down who looked. What a key
-- opens never changes.
GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON api_key TO access_ledger_api;
GRANT SELECT, INSERT, UPDATE (ends_at), DELETE ON api_key_secret TO access_ledger_api;
GRANT SELECT, INSERT ON access_record TO access_ledger_api;
GRANT USAGE ON SEQUENCE access_record_number_seq TO access_ledger_api;

-- Sealing: the tree grows, a row of hashes by being replaced by a longer one.
GRANT INSERT ON log_checkpoint, log_run TO access_ledger_api, access_ledger_worker;
GRANT INSERT, UPDATE ON log_hashes, log_check TO access_ledger_api, access_ledger_worker;
GRANT UPDATE ON log_state TO access_ledger_api, access_ledger_worker;

-- Catching up: beliefs are added, and superseded.
GRANT INSERT ON book_append, asset, pair, fact, line TO access_ledger_api, access_ledger_worker;
GRANT INSERT, UPDATE ON access_window, ownership, episode, anomaly
TO access_ledger_api, access_ledger_worker;
GRANT UPDATE ON projection TO access_ledger_api, access_ledger_worker;

-- Making anew what is made from the entries: rebuild, and log rebuild.
GRANT DELETE ON
log_hashes, log_run,
book_append, asset, pair, fact, line, access_window, ownership, episode, anomaly
TO access_ledger_worker;
GRANT INSERT ON log_state TO access_ledger_worker;
