"""Migrations: the schema is all of them, applied once each, whoever runs them and how often."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import pytest

from bootstrap.services import all_migrations, ensure_schema, open_database
from bootstrap.settings import Settings
from ledger.database import Database
from ledger.migrate import migrate, pending, require_migrated
from ledger.store_errors import AlteredMigration, NewerSchema, NotMigrated

PROCESSES = 4

SCHEMA = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    "postgresql": """
        SELECT 'column' AS type, table_name || '.' || column_name AS name,
            data_type || ' ' || is_nullable || ' ' || coalesce(collation_name, '')
            || ' ' || coalesce(column_default, '') AS sql
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function', proname, pg_get_functiondef(oid)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
        ORDER BY 1, 2, 3
    """,
}
COLUMNS = {
    "sqlite": """
        SELECT m.name AS "table", c.name AS "column"
        FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
        WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%'
    """,
    "postgresql": """
        SELECT table_name AS "table", column_name AS "column"
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
}


def _schema(database: Database) -> list[tuple[str, ...]]:
    with database.reading() as connection:
        rows = connection.execute(SCHEMA[database.dialect]).fetchall()
    return [(row["type"], row["name"], row["sql"]) for row in rows]


def _columns(database: Database) -> set[tuple[str, str]]:
    with database.reading() as connection:
        rows = connection.execute(COLUMNS[database.dialect]).fetchall()
    return {(row["table"], row["column"]) for row in rows}


def _migrate(settings: Settings) -> list[str]:
    """Migrate, from a process of its own."""
    database = open_database(settings)
    try:
        return migrate(database, all_migrations(database))
    finally:
        database.close()


@pytest.mark.parametrize(
    ("settings", "empty_settings"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql")],
    indirect=True,
)
def test_the_schema_equals_all_migrations(database: Database, empty: Database) -> None:
    """One by one or all at once: the schema is what the files say and nothing else."""
    migrations = all_migrations(empty)
    for number in range(1, len(migrations) + 1):
        assert migrate(empty, migrations[:number]) == [migrations[number - 1].name]
    assert _schema(empty) == _schema(database)
    assert pending(empty, migrations) == []


def test_sqlite_and_postgresql_have_the_same_tables(
    sqlite_database: Database, postgres_database: Database
) -> None:
    """The same tables and columns, but for the position: a column there, the rowid here."""
    position = {("stored_events", "notification_id")}
    assert _columns(postgres_database) - position == _columns(sqlite_database)


def test_running_twice_applies_nothing_again(empty: Database) -> None:
    """The second run has nothing to do and says so."""
    migrations = all_migrations(empty)
    assert migrate(empty, migrations) == [migration.name for migration in migrations]
    before = _schema(empty)
    assert migrate(empty, migrations) == []
    assert _schema(empty) == before


def test_several_processes_at_once_apply_each_migration_once(empty_settings: Settings) -> None:
    """One migrates, the others wait and find it done."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        applied = [
            name for names in pool.map(_migrate, [empty_settings] * PROCESSES) for name in names
        ]
    database = open_database(empty_settings)
    assert applied == [migration.name for migration in all_migrations(database)]
    require_migrated(database, all_migrations(database))
    database.close()


def test_a_failing_migration_leaves_nothing(empty: Database) -> None:
    """All or nothing: the statements before the broken one are taken back."""
    first, *rest = all_migrations(empty)
    broken = replace(
        first, name="ledger/0002_broken", sql="CREATE TABLE half (x integer);\nNONSENSE;\n"
    )
    before = _schema(empty)
    with pytest.raises(Exception, match="syntax error"):
        migrate(empty, [first, broken, *rest])
    assert _schema(empty) == before
    assert migrate(empty, [first, *rest]) == [migration.name for migration in (first, *rest)]


def test_an_altered_migration_is_named(database: Database) -> None:
    """A file that was edited after it was applied is refused, by migrate too."""
    first, *rest = all_migrations(database)
    altered = [replace(first, sql=first.sql + "-- one word more\n"), *rest]
    message = (
        f"the database at {database.where} was migrated with another text of ledger/0001_entries; "
        "a migration is never edited: restore the file, and write a new migration"
    )
    for check in (migrate, require_migrated):
        with pytest.raises(AlteredMigration) as raised:
            check(database, altered)
        assert str(raised.value) == message


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    """A version that does not know a migration does not guess what it did."""
    *known, newest = all_migrations(database)
    with pytest.raises(NewerSchema) as raised:
        require_migrated(database, known)
    assert str(raised.value) == (
        f"the database at {database.where} has {newest.name}, which this version does not know; "
        "use the version that migrated it, or a newer one"
    )
    with pytest.raises(NewerSchema):
        migrate(database, known)


def test_not_migrated_says_what_to_run(empty: Database) -> None:
    """The message names what is missing and the command that applies it."""
    names = ", ".join(migration.name for migration in all_migrations(empty))
    with pytest.raises(NotMigrated) as raised:
        require_migrated(empty, all_migrations(empty))
    assert str(raised.value) == (
        f"the database at {empty.where} is not migrated: {names} not applied; "
        "run: access-ledger migrate"
    )


def test_sqlite_migrates_itself_and_postgresql_does_not(empty: Database) -> None:
    """A file is one person's; a shared database is migrated when somebody says so."""
    migrations: list[Any] = all_migrations(empty)
    if empty.dialect == "sqlite":
        ensure_schema(empty)
        assert pending(empty, migrations) == []
    else:
        with pytest.raises(NotMigrated):
            ensure_schema(empty)
        assert pending(empty, migrations) == migrations
