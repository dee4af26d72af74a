"""Pages of a long list: an opaque cursor keeps the whole walk on one instant of both clocks."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import orjson

from domain.instants import from_microseconds
from projections.moments import NOW, AsOf, BadQuestion, Moment

Item = TypeVar("Item")

MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a walk stands: which list, at which moment, after how many items."""

    kind: str
    book: str
    at: int
    known: int
    offset: int

    def encode(self) -> str:
        """The text that a caller hands back; it never expires."""
        fields = orjson.dumps([self.kind, self.book, self.at, self.known, self.offset])
        return base64.urlsafe_b64encode(fields).decode().rstrip("=")

    @staticmethod
    def decode(text: str, *, kind: str, book: str) -> "Cursor":
        """Raises BadQuestion for what is not a cursor of this list of this book."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            cursor = Cursor(*orjson.loads(base64.urlsafe_b64decode(padded)))
            numbers = (cursor.at, cursor.known, cursor.offset)
            sound = all(type(number) is int and abs(number) < 2**62 for number in numbers)
            sound = sound and cursor.known >= 0 and cursor.offset >= 0
            from_microseconds(cursor.at)
        except (ValueError, TypeError, OverflowError, binascii.Error) as error:
            raise BadQuestion(_NOT_A_CURSOR) from error
        if not sound or (cursor.kind, cursor.book) != (kind, book):
            raise BadQuestion(_NOT_A_CURSOR)
        return cursor

    @property
    def as_of(self) -> AsOf:
        """The moments of the walk."""
        return AsOf(at=from_microseconds(self.at), known_at=self.known)


_NOT_A_CURSOR = (
    "the cursor is not one of this list; use next_cursor of the page before as it came, "
    "or leave it out to begin anew"
)


def check_limit(limit: int | None) -> None:
    """Raise BadQuestion for a page size that cannot be."""
    if limit is not None and not 1 <= limit <= MAX_PAGE:
        raise BadQuestion(f"limit {limit} is not possible; give 1 to {MAX_PAGE}")


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a list of a book: after how many items it stands, how many a page holds."""

    kind: str
    book: str
    offset: int
    limit: int | None

    def page(self, items: Sequence[Item], moment: Moment) -> tuple[tuple[Item, ...], str | None]:
        """The items of this page, and the cursor of the next one if there is any."""
        if self.limit is None:
            return tuple(items[self.offset :]), None
        end = self.offset + self.limit
        more = end < len(items)
        return tuple(items[self.offset : end]), self.cursor(moment, end) if more else None

    def cursor(self, moment: Moment, offset: int) -> str:
        """The cursor from which the walk goes on."""
        return Cursor(self.kind, self.book, moment.at, moment.known, offset).encode()


def walk_from(
    cursor: str | None, kind: str, book: str, as_of: AsOf, limit: int | None
) -> tuple[Walk, AsOf]:
    """Where a walk through a list stands, and its moments. Raises BadQuestion."""
    if cursor is None:
        return Walk(kind, book, 0, limit), as_of
    if as_of != NOW:
        raise BadQuestion(
            "a cursor holds the moments of its walk; leave at and known_at out beside it"
        )
    decoded = Cursor.decode(cursor, kind=kind, book=book)
    return Walk(kind, book, decoded.offset, limit), decoded.as_of
