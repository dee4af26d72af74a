"""The access log: who looked at what, and what became of keys. It is only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.instants import from_microseconds, to_microseconds
from keys.answers import AccessRecord
from keys.key import Key
from ledger.book import Clock
from ledger.database import Database, load_sql

EVERY_BOOK = "*"
"""In place of a book: what concerns all of them, so every owner sees it."""
NO_BOOK = ""
"""In place of a book: what concerns none of them, so only admins and auditors see it."""
TERMINAL = "cli"
"""Who did it where there was no key: somebody at the terminal."""
LONGEST_DETAIL = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk through a list stands: what is older comes next.

    In the list of a book `own` is the number of a record of its own and `shared` that of one about
    all books; in the list of the whole ledger `own` is a position.
    """

    own: int = 2**53
    shared: int = 2**53


NEWEST = Place()
"""Where a walk begins."""


class AccessLog:
    """The access log of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)

    def note(self, key: Key | None, action: str, book: str, detail: str) -> None:
        """Add a record; it is stored before this returns."""
        with self._database.writing() as connection:
            self.note_on(connection, key, action, book, detail)

    def note_on(
        self, connection: Any, key: Key | None, action: str, book: str, detail: str
    ) -> None:
        """Add a record within a transaction, so that it stands or falls with what it tells."""
        self._sql.take_access_turn(connection, book=book)
        self._sql.add_access_record(
            connection,
            recorded_at=to_microseconds(self._clock()),
            key_id=key.id if key else None,
            key_name=key.name if key else TERMINAL,
            role=key.role if key else None,
            action=action,
            book=book,
            detail=detail[:LONGEST_DETAIL],
        )

    def listed(
        self, book: str | None, *, before: Place = NEWEST, limit: int = 200
    ) -> list[AccessRecord]:
        """The records that concern a book, or all of them, the newest first."""
        return self.page(book, before=before, limit=limit)[0]

    def page(
        self, book: str | None, *, before: Place, limit: int
    ) -> tuple[list[AccessRecord], Place | None]:
        """The same, and where the walk goes on if it does."""
        asked = {"own_before": before.own, "shared_before": before.shared, "limit": limit + 1}
        with self._database.reading() as connection:
            if book is None:
                rows = list(self._sql.access_records(connection, **asked))
            else:
                rows = list(self._sql.access_records_of_book(connection, book=book, **asked))
        shown = rows[:limit]
        more = len(rows) > limit
        return [_record(row) for row in shown], _after(book, shown, before) if more else None


def _after(book: str | None, shown: Sequence[Any], before: Place) -> Place:
    """The place behind the records of a page."""
    if book is None:
        return Place(own=shown[-1]["position"])
    last = {row["book"] == EVERY_BOOK: row["number"] for row in shown}  # of each kind the oldest
    return Place(own=last.get(False, before.own), shared=last.get(True, before.shared))


def _record(row: Any) -> AccessRecord:
    return AccessRecord(
        number=row["number"],
        recorded_at=from_microseconds(row["recorded_at"]),
        key=row["key_id"],
        name=row["key_name"],
        role=row["role"],
        action=row["action"],
        book=row["book"] if row["book"] not in {EVERY_BOOK, NO_BOOK} else None,
        detail=row["detail"],
    )
