"""The values that facts are made of: narrow types, so that a wrong one cannot be built."""

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from domain.instants import format_instant, parse_instant


class Value(BaseModel, frozen=True, extra="forbid"):
    """An immutable value; an unknown field is an error."""


# NUL cannot be stored as text by PostgreSQL, and the other controls have no business in a name;
# a line break and a tab may stand in prose. (Lone surrogates are refused by pydantic itself.)
PLAIN_PATTERN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

PORTFOLIO_PATTERN = r"^[0-9]{5,20}$"
ID_PATTERN = r"^[!-~]{1,200}$"
TASK_PATTERN = r"^[!-~]{1,100}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"

PortfolioId = Annotated[
    str,
    StringConstraints(pattern=PORTFOLIO_PATTERN),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": PORTFOLIO_PATTERN,
            "examples": ["506914307656634"],
        }
    ),
]
"""A Meta Business Portfolio's numeric id, as a string: it overflows the numbers of JavaScript."""

FactId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""The caller's id of a fact: 1 to 200 printable ASCII characters without spaces."""

EventId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,205}$")]
"""The id that an event took: its fact's, with ``~void`` behind it for the void of a replacement."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=PLAIN_PATTERN)]
"""A name or a short reference for people to read; never a key."""

Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=PLAIN_PATTERN)]
"""A few sentences, such as a reason."""

ToldInstant = Annotated[
    datetime,
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339 with an offset, at most six fractional digits.",
            "examples": ["2026-03-02T09:30:00.000000Z"],
        }
    ),
]
"""A moment in UTC that the ledger tells: written canonically, and never read from a caller."""

Instant = Annotated[ToldInstant, BeforeValidator(parse_instant)]
"""A moment in UTC to the microsecond; read from RFC 3339 with an offset, written canonically."""


DAY_PATTERN = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"

Day = Annotated[str, StringConstraints(pattern=DAY_PATTERN)]
"""A day in UTC as it was written: records kept by hand promise things until 31 April."""


def last_day(day: str) -> date:
    """The calendar day that is meant: the month's last where the month has no such day."""
    year, month, number = (int(part) for part in day.split("-"))
    return date(year, month, min(number, monthrange(year, month)[1]))


def is_calendar_day(day: str) -> bool:
    """Whether the calendar has this day."""
    try:
        return last_day(day).isoformat() == day
    except ValueError:
        return False


EntryNumber = Annotated[int, Field(ge=1, le=2**53 - 1, strict=True)]
"""An entry's number in its book: 1, 2, 3 ... without gaps."""

META_ASSET_TYPES = (
    "page",
    "ad_account",
    "dataset",
    "catalog",
    "instagram_account",
    "whatsapp_account",
    "offline_event_set",
    "app",
)
"""Meta's own asset types; their ids are numeric. Any other type is kept as it came."""

ASSET_TYPE_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
ASSET_ID_PATTERN = r"^[!-.0-~]{1,200}$"

AssetType = Annotated[str, StringConstraints(pattern=ASSET_TYPE_PATTERN)]
AssetId = Annotated[str, StringConstraints(pattern=ASSET_ID_PATTERN)]
"""Printable ASCII without spaces and slashes; five to twenty digits for Meta's own types."""


_META_ID = re.compile(r"[0-9]{5,20}")


class AssetKey(Value):
    """What identifies an asset."""

    type: AssetType
    id: AssetId

    @model_validator(mode="after")
    def _numeric_where_meta_says_so(self) -> Self:
        if self.type in META_ASSET_TYPES and not _META_ID.fullmatch(self.id):
            hint = " (without act_)" if self.type == "ad_account" else ""
            raise ValueError(
                f"{self.id!r} is not the id of a Meta {self.type}; give its 5 to 20 digits{hint}"
            )
        return self

    @property
    def key(self) -> tuple[str, str]:
        """Type and id, for dictionaries and sorting."""
        return (self.type, self.id)


class Asset(AssetKey):
    """An asset as a fact names it: the name is a label and identifies nothing."""

    name: Label | None = None


Task = Annotated[str, StringConstraints(pattern=TASK_PATTERN)]


def _sorted_set(tasks: Any) -> Any:
    if isinstance(tasks, (list, tuple)) and all(isinstance(task, str) for task in tasks):
        return tuple(sorted(set(tasks)))
    return tasks


Tasks = Annotated[tuple[Task, ...], BeforeValidator(_sorted_set), Field(max_length=100)]
"""Meta's units of permission as an ordered set; an unknown one is kept as it came."""


class Actor(Value):
    """Who did it at Meta, by id only: names of people never enter an event."""

    kind: Literal["person", "system_user", "app", "meta", "unknown"]
    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)] | None = None


class Source(Value):
    """Where the knowledge comes from."""

    kind: Literal["declared", "imported", "observed", "document"]
    reference: Label | None = None
    sha256: Annotated[str, StringConstraints(pattern=SHA256_PATTERN)] | None = None


Basis = Literal["created", "claimed", "observed", "unknown"]
"""How an ownership came about."""
RemovedBy = Literal["owner", "partner", "meta", "unknown"]
EndReason = Literal["released", "asset_deleted", "unknown"]
