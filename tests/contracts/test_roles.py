"""The roles of PostgreSQL: each does its work, and is refused everything else by the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bootstrap.clock import now
from bootstrap.roles import ROLES, grant_roles
from bootstrap.services import Services, open_database, open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role
from ledger.database import Database
from ledger.self_check import check_and_note
from ledger.store_errors import StoreForbids
from tests.contracts.samples import BOOK, Row, adding, rows

FORBIDDEN_TO_ALL = [
    "UPDATE stored_events SET topic = 'x'",
    "DELETE FROM stored_events",
    "TRUNCATE stored_events",
    "LOCK TABLE stored_events IN EXCLUSIVE MODE",
    "INSERT INTO stored_events SELECT * FROM stored_events "
    "ON CONFLICT (notification_id) DO UPDATE SET topic = 'x'",
    "UPDATE entry SET topic = 'x'",
    "ALTER TABLE stored_events DISABLE TRIGGER ALL",
    "DROP TRIGGER stored_events_refuse_change ON stored_events",
    "DROP TRIGGER stored_events_refuse_truncate ON stored_events",
    "ALTER TABLE stored_events DROP COLUMN state",
    "DROP TABLE stored_events",
    "CREATE RULE nothing AS ON INSERT TO stored_events DO INSTEAD NOTHING",
    "CREATE TRIGGER mine BEFORE INSERT ON stored_events "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RETURN NULL; END; $$",
    "DROP FUNCTION append_entries",
    "SET session_replication_role = replica",
    "SELECT setval('stored_events_notification_id_seq', 1)",
    "UPDATE log_checkpoint SET note = ''",
    "DELETE FROM log_checkpoint",
    "TRUNCATE log_checkpoint",
    "CREATE TABLE mine (id bigint)",
    "CREATE SCHEMA mine",
    "UPDATE schema_migration SET checksum = ''",
    "DELETE FROM schema_migration",
    "DELETE FROM projection",
    "UPDATE idempotency_key SET digest = ''",
    "DELETE FROM idempotency_key",
    "UPDATE access_record SET detail = ''",
    "DELETE FROM access_record",
    "TRUNCATE access_record",
    "DELETE FROM api_key",
    "UPDATE api_key SET role = 'admin'",
    "UPDATE api_key SET books = '[]'",
    "UPDATE api_key_secret SET key_id = 'key_1'",
    "CREATE ROLE another",
]
FORBIDDEN = {
    "access_ledger_api": [
        "DELETE FROM access_window",
        "DELETE FROM log_hashes",
        "DELETE FROM log_run",
        "INSERT INTO log_state VALUES ('mine', 0, 0)",
        "TRUNCATE access_window",
    ],
    "access_ledger_worker": [
        "SELECT * FROM api_key_secret",
        "INSERT INTO access_record SELECT * FROM access_record",
        "INSERT INTO stored_events VALUES ('10001', 9, 'partner-added/v1', '{}')",
        "SELECT append_entries(now(), '{10001}', '{9}', '{partner-added/v1}', '{\"{}\"}')",
        "TRUNCATE access_window",
    ],
    "access_ledger_reader": [
        "SELECT * FROM api_key_secret",
        "INSERT INTO stored_events VALUES ('10001', 9, 'partner-added/v1', '{}')",
        "UPDATE projection SET position = 0",
        "UPDATE access_window SET known_to = 0",
        "INSERT INTO log_checkpoint VALUES (9, 0, '', '')",
        "SELECT * FROM log_state FOR UPDATE",
    ],
}


@pytest.fixture
def granted(postgres_database: Database) -> Database:
    """A database whose roles have their rights, and that holds an entry."""
    assert grant_roles(postgres_database).startswith("roles with their rights: access_ledger_api")
    return postgres_database


@pytest.fixture
def before(granted: Database, postgres_settings: Settings) -> list[Row]:
    """One entry, sealed and read."""
    with open_services(postgres_settings) as services:
        services.books.handle(BOOK, [adding(0)], recorded_by="tests")
        services.log.seal()
        services.projector.catch_up()
    return rows(granted)


@contextmanager
def _login(settings: Settings, role: str) -> Iterator[Settings]:
    """A login that has one of the roles and nothing else."""
    assert settings.database_url
    user = f"login_{role}"
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {user}".encode())
        owner.execute(f"CREATE ROLE {user} LOGIN IN ROLE {role}".encode())
        try:
            url = psycopg.conninfo.make_conninfo(settings.database_url, user=user)
            yield settings.model_copy(update={"database_url": url})
        finally:
            owner.execute(f"DROP ROLE {user}".encode())


@contextmanager
def _opened_as(settings: Settings, role: str) -> Iterator[Services]:
    with _login(settings, role) as login, open_services(login) as services:
        yield services


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_is_not_for_is_refused(
    postgres_settings: Settings, granted: Database, before: list[Row], role: str
) -> None:
    """By the lack of a right, whatever triggers there are."""
    with _login(postgres_settings, role) as login:
        assert login.database_url
        with psycopg.connect(login.database_url) as connection:
            for statement in FORBIDDEN_TO_ALL + FORBIDDEN[role]:
                with pytest.raises(psycopg.Error) as refused:
                    connection.execute(statement.encode())
                connection.rollback()
                assert isinstance(refused.value, psycopg.errors.InsufficientPrivilege), statement
    assert rows(granted) == before


def test_the_api_records_answers_seals_and_checks(
    postgres_settings: Settings, before: list[Row]
) -> None:
    """The main path of the API, as its role."""
    with _opened_as(postgres_settings, "access_ledger_api") as services:
        receipt = services.books.handle(BOOK, [adding(1), adding(2)], recorded_by="api")
        assert [taken.status for taken in receipt.facts] == ["written", "written"]
        again = services.books.handle(BOOK, [adding(1)], recorded_by="api")
        assert again.facts[0].status == "already"
        assert len(services.questions.partners(BOOK).episodes) == len(before) + 2
        assert services.log.seal().checkpoint.size == len(before) + 2
        key, secret = services.keys.create(
            NewKey(name="erp", role=Role.RECORDER, books=frozenset({BOOK}), partner=None)
        )
        assert services.keys.authenticate(secret).id == key.id
        _, renewed = services.keys.rotate(key.id)
        assert services.keys.authenticate(renewed).id == key.id
        services.keys.revoke(key.id)
        assert check_and_note(services.log, services.database, now).entries == len(before) + 2
        with pytest.raises(StoreForbids, match="does not let its user do this"):
            services.projector.rebuild()
        assert len(services.questions.partners(BOOK).episodes) == len(before) + 2


def test_the_worker_catches_up_checks_and_makes_anew(
    postgres_settings: Settings, before: list[Row]
) -> None:
    """All that is made from entries, and no entry."""
    with open_services(postgres_settings) as services:
        services.books.handle(BOOK, [adding(1)], recorded_by="tests")
    with _opened_as(postgres_settings, "access_ledger_worker") as services:
        assert services.projector.catch_up() == 1
        assert check_and_note(services.log, services.database, now).entries == len(before) + 1
        assert services.projector.rebuild() == len(before) + 1
        assert services.log.rebuild() == len(before) + 1
        with pytest.raises(StoreForbids, match="permission denied for table stored_events"):
            services.books.handle(BOOK, [adding(2)], recorded_by="worker")


def test_the_reader_reads_what_is_there(postgres_settings: Settings, before: list[Row]) -> None:
    """Answers from a current read model; what is newer it cannot take in, and says so."""
    with _opened_as(postgres_settings, "access_ledger_reader") as services:
        assert len(services.questions.partners(BOOK).episodes) == len(before)
        with open_services(postgres_settings) as others:
            others.books.handle(BOOK, [adding(1)], recorded_by="tests")
        with pytest.raises(StoreForbids, match="permission denied for table projection"):
            services.questions.partners(BOOK)


def test_every_table_is_known_to_the_roles(granted: Database) -> None:
    """What a later migration adds needs a decision: the reader reads all but what is of keys."""
    with granted.reading() as connection:
        unknown = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'v') "
            "AND NOT has_table_privilege('access_ledger_reader', oid, 'SELECT')"
        ).fetchall()
    of_keys = ["access_record", "api_key", "api_key_secret", "idempotency_key"]
    assert sorted(row["relname"] for row in unknown) == of_keys


def test_granting_again_changes_nothing(granted: Database) -> None:
    """And takes away what somebody gave beyond it."""
    with granted.writing() as connection:
        connection.execute("GRANT UPDATE ON stored_events TO access_ledger_api")
    grant_roles(granted)
    with granted.reading() as connection:
        row = connection.execute(
            "SELECT has_table_privilege('access_ledger_api', 'stored_events', 'UPDATE') AS may"
        ).fetchone()
    assert row["may"] is False


def test_who_may_not_create_roles_is_told_what_to_do(
    postgres_settings: Settings,
    granted: Database,  # noqa: ARG001 - so that they exist
) -> None:
    """The ledger still works, without the roles."""
    assert postgres_settings.database_url
    with psycopg.connect(postgres_settings.database_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE plain LOGIN")
        try:
            owner.execute("ALTER ROLE access_ledger_reader RENAME TO reader_elsewhere")
            url = psycopg.conninfo.make_conninfo(postgres_settings.database_url, user="plain")
            database = open_database(Settings(database_url=url))
            try:
                said = grant_roles(database)
            finally:
                database.close()
        finally:
            owner.execute("ALTER ROLE reader_elsewhere RENAME TO access_ledger_reader")
            owner.execute("DROP ROLE plain")
    assert said == (
        "no rights were given: plain may not create the roles that are missing; have somebody "
        "who may run: CREATE ROLE access_ledger_reader NOLOGIN; and then access-ledger migrate "
        "once more. The ledger works without them, as plain"
    )
