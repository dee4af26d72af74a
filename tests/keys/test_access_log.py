"""The access log: each book is told what concerns it, and nothing that was noted changes."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from keys.access_log import EVERY_BOOK, NEWEST, NO_BOOK, Place
from keys.key import NewKey, Role
from ledger.migrate import migrate

BOOK, OTHER, PARTNER = "506914307656634", "600000000000001", "563920174410288"


def test_changes_of_keys_are_told_to_the_books_that_they_reach(services: Services) -> None:
    """And to each of them of itself alone; those of auditors to all, of admins to none."""
    admin, _ = services.keys.create(NewKey(name="boss", role=Role.ADMIN))
    both = NewKey(name="both", role=Role.READER, books=frozenset({BOOK, OTHER}))
    services.keys.create(both, by=admin)
    one = NewKey(name="one", role=Role.PARTNER, books=frozenset({BOOK}), partner=PARTNER)
    services.keys.create(one, by=admin)
    services.keys.create(NewKey(name="audit", role=Role.AUDITOR), by=admin)
    services.keys.rotate("one", by=admin)
    services.keys.revoke("both")
    told = {
        book: [(r.name, r.action, r.detail.split(" ", 1)[1]) for r in listed]
        for book in (BOOK, OTHER, None)
        for listed in [services.access_log.listed(book)]
    }
    assert told[BOOK] == [
        ("cli", "key-revoked", "both, reader"),
        ("boss", "key-rotated", f"one, partner {PARTNER}"),
        ("boss", "key-created", "audit, auditor"),
        ("boss", "key-created", f"one, partner {PARTNER}"),
        ("boss", "key-created", "both, reader"),
    ]
    assert told[OTHER] == [told[BOOK][0], told[BOOK][2], told[BOOK][4]]
    assert told[None][-1] == ("cli", "key-created", "boss, admin")
    assert len(told[None]) == 8
    assert BOOK not in str(services.access_log.listed(OTHER))


def test_pages_follow_one_another_from_the_newest_to_the_oldest(services: Services) -> None:
    for nth in range(7):
        services.access_log.note(None, "asked", BOOK if nth % 2 else EVERY_BOOK, f"/{nth}")
        services.access_log.note(None, "asked", OTHER if nth % 2 else NO_BOOK, f"/not-{nth}")
    for book, wanted in ((BOOK, [f"/{nth}" for nth in reversed(range(7))]), (None, 14)):
        found: list[str] = []
        before: Place | None = NEWEST
        while before:
            page, before = services.access_log.page(book, before=before, limit=3)
            found += [record.detail for record in page]
        assert wanted in (found, len(set(found)))


def test_each_book_has_numbers_of_its_own_without_a_gap(services: Services) -> None:
    """However much is noted of others meanwhile; what concerns all has numbers of its own too."""
    for nth in range(5):
        services.access_log.note(None, "asked", BOOK, f"/{nth}")
        for _ in range(nth):
            services.access_log.note(None, "asked", OTHER, "/other")
            services.access_log.note(None, "asked", NO_BOOK, "/none")
    services.access_log.note(None, "asked", EVERY_BOOK, "/all")
    numbers = [(r.book, r.number) for r in services.access_log.listed(BOOK)]
    assert numbers == [(None, 1), *((BOOK, number) for number in (5, 4, 3, 2, 1))]


def test_of_many_who_note_at_once_each_gets_a_number(
    settings: Settings, services: Services
) -> None:
    """Two processes, and threads in each; some change keys of both books in one transaction."""
    with open_services(settings) as second, ThreadPoolExecutor(8) as pool:

        def note(nth: int) -> None:
            by = (services, second)[nth % 2]
            if nth % 5:
                by.access_log.note(None, "asked", (BOOK, OTHER)[nth % 3 == 0], "/")
            else:
                books = frozenset({BOOK, OTHER})
                by.keys.create(NewKey(name=f"k{nth}", role=Role.READER, books=books))

        list(pool.map(note, range(60)))
    for book in (BOOK, OTHER):
        numbers = [record.number for record in services.access_log.listed(book)]
        assert numbers == list(range(len(numbers), 0, -1))
        assert len(numbers) > 20


def test_records_from_before_books_had_numbers_keep_their_order(empty_settings: Settings) -> None:
    """The migration numbers them, and they stay as unchangeable as they were."""
    database = open_database(empty_settings)
    all_of_them = all_migrations(database)
    migrate(database, [step for step in all_of_them if "access_numbers" not in step.name])
    order = [BOOK, OTHER, EVERY_BOOK, BOOK, NO_BOOK, OTHER, BOOK]
    with database.writing() as connection:
        for nth, book in enumerate(order):
            connection.execute(
                "INSERT INTO access_record (recorded_at, key_name, action, book, detail) "
                f"VALUES ({nth}, 'cli', 'asked', '{book}', '/{nth}')"
            )
    assert migrate(database, all_of_them) == ["keys/0002_access_numbers"]
    database.close()
    with open_services(empty_settings) as services:
        services.access_log.note(None, "asked", BOOK, "/7")
        told = [(r.number, r.detail) for r in services.access_log.listed(BOOK)]
        assert told == [(4, "/7"), (3, "/6"), (2, "/3"), (1, "/2"), (1, "/0")]
        whole = [record.detail for record in services.access_log.listed(None)]
        assert whole == [f"/{nth}" for nth in reversed(range(8))]
        refused = pytest.raises(Exception, match="access records are immutable")
        with refused, services.database.writing() as connection:
            connection.execute("UPDATE access_record SET number = 9")


def test_a_detail_without_end_is_cut(services: Services) -> None:
    services.access_log.note(None, "asked", BOOK, "x" * 100_000)
    assert len(services.access_log.listed(BOOK)[0].detail) == 2_000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_record SET detail = 'x'",
        "UPDATE access_record SET number = 9 WHERE position = 1",
        "UPDATE access_record SET position = 9 WHERE position = 1",
        "DELETE FROM access_record",
        "DELETE FROM access_record WHERE position = 1",
        "TRUNCATE access_record",
        "TRUNCATE access_record RESTART IDENTITY CASCADE",
        "INSERT OR REPLACE INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x', 9)",
        (
            "INSERT OR REPLACE INTO access_record "
            f"VALUES (99, 0, NULL, 'x', NULL, 'x', '{BOOK}', 'x', 1)"
        ),
        "REPLACE INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x', 9)",
        (
            "INSERT INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x', 9) "
            "ON CONFLICT (position) DO UPDATE SET detail = 'x'"
        ),
    ],
)
def test_what_was_noted_cannot_be_changed(
    services: Services, settings: Settings, statement: str
) -> None:
    """Tried on a connection of its own, as the tables' owner."""
    for nth in range(3):
        services.access_log.note(None, "asked", BOOK, f"/{nth}")
    before = services.access_log.listed(None)
    message = "access records are immutable"
    if settings.database_url:
        if "REPLACE" in statement:
            message = "syntax error"
        with (
            psycopg.connect(settings.database_url, autocommit=True) as owner,
            pytest.raises(psycopg.Error, match=message),
        ):
            owner.execute(statement.encode())
    else:
        message = "syntax error" if "TRUNCATE" in statement else message
        with (
            closing(sqlite3.connect(settings.file, isolation_level=None)) as file,
            pytest.raises(sqlite3.Error, match=message),
        ):
            file.execute(statement)
    assert services.access_log.listed(None) == before


def test_a_key_change_that_fails_leaves_no_record(services: Services) -> None:
    """Both are one transaction."""
    services.keys.create(NewKey(name="boss", role=Role.ADMIN))
    before = services.access_log.listed(None)
    with pytest.raises(Exception, match="taken"):
        services.keys.create(NewKey(name="boss", role=Role.ADMIN))
    assert services.access_log.listed(None) == before
    assert len(services.keys.listed()) == 1
