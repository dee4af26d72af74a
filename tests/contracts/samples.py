"""Entries and facts for the contracts: plain ones, as many as are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from eventsourcing.persistence import StoredEvent

from domain.entry import Entry, subjects
from domain.events import PartnerAdded
from domain.facts import Fact, parse_fact
from ledger.database import Database
from ledger.stored_bytes import to_stored

BOOK = "10001"
EFFECTIVE_AT = datetime(2026, 1, 1, tzinfo=UTC)
RECORDED_AT = datetime(2026, 6, 1, tzinfo=UTC)


def adding(nth: int, *, book: str = BOOK, id: str | None = None) -> Fact:
    """The fact that a book's owner added its n-th partner."""
    return parse_fact(
        {
            "fact": "partner-added",
            "id": id or f"added-{nth}",
            "owner": book,
            "partner": str(900_000 + nth),
            "effective_at": "2026-01-01T00:00:00Z",
        }
    )


def stored(number: int, *, book: str = BOOK, id: str | None = None) -> StoredEvent:
    """An entry as the store keeps it: the owner added a partner."""
    event = PartnerAdded(
        id=id or f"added-{number}",
        owner=book,
        partner=str(900_000 + number),
        effective_at=EFFECTIVE_AT,
    )
    return to_stored(
        Entry(
            book=book,
            number=number,
            recorded_at=RECORDED_AT + timedelta(microseconds=number),
            recorded_by="tests",
            event=event,
            touches=dict.fromkeys(subjects(event), 0),
        )
    )


@dataclass(frozen=True)
class Row:
    """An entry as the database holds it."""

    position: int
    book: str
    number: int
    state: bytes


def rows(database: Database) -> list[Row]:
    """Every entry of the ledger, in one statement, by position."""
    statement = "SELECT position, book, number, state FROM entry ORDER BY position"
    with database.reading() as connection:
        found: Iterator[Any] = connection.execute(statement)
        return [Row(r["position"], r["book"], r["number"], bytes(r["state"])) for r in found]
