"""The access log: each book is told what concerns it, and nothing that was noted changes."""

import sqlite3
from contextlib import closing
from itertools import pairwise

import psycopg
import pytest

from bootstrap.services import Services
from bootstrap.settings import Settings
from keys.access_log import EVERY_BOOK, NO_BOOK
from keys.key import NewKey, Role

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
    found: list[str] = []
    before: int | None = None
    while page := services.access_log.listed(BOOK, before=before, limit=3):
        found += [record.detail for record in page]
        before = page[-1].number
    assert found == [f"/{nth}" for nth in reversed(range(7))]
    numbers = [record.number for record in services.access_log.listed(None)]
    assert all(later > earlier for later, earlier in pairwise(numbers))


def test_a_detail_without_end_is_cut(services: Services) -> None:
    services.access_log.note(None, "asked", BOOK, "x" * 100_000)
    assert len(services.access_log.listed(BOOK)[0].detail) == 2_000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_record SET detail = 'x'",
        "UPDATE access_record SET number = 9 WHERE number = 1",
        "DELETE FROM access_record",
        "DELETE FROM access_record WHERE number = 1",
        "TRUNCATE access_record",
        "TRUNCATE access_record RESTART IDENTITY CASCADE",
        "INSERT OR REPLACE INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x')",
        "REPLACE INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x')",
        (
            "INSERT INTO access_record VALUES (1, 0, NULL, 'x', NULL, 'x', '', 'x') "
            "ON CONFLICT (number) DO UPDATE SET detail = 'x'"
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
