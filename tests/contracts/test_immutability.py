"""The databases themselves refuse to change an entry, whoever asks: tried as the table's owner."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from bootstrap.settings import Settings
from ledger.database import Database
from tests.contracts.samples import Row, rows, stored

ENTRIES = 3
INSERT = "INTO stored_events (originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?)"
INSERT_AT = (
    "INTO stored_events (rowid, originator_id, originator_version, topic, state) "
    "VALUES (?, ?, ?, ?, ?)"
)


@pytest.fixture
def before(database: Database) -> list[Row]:
    """Three entries, and what they are before somebody tries to change them."""
    entries = [stored(number) for number in range(1, ENTRIES + 1)]
    database.recorder.append(entries, clock=datetime.now(UTC))
    return rows(database)


@contextmanager
def _owner(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection of its own, as the user who made the tables."""
    assert settings.database_url
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield connection


@contextmanager
def _file(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The file, opened by somebody who has nothing to do with this program."""
    with closing(sqlite3.connect(settings.file, isolation_level=None)) as connection:
        yield connection


def _try(settings: Settings, statement: str) -> str:
    """What the database says to a statement without parameters, which it must refuse."""
    if settings.database_url:
        with _owner(settings) as owner, pytest.raises(psycopg.Error) as refused:
            owner.execute(statement.encode())
        return str(refused.value).splitlines()[0]
    with _file(settings) as file, pytest.raises(sqlite3.Error) as failed:
        file.execute(statement)
    return str(failed.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET state = state",
        "UPDATE stored_events SET topic = 'access-granted/v1' WHERE originator_version = 1",
        "UPDATE stored_events SET originator_version = 9 WHERE originator_version = 3",
        "DELETE FROM stored_events",
        "DELETE FROM stored_events WHERE originator_version = 3",
    ],
)
def test_update_and_delete_are_refused(
    settings: Settings, database: Database, before: list[Row], statement: str
) -> None:
    """No row is changed and none is taken away."""
    assert _try(settings, statement).startswith("entries are immutable: ")
    assert rows(database) == before


def test_the_view_of_entries_is_no_way_in(
    settings: Settings, database: Database, before: list[Row]
) -> None:
    """What reads entries cannot change them."""
    _try(settings, "UPDATE entry SET topic = 'x'")
    _try(settings, "DELETE FROM entry")
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", ["", " RESTART IDENTITY", " CASCADE"])
def test_truncate_is_refused(
    settings: Settings, database: Database, before: list[Row], how: str
) -> None:
    """TRUNCATE passes by the triggers of rows, so it has one of its own."""
    message = "entries are immutable: TRUNCATE of stored_events is refused"
    assert _try(settings, "TRUNCATE stored_events" + how) == message
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.parametrize("target", ["originator_id, originator_version", "notification_id"])
def test_on_conflict_do_update_is_refused_by_postgresql(
    settings: Settings, database: Database, before: list[Row], target: str
) -> None:
    """An upsert is an update."""
    with _owner(settings) as owner, pytest.raises(psycopg.IntegrityError, match="immutable"):
        owner.execute(
            "INSERT INTO stored_events "
            "SELECT originator_id, originator_version, topic, state, notification_id "
            "FROM stored_events "
            f"ON CONFLICT ({target}) DO UPDATE SET topic = 'x'".encode()
        )
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_merge_is_refused_by_postgresql(
    settings: Settings, database: Database, before: list[Row]
) -> None:
    """Nor is MERGE a way around."""
    with _owner(settings) as owner, pytest.raises(psycopg.IntegrityError, match="immutable"):
        owner.execute(
            "MERGE INTO stored_events USING (SELECT 1) AS one ON TRUE "
            "WHEN MATCHED THEN UPDATE SET topic = 'x'"
        )
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
@pytest.mark.parametrize(
    ("number", "id", "message"),
    [
        (2, "new", "the number is taken, or does not follow"),
        (9, "new", "the number is taken, or does not follow"),
        (4, "added-2", "the fact id is taken"),
    ],
)
def test_insert_or_replace_is_refused_by_sqlite(
    settings: Settings,
    database: Database,
    before: list[Row],
    verb: str,
    number: int,
    id: str,
    message: str,
) -> None:
    """REPLACE deletes without firing triggers on delete: by key, and by the id of a fact."""
    new = stored(number, id=id)
    with _file(settings) as file, pytest.raises(sqlite3.IntegrityError) as refused:
        file.execute(f"{verb} {INSERT}", (new.originator_id, number, new.topic, new.state))
    assert str(refused.value) == f"entries are immutable: {message}"
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("book", ["10001", "20002"])
def test_insert_or_replace_by_rowid_is_refused_by_sqlite(
    settings: Settings, database: Database, before: list[Row], book: str
) -> None:
    """A new row cannot take the position of an entry, from whichever book."""
    number = ENTRIES + 1 if book == before[0].book else 1
    new = stored(number, book=book, id="new")
    values = (2, book, number, new.topic, new.state)
    with _file(settings) as file, pytest.raises(sqlite3.IntegrityError) as refused:
        file.execute(f"INSERT OR REPLACE {INSERT_AT}", values)
    assert str(refused.value) == "entries are immutable: the position is taken"
    assert rows(database) == before


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target", ["", "(originator_id, originator_version)"])
def test_on_conflict_do_update_is_refused_by_sqlite(
    settings: Settings, database: Database, before: list[Row], target: str
) -> None:
    """An upsert fires the trigger of the insert, or that of the update."""
    old = stored(2)
    upsert = f"INSERT {INSERT} ON CONFLICT {target} DO UPDATE SET topic = 'x'"
    with _file(settings) as file, pytest.raises(sqlite3.IntegrityError, match="immutable"):
        file.execute(upsert, (old.originator_id, 2, old.topic, old.state))
    assert rows(database) == before


def test_vacuum_keeps_positions(settings: Settings, database: Database, before: list[Row]) -> None:
    """Positions outlive a VACUUM, also those of SQLite, which are rowids."""
    if settings.database_url:
        with _owner(settings) as owner:
            owner.execute("VACUUM FULL stored_events")
    else:
        with _file(settings) as file:
            file.execute("VACUUM")
    database.recorder.append([stored(ENTRIES + 1)], clock=datetime.now(UTC))
    after = rows(database)
    assert after[:-1] == before
    assert after[-1].position == before[-1].position + 1


def test_a_taken_id_in_another_book_is_free(database: Database, before: list[Row]) -> None:
    """The guards know books apart: an id and a number are taken in one book only."""
    database.recorder.append([stored(1, book="20002", id="added-1")], clock=datetime.now(UTC))
    assert len(rows(database)) == len(before) + 1
