"""A small world, and the builders that tests tell their stories with.

The world is small on purpose: one book, its owner, a second owner, a few partners and assets, so
that facts meet, tie and contradict one another.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import AnyEvent
from domain.facts import Fact, parse_fact
from domain.instants import parse_instant
from domain.values import Asset

OWNER = "10001"
"""The owner of the book."""
OTHER = "20002"
"""A second owner, whose assets the book's owner may be given access to."""
PARTNERS = ("30001", "30002", "30003")
PORTFOLIOS = {"O": OWNER, "X": OTHER, "A": PARTNERS[0], "B": PARTNERS[1], "C": PARTNERS[2]}
"""Portfolios by the letters that stories call them by."""

ASSETS = {
    "page1": Asset(type="page", id="50001", name="First page"),
    "ads1": Asset(type="ad_account", id="50002"),
    "page2": Asset(type="page", id="50003"),
    "app1": Asset(type="app", id="50004"),
}
"""Assets by the names that stories call them by."""


BASE = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_RECORDED_AT = datetime(2027, 1, 1, tzinfo=UTC)
"""When the clock of a paper book starts, later than every moment of the stories."""


def tick(number: int) -> datetime:
    """A moment on the grid of random histories: that many microseconds after `BASE`."""
    return BASE + timedelta(microseconds=number)


Moment = int | str | datetime
"""The n-th day of 2026, a time in RFC 3339, or the moment itself."""


def moment(of: Moment) -> datetime:
    """The moment that a story means: ``3`` is the start of 3 January 2026."""
    if isinstance(of, int):
        return BASE + timedelta(days=of - 1)
    return parse_instant(of)


def portfolio(name: str) -> str:
    """The id of a portfolio that a story calls by a letter."""
    return PORTFOLIOS.get(name, name)


def asset(name: str) -> Asset:
    """The asset that a story calls by a short name."""
    return ASSETS[name]


def fact(kind: str, id: str, at: Moment | None, after: Moment | None, **fields: Any) -> Fact:
    """A fact of this kind, without the fields that are None."""
    fields |= {
        "effective_at": None if at is None else moment(at),
        "effective_after": None if after is None else moment(after),
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return parse_fact({"fact": kind, "id": id, **given})


def add(
    partner: str,
    *,
    at: Moment | None = 1,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """A partner is added."""
    fields = {"owner": portfolio(owner), "partner": portfolio(partner), **more}
    return fact("partner-added", id or f"add-{partner}-{at}", at, after, **fields)


def remove(
    partner: str,
    *,
    at: Moment | None = 9,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """A partner is removed."""
    fields = {"owner": portfolio(owner), "partner": portfolio(partner), **more}
    return fact("partner-removed", id or f"remove-{partner}-{at}", at, after, **fields)


def own(
    what: str,
    *,
    at: Moment | None = 1,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """An ownership is established."""
    fields = {"asset": asset(what), "owner": portfolio(owner), **more}
    return fact("ownership-established", id or f"own-{what}-{owner}-{at}", at, after, **fields)


def transfer(
    what: str,
    *,
    to: str,
    at: Moment | None = 9,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """An asset passes to another owner."""
    fields = {"asset": asset(what), "owner": portfolio(owner), "to_owner": portfolio(to), **more}
    return fact("ownership-transferred", id or f"transfer-{what}-{at}", at, after, **fields)


def end(
    what: str,
    *,
    at: Moment | None = 9,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """An ownership ends."""
    fields = {"asset": asset(what), "owner": portfolio(owner), **more}
    return fact("ownership-ended", id or f"end-{what}-{at}", at, after, **fields)


def grant(
    partner: str,
    what: str,
    *tasks: str,
    at: Moment | None = 2,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """A partner is given tasks, ADVERTISE where none are named."""
    fields = {"owner": portfolio(owner), "partner": portfolio(partner), "asset": asset(what)} | more
    name = id or f"grant-{partner}-{what}-{at}"
    return fact("access-granted", name, at, after, tasks=tasks or ("ADVERTISE",), **fields)


def change(
    partner: str,
    what: str,
    *tasks: str,
    at: Moment | None = 3,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """A partner is given other tasks, MANAGE where none are named."""
    fields = {"owner": portfolio(owner), "partner": portfolio(partner), "asset": asset(what)} | more
    name = id or f"change-{partner}-{what}-{at}"
    return fact("access-changed", name, at, after, tasks=tasks or ("MANAGE",), **fields)


def revoke(
    partner: str,
    what: str,
    *,
    at: Moment | None = 5,
    owner: str = "O",
    id: str | None = None,
    after: Moment | None = None,
    **more: Any,
) -> Fact:
    """A partner's access is taken away."""
    fields = {"owner": portfolio(owner), "partner": portfolio(partner), "asset": asset(what)} | more
    return fact("access-revoked", id or f"revoke-{partner}-{what}-{at}", at, after, **fields)


def void(target: int | str, *, id: str | None = None, **more: Any) -> Fact:
    """An entry is voided, by its number or by its fact id."""
    which = {"entry": target} if isinstance(target, int) else {"fact_id": target}
    fields = {"book": OWNER, "reason": "it was wrong", **which, **more}
    return fact("entry-voided", id or f"void-{target}", None, None, **fields)


def again(event: AnyEvent, *, id: str, **changes: Any) -> Fact:
    """A new fact that states what an event states, with some fields changed (None: left out)."""
    kind = event.TOPIC.partition("/")[0]
    fields = event.model_dump(exclude={"id", "replaces"}, exclude_none=True) | changes
    at, after = fields.pop("effective_at", None), fields.pop("effective_after", None)
    return fact(kind, id, at, after, **fields)
