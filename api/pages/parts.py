"""Long tables: what a page shows of one at first, and the way to the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request

MOST_ROWS = 100
ALL = {"rows": "all"}
"""What the address says where every row is wanted, for instance to print them."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """The rows that are shown, of how many there are."""

    rows: Sequence[Row]
    total: int
    which: str = "first"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return len(self.rows) == self.total


def wants_all(request: Request) -> bool:
    """Whether the address asks for every row."""
    return request.query_params.get("rows") == ALL["rows"]


def first_of(request: Request, rows: Sequence[Row], most: int = MOST_ROWS) -> Part[Row]:
    """The first rows, or all of them where the address says so."""
    return Part(rows if wants_all(request) else rows[:most], len(rows))


def newest_of(request: Request, rows: Sequence[Row], most: int = MOST_ROWS) -> Part[Row]:
    """The last rows, of what is in the order of time."""
    return Part(rows if wants_all(request) else rows[-most:], len(rows), "newest")
