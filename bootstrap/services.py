"""Opening the services: the one function that names every concrete choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keys
import ledger
import projections
from bootstrap import clock
from bootstrap.settings import Settings
from keys.access_log import AccessLog
from keys.store import Keys
from ledger.book import Books, Clock, Write
from ledger.database import Database
from ledger.log import Log
from ledger.migrate import Migration, migrate, migrations_in, require_migrated
from ledger.sqlite import SQLiteDatabase
from projections.packing import Packer
from projections.projector import Projector
from projections.questions import Questions


@dataclass(frozen=True, slots=True)
class Services:
    """A ledger, opened: where facts go in, and where answers come from."""

    database: Database
    books: Books
    projector: Projector
    questions: Questions
    log: Log
    packer: Packer
    keys: Keys
    access_log: AccessLog


def open_database(settings: Settings, *, statement_seconds: float | None = None) -> Database:
    """The database that the settings name; nothing is checked or created yet."""
    if settings.database_url:
        from ledger.postgres import PostgresDatabase  # noqa: PLC0415 - SQLite needs no driver of it

        return PostgresDatabase(settings.database_url, statement_seconds)
    return SQLiteDatabase(settings.file)


def key_file(settings: Settings) -> Path | None:
    """Where the signing keys are: as set, or beside the file of an embedded ledger."""
    if settings.log_key_file or settings.database_url:
        return settings.log_key_file
    return settings.file.with_name(settings.file.name + ".key")


def all_migrations(database: Database) -> list[Migration]:
    """Every room's migrations for this database, the lower rooms first."""
    rooms = [Path(room.__file__ or "").parent for room in (ledger, projections, keys)]
    return [m for room in rooms for m in migrations_in(room, database.dialect)]


def ensure_schema(database: Database) -> None:
    """Migrate an SQLite file; require a PostgreSQL database to be migrated.

    Raises StoreError where the database does not answer or has another schema.
    """
    migrations = all_migrations(database)
    if database.dialect == "sqlite":
        migrate(database, migrations)
    else:
        require_migrated(database, migrations)


@contextmanager
def open_books(settings: Settings, *, of: int = 1, write: Write | None = None) -> Iterator[Books]:
    """The books of a ledger whose schema is in order, for one `of` several processes.

    Since books are of different sizes, these keep up to twice as much in memory as one would alone.
    """
    database = open_database(settings)
    kept_entries = min(settings.kept_entries, max(1, settings.kept_entries * 2 // of))
    try:
        yield Books(database, clock.now, kept_entries=kept_entries, write=write)
    finally:
        database.close()


@contextmanager
def open_services(
    settings: Settings,
    *,
    clock: Clock = clock.now,
    check_schema: bool = True,
    statement_seconds: float | None = None,
) -> Iterator[Services]:
    """The services on the database that the settings name, closed at the end.

    With `check_schema` off nothing touches the database before the first request, so that a server
    can start before its database and answer 503 meanwhile. PostgreSQL stops each statement that
    takes longer than `statement_seconds`.
    """
    database = open_database(settings, statement_seconds=statement_seconds)
    try:
        if check_schema:
            ensure_schema(database)
        books = Books(database, clock, kept_entries=settings.kept_entries)
        projector = Projector(database)
        questions = Questions(database, projector, clock)
        log = Log(database, clock, key_file(settings))
        yield Services(
            database=database,
            books=books,
            projector=projector,
            questions=questions,
            log=log,
            packer=Packer(database, books, projector, questions, log, clock),
            keys=Keys(database, clock),
            access_log=AccessLog(database, clock),
        )
    finally:
        database.close()
