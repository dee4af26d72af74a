"""Keeping a ledger in order: migrate, doctor, backup, rebuild."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

from bootstrap import clock
from bootstrap.roles import grant_roles
from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from cli.failures import Exit, Failed
from cli.options import opened, require_ledger
from evidence.errors import VerificationError
from ledger.database import Database
from ledger.keyring import KeysMissing, KeysUnreadable
from ledger.migrate import migrate as apply_migrations
from ledger.migrate import pending
from ledger.self_check import last_check
from ledger.sqlite import SQLiteDatabase
from ledger.store_errors import FileUnusable, StoreError, StoreUnavailable
from projections.projector import Progress, ReadModelStale

CLOCK_TOLERANCE = timedelta(minutes=5)
"""PostgreSQL refuses appends whose clock is further off."""


def migrate() -> int:
    """Create or update the tables, and in PostgreSQL the roles with least rights."""
    database = open_database(Settings())
    try:
        applied = apply_migrations(database, all_migrations(database))
        rights = grant_roles(database) if database.dialect == "postgresql" else ""
    finally:
        database.close()
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print(f"nothing to apply: the database at {database.where} is up to date")
    if rights:
        print(rights)
    return Exit.OK


def rebuild() -> int:
    """Make the read model anew from the entries; no answer changes by it."""
    with opened() as (_, services):
        taken = services.projector.rebuild()
    print(f"rebuilt from {taken} entries")
    return Exit.OK


def backup(path: Path, /) -> int:
    """Copy an SQLite ledger to a file, while it is in use. The key file is copied by itself."""
    settings = Settings()
    database = open_database(settings)
    try:
        if not isinstance(database, SQLiteDatabase):
            raise Failed(
                "the ledger is in PostgreSQL, which brings its own tool: pg_dump, as in "
                "docs/operations.md"
            )
        require_ledger(settings)
        size = database.copy_to(path)
    except FileExistsError:
        raise Failed(f"{path} is there already; a backup never writes over another file") from None
    finally:
        database.close()
    print(f"{path}: {size} bytes; keep it with the key file and the newest checkpoint, elsewhere")
    return Exit.OK


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at."""

    what: str
    found: str
    sound: bool = True


def doctor() -> int:
    """Look at the database, its schema, the read model and the clocks; 1 if something is wrong."""
    wrong, settings = 0, Settings()
    require_ledger(settings)
    with open_services(settings, check_schema=False) as services:
        for finding in examine(services):
            print(f"{'ok' if finding.sound else 'WRONG':5}  {finding.what}: {finding.found}")
            sys.stdout.flush()
            wrong += not finding.sound
    problems = "1 thing is" if wrong == 1 else f"{wrong} things are"
    print(f"{problems} wrong" if wrong else "all in order")
    return Exit.FAILED if wrong else Exit.OK


def examine(services: Services) -> Iterator[Finding]:
    """What there is to see, in order. Raises StoreError where nothing answers."""
    database = services.database
    try:
        missing = pending(database, all_migrations(database))
    except (StoreUnavailable, FileUnusable):
        raise
    except StoreError as error:
        yield Finding("schema", str(error), sound=False)
        return
    yield Finding("database", f"{database.dialect} at {database.where} answers")
    yield _clock_difference(database)
    if database.dialect == "sqlite":
        yield _integrity(database)
    if missing:
        names = ", ".join(migration.name for migration in missing)
        yield Finding("schema", f"not applied: {names}; run: access-ledger migrate", sound=False)
        return
    yield Finding("schema", "migrated")
    progress = services.projector.progress()
    yield Finding("entries", f"newest position {progress.newest}")
    yield _read_model(progress)
    yield from _log(services)
    books = services.books.books()
    yield Finding("books", f"{len(books)}, with {sum(books.values())} entries")


def _read_model(progress: Progress) -> Finding:
    try:
        lag = progress.lag
    except ReadModelStale as error:
        return Finding("read model", str(error), sound=False)
    behind = f"{lag} positions behind; the next read or the worker takes them in"
    return Finding("read model", behind if lag else "up to date")


def _log(services: Services) -> Iterator[Finding]:
    """The signed log, and what its last check found."""
    try:
        newest = services.log.newest_checkpoint()
        services.log.require_sound()
    except (KeysMissing, KeysUnreadable, VerificationError) as error:
        yield Finding("log", str(error), sound=False)
    else:
        over = f"{newest.checkpoint.size} entries" if newest else "nothing yet"
        yield Finding("log", f"the newest checkpoint is over {over}")
    check = last_check(services.database)
    if check is None:
        yield Finding("log check", "never; run: access-ledger verify")
    elif check.problem:
        yield Finding("log check", f"at {check.checked_at}: {check.problem}", sound=False)
    else:
        yield Finding("log check", f"at {check.checked_at}: all {check.entries} entries as sealed")


def _clock_difference(database: Database) -> Finding:
    if database.dialect == "sqlite":
        return Finding("clock", "this machine's own, as there is no other")
    before = clock.now()
    with database.reading() as connection:
        row = connection.execute("SELECT clock_timestamp() AS moment").fetchone()
    difference = row["moment"].astimezone(UTC) - (before + (clock.now() - before) / 2)
    seconds = difference.total_seconds()
    if abs(difference) <= CLOCK_TOLERANCE:
        return Finding("clock", f"{seconds:+.3f} s between the database's and this machine's")
    advice = "appends are refused; set the clocks (NTP)"
    return Finding("clock", f"{seconds:+.0f} s from the database's: {advice}", sound=False)


def _integrity(database: Database) -> Finding:
    with database.reading() as connection:
        problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
    if problems == ["ok"]:
        return Finding("integrity", "quick_check finds nothing")
    advice = "restore a backup, or export what can be read"
    return Finding("integrity", f"{'; '.join(problems)}; {advice}", sound=False)
