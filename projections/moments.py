"""The moments that a question names: one instant or a period, and a state of knowledge."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.instants import (
    Microseconds,
    format_instant,
    from_microseconds,
    to_microseconds,
)
from projections.answers import KnownAt
from projections.current import require_current
from projections.placing import moment, take

During = tuple[datetime, datetime]
"""A half-open period [from, to)."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """Both clocks of a question. What is None takes its default.

    `at` defaults to now, never before the newest recorded time; `known_at`, an instant or an entry
    number of the book, to the newest entry.
    """

    at: datetime | None = None
    known_at: datetime | int | None = None


NOW = AsOf()


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks of a question, resolved, beside the newest state of knowledge."""

    at: datetime
    known_at: KnownAt
    newest: KnownAt
    now: datetime

    @property
    def is_newest(self) -> bool:
        """Whether everything that is known today is known in the answer."""
        return self.known_at.entry == self.newest.entry


class UnknownBook(Exception):
    """A book that holds no entry."""

    def __init__(self, book: str) -> None:
        super().__init__(
            f"this ledger holds no book {book}; check the portfolio id, or record its first fact"
        )


class UnknownPartner(Exception):
    """A partner that does not exist for whoever asks, recorded or not."""

    def __init__(self, book: str, partner: str) -> None:
        super().__init__(
            f"there is no partner {partner} here in book {book}; "
            "a key of a partner asks about that partner alone"
        )


class BadQuestion(Exception):
    """A question that cannot be asked like this."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Both clocks of a question, resolved."""

    at: Microseconds
    known: int
    """The end of an append of the book, 0 before its first."""
    recorded_at: Microseconds | None

    @property
    def at_instant(self) -> datetime:
        """The effective time of the answer."""
        return from_microseconds(self.at)

    def named(self, book: str) -> dict[str, Any]:
        """What every answer names."""
        return {"book": book, "at": self.at_instant, "known_at": self.known_at}

    @property
    def known_at(self) -> KnownAt:
        """The state of knowledge of the answer."""
        recorded_at = None if self.recorded_at is None else from_microseconds(self.recorded_at)
        return KnownAt(entry=self.known, recorded_at=recorded_at)


def resolve(
    sql: Any, connection: Any, book: str, as_of: AsOf, now: datetime, *, current: bool
) -> Moment:
    """The moments that a question means for a book. Raises UnknownBook and BadQuestion.

    Where the read model must be `current`, also Behind.

    No half-applied append is ever visible: a number inside an append stands for the end of the one
    before it.
    """
    newest = sql.newest_append(connection, book=book)
    if current:
        require_current(newest)
    if newest["last_number"] is None:
        raise UnknownBook(book)
    found = newest
    if as_of.known_at == newest["last_number"]:
        pass
    elif isinstance(as_of.known_at, int):
        if not 0 <= as_of.known_at <= newest["last_number"]:
            raise BadQuestion(
                f"known_at {as_of.known_at} is not an entry of book {book}, whose newest entry is "
                f"{newest['last_number']}; give a number from 0 to that, or an instant"
            )
        found = _append_by_number(sql, connection, book, as_of.known_at)
    elif as_of.known_at is not None:
        found = sql.append_by_moment(connection, book=book, moment=to_microseconds(as_of.known_at))
    at = as_of.at or max(now, from_microseconds(newest["recorded_at"]))
    return Moment(
        to_microseconds(at),
        found["last_number"] if found else 0,
        found["recorded_at"] if found else None,
    )


def _append_by_number(sql: Any, connection: Any, book: str, number: int) -> Any:
    """The newest append of a book that had ended at an entry number, None before the first."""
    if number == 0:
        return None
    state = sql.stored_entry(connection, book=book, number=number)["state"]
    recorded_at = moment(take(book, number, state).recorded_at)
    found = sql.append_by_moment(connection, book=book, moment=recorded_at)
    if found["last_number"] == number:
        return found
    return sql.append_before(connection, book=book, moment=recorded_at)


def check_period(since: datetime, until: datetime) -> None:
    """Raise BadQuestion unless the period runs forward."""
    if since >= until:
        raise BadQuestion(
            f"the period from {format_instant(since)} to {format_instant(until)} is empty; "
            "give the earlier moment first"
        )


def bounds(moment: Moment, during: During | None) -> tuple[Microseconds, Microseconds]:
    """The period of a question; that of an instant is a microsecond long."""
    if during:
        return to_microseconds(during[0]), to_microseconds(during[1])
    return moment.at, moment.at + 1
