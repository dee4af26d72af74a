"""The access log: who looked at what, and what became of keys. It is only ever added to."""

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
        self, book: str | None, *, before: int | None = None, limit: int = 200
    ) -> list[AccessRecord]:
        """The records that concern a book, or all of them, the newest first."""
        asked = {"older_than": 2**62 if before is None else before, "limit": limit}
        with self._database.reading() as connection:
            if book is None:
                rows = list(self._sql.access_records(connection, **asked))
            else:
                rows = list(self._sql.access_records_of_book(connection, book=book, **asked))
        return [_record(row) for row in rows]


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
