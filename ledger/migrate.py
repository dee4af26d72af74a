"""Migrations: numbered SQL files, applied once each, in order, by one process at a time."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.database import Database
from ledger.store_errors import AlteredMigration, NewerSchema, NotMigrated

MIGRATION_LOCK = 4203118421


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a room's schema."""

    name: str
    """Room and file, such as ``ledger/0001_entries``."""
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, so that an edited migration is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_in(room: Path, dialect: str) -> list[Migration]:
    """The migrations of one room for one dialect, in order."""
    return [
        Migration(f"{room.name}/{path.stem}", path.read_text(encoding="utf-8"))
        for path in sorted((room / "migrations" / dialect).glob("*.sql"))
    ]


def pending(database: Database, migrations: list[Migration]) -> list[Migration]:
    """The migrations that are still to be applied.

    Raises NewerSchema where the database has one that is not known here, and AlteredMigration
    where one was applied with another text.
    """
    with database.reading() as connection:
        return _pending(database, connection, migrations)


def require_migrated(database: Database, migrations: list[Migration]) -> None:
    """Raise NotMigrated unless every migration is applied."""
    if missing := pending(database, migrations):
        raise NotMigrated(database.where, [migration.name for migration in missing])


def migrate(database: Database, migrations: list[Migration]) -> list[str]:
    """Apply what is pending, all or nothing; returns the names. Safe to run at once and again."""
    with database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration "
            "(name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TIMESTAMP NOT NULL)"
        )
        missing = _pending(database, connection, migrations)
        for migration in missing:
            for statement in _statements(database, migration.sql):
                connection.execute(statement)
            mark = "?" if database.dialect == "sqlite" else "%s"
            connection.execute(
                "INSERT INTO schema_migration (name, checksum, applied_at) "  # noqa: S608 - no input
                f"VALUES ({mark}, {mark}, CURRENT_TIMESTAMP)",
                (migration.name, migration.checksum),
            )
    return [migration.name for migration in missing]


def _pending(database: Database, connection: Any, migrations: list[Migration]) -> list[Migration]:
    if database.dialect == "sqlite":
        exists = "SELECT name FROM sqlite_master WHERE name = 'schema_migration'"
    else:
        exists = "SELECT to_regclass('schema_migration') AS name"
    row = connection.execute(exists).fetchone()
    if row is None or row["name"] is None:
        return migrations
    rows = connection.execute("SELECT name, checksum FROM schema_migration").fetchall()
    applied = {row["name"]: row["checksum"] for row in rows}
    if unknown := sorted(applied.keys() - {migration.name for migration in migrations}):
        raise NewerSchema(database.where, unknown)
    for migration in migrations:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise AlteredMigration(database.where, migration.name)
    return [migration for migration in migrations if migration.name not in applied]


def _statements(database: Database, sql: str) -> Iterator[str]:
    """The statements of a file; PostgreSQL takes them all at once."""
    if database.dialect == "postgresql":
        yield sql
        return
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
