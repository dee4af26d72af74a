"""What a draft comes to: facts that fit the book so far, most of them acceptable.

A history is drawn as a list of *drafts*: who, what, when, and how. What kind of fact a draft comes
to depends on the book so far: "A and page1 at tick 3" is a grant where nothing is held, a revoke or
a change where something is. So most of what is drawn is accepted, each draw is independent of the
others, and a failing history shrinks to few and plain facts.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar

from domain.entry import Entry
from domain.events import EffectiveEvent
from domain.facts import Command, Fact, parse_fact
from domain.instants import to_microseconds
from domain.plain_reading import read_plainly, void_entries
from domain.refusals import Refused
from domain.values import Asset
from tests.histories.facts import ASSETS, BASE, OTHER, OWNER, PARTNERS, tick
from tests.histories.paper import PaperBook, unjudged

_DRAWN_ASSETS = (ASSETS["page1"], ASSETS["ads1"], ASSETS["page2"])
_DRAWN_TASKS = (("ADVERTISE",), ("ANALYZE",), ("ADVERTISE", "MANAGE"))

HORIZON = 12
"""Ticks of random histories run from 0 to this; a draft at the horizon gives no time at all."""

T = TypeVar("T")


class Told(list[T]):
    """A history that shows itself as fact lines when a test fails."""

    def __repr__(self) -> str:
        """One append a line, an array where it has several facts."""
        return "".join(f"\n  {_line_of(item)}" for item in self)


def _line_of(item: object) -> str:
    if isinstance(item, tuple):
        return _line_of(item[0]) if len(item) == 1 else f"[{', '.join(map(_line_of, item))}]"
    return item.model_dump_json(exclude_none=True) if isinstance(item, Command) else repr(item)


Appends = Told[tuple[Fact, ...]]


class When(NamedTuple):
    """A tick, and how many ticks before it the old state was seen (0: the moment is exact)."""

    tick: int
    bound: int = 0
    late: bool = True
    """Whether the tick is counted from the start, and not from the newest tick of the book."""

    @property
    def at(self) -> datetime:
        """The effective time."""
        return tick(self.tick)

    @property
    def after(self) -> datetime | None:
        """The lower bound, if the change was found by looking."""
        return tick(self.tick - self.bound) if self.bound else None


Kind = Literal["access", "pair", "asset", "gap", "void", "correct", "replace"]


class Draft(NamedTuple):
    """A wish: which subject, when and how; the book so far makes a fact of it."""

    kind: Kind
    who: int
    what: int
    how: int
    when: When
    back: int
    """For voids and replacements: how many entries before the newest."""
    contrary: bool
    """State what does not fit."""
    joined: bool
    """Part of the same append as the draft before."""


Sketch = tuple[dict[str, Any], When | None]
"""A fact's fields without its id, and its moment: none for a void."""


class Scene:
    """How a book stands at one moment, the facts of an append in the making included."""

    def __init__(self, entries: Sequence[Entry], book: PaperBook, at: datetime | None) -> None:
        self.book = book
        self.at = to_microseconds(at or book.now())
        self.entries = entries
        self.reading = read_plainly(book.book, entries, len(entries))

    def owner(self, asset: Asset) -> str | None:
        """Who owns the asset then."""
        for key, span in reversed(self.reading.ownerships):
            if key == asset.key and span.start <= self.at < span.end:
                return span.owner
        return None

    def is_partner(self, owner: str, partner: str) -> bool:
        """Whether the partner is added then."""
        return any(
            pair == [owner, partner] and span.start <= self.at < span.end
            for *pair, span in self.reading.episodes
        )

    def holds(self, *, owner: str, partner: str, asset: Asset) -> bool:
        """Whether the partner has access then."""
        line = (owner, partner, *asset.key)
        return any(
            key == line and span.start <= self.at < span.end for key, span in self.reading.windows
        )

    def target(self, draft: Draft) -> int:
        """The entry that a void or a replacement is about: one that is not void, if it fits."""
        newest = self.book.newest
        number = newest - draft.back % newest
        void = void_entries(self.entries)
        while number > 1 and number in void and not draft.contrary:
            number -= 1
        return number

    def named(self, number: int, draft: Draft) -> int | str:
        """An entry by its number, or by its fact id."""
        return self.book.entries[number - 1].event.id if draft.how % 2 else number


def sketches(draft: Draft, scene: Scene) -> list[list[Sketch]]:
    """The appends that a draft comes to."""
    if not scene.book.newest and draft.kind in ("void", "correct", "replace"):
        return []
    match draft.kind:
        case "access":
            return _access(draft, scene)
        case "pair":
            return [[(_pair(draft, scene), draft.when)]]
        case "asset":
            return [[(_ownership(draft, scene), draft.when)]]
        case "gap":
            return _gap(draft, scene)
        case "void":
            return [[(_voiding(draft, scene, scene.target(draft)), None)]]
        case "correct":
            return [[_correction(draft, scene)]]
        case "replace":
            kinds: tuple[Kind, ...] = ("access", "pair", "asset")
            *first, [(last, when)] = sketches(draft._replace(kind=kinds[draft.how % 3]), scene)
            last["replaces"] = scene.named(scene.target(draft), draft)
            return [*first, [(last, when)]]


def _line(draft: Draft, scene: Scene) -> dict[str, Any]:
    asset = _DRAWN_ASSETS[draft.what]
    if scene.owner(asset) == OTHER and not draft.contrary:
        return {"owner": OTHER, "partner": OWNER, "asset": asset}
    return {"owner": OWNER, "partner": PARTNERS[draft.who], "asset": asset}


def _access(draft: Draft, scene: Scene) -> list[list[Sketch]]:
    line = _line(draft, scene)
    owner, partner, asset = line["owner"], line["partner"], line["asset"]
    granted = {"fact": "access-granted", **line, "tasks": _DRAWN_TASKS[draft.how % 3]}
    if draft.how == 5:
        granted |= {"partner_name": "A name", "planned_end": "2026-12-31"}
    revoked = {"fact": "access-revoked", **line}
    if scene.holds(owner=owner, partner=partner, asset=asset):
        held = granted if draft.contrary else granted | {"fact": "access-changed"}
        return [[(revoked if draft.how % 3 == 0 and not draft.contrary else held, draft.when)]]
    if draft.contrary:
        return [[(revoked if draft.how % 2 else granted | {"fact": "access-changed"}, draft.when)]]
    needed: list[dict[str, Any]] = []
    if scene.owner(asset) is None:
        needed.append({"fact": "ownership-established", "owner": owner, "asset": asset})
    if not scene.is_partner(owner, partner):
        needed.append({"fact": "partner-added", "owner": owner, "partner": partner})
    exact = When(draft.when.tick)
    found: list[list[Sketch]] = [[(sketch, exact)] for sketch in needed]
    return [*found, [(granted, draft.when)]]


def _pair(draft: Draft, scene: Scene) -> dict[str, Any]:
    outside = draft.how == 5
    owner, partner = (OTHER, OWNER) if outside else (OWNER, PARTNERS[draft.who])
    pair: dict[str, Any] = {"owner": owner, "partner": partner}
    if scene.is_partner(owner, partner) != draft.contrary:
        by = ("unknown", "owner", "partner", "meta")[draft.how % 4]
        return {"fact": "partner-removed", **pair, "removed_by": by}
    if draft.how % 2:
        pair["partner_name"] = f"Partner {draft.how}"
    return {"fact": "partner-added", **pair}


def _ownership(draft: Draft, scene: Scene) -> dict[str, Any]:
    asset, how = _DRAWN_ASSETS[draft.what], draft.how
    owner = scene.owner(asset)
    if (owner is None) != draft.contrary:
        new = OTHER if how == 5 else OWNER
        basis = ("unknown", "created", "claimed", "observed")[how % 4]
        return {"fact": "ownership-established", "owner": new, "asset": asset, "basis": basis}
    held: dict[str, Any] = {"owner": owner or OWNER, "asset": asset}
    if how in (1, 2):
        to_owner = OWNER if held["owner"] == OTHER else OTHER
        return {"fact": "ownership-transferred", **held, "to_owner": to_owner}
    reason = {3: "asset_deleted", 4: "released"}.get(how, "unknown")
    return {"fact": "ownership-ended", **held, "reason": reason}


def _gap(draft: Draft, scene: Scene) -> list[list[Sketch]]:
    """A missed pair: access, or a partnership, that ended and came back a little later."""
    line = _line(draft, scene)
    if not scene.holds(**line):
        return _access(draft, scene)
    back = When(draft.when.tick + 1 + draft.how % 2)
    if draft.how < 4:
        tasks = _DRAWN_TASKS[draft.how % 3]
        revoked: Sketch = ({"fact": "access-revoked", **line}, draft.when)
        return [[revoked, ({"fact": "access-granted", **line, "tasks": tasks}, back)]]
    pair = {"owner": line["owner"], "partner": line["partner"]}
    removed: Sketch = ({"fact": "partner-removed", **pair}, draft.when)
    return [[removed, ({"fact": "partner-added", **pair}, back)]]


def _voiding(draft: Draft, scene: Scene, target: int) -> dict[str, Any]:
    named = scene.named(target, draft)
    which = {"entry": named} if isinstance(named, int) else {"fact_id": named}
    return {"fact": "entry-voided", "book": scene.book.book, "reason": "it was wrong", **which}


def _correction(draft: Draft, scene: Scene) -> Sketch:
    """The same fact again in place of what it was: at another time, with other tasks, bounded."""
    number = scene.target(draft)
    event = scene.book.entries[number - 1].event
    replaces = scene.named(number, draft)
    if not isinstance(event, EffectiveEvent):
        other = number - 1 if event.entry == number - 1 else number - 2
        return (_voiding(draft, scene, max(other, 1)) | {"replaces": replaces}, None)
    fields = event.model_dump(
        exclude={"id", "replaces", "effective_at", "effective_after"}, exclude_none=True
    )
    fields |= {"fact": event.TOPIC.partition("/")[0], "replaces": replaces}
    if draft.how in (0, 1) and "tasks" in fields:
        fields["tasks"] = _DRAWN_TASKS[draft.who % 3]
    then = to_microseconds(event.effective_at) - to_microseconds(BASE)
    moved = draft.how in (2, 3) or then > HORIZON
    return (fields, draft.when if moved else When(then, draft.when.bound))


class Telling:
    """Turns drafts into appends, by keeping a book of what was accepted so far."""

    def __init__(self) -> None:
        self.book = PaperBook()
        self.appends: Appends = Told()
        self.pending: list[Fact] = []
        self.count = 0
        self.newest_tick = 0

    def scene(self, when: When) -> Scene:
        """The book so far, with what is still to be appended, at a time."""
        at = None if when.tick == HORIZON else when.at
        try:
            entries = [*self.book.entries, *unjudged(self.book, self.pending)]
        except LookupError:
            entries = self.book.entries
        return Scene(entries, self.book, at)

    def state(self, sketch: Sketch) -> Fact:
        """The sketch as a fact with an id; at the horizon it leaves its time to the ledger."""
        fields, when = sketch
        self.count += 1
        if when is None or when.tick >= HORIZON:
            return parse_fact({**fields, "id": f"f{self.count}"})
        self.newest_tick = max(self.newest_tick, when.tick)
        moments = {"effective_at": when.at, "effective_after": when.after}
        return parse_fact({**fields, "id": f"f{self.count}", **moments})

    def in_time(self, when: When) -> When:
        """The tick as it is meant: from the start, or a little after the newest."""
        if when.late:
            return when
        return When(min(self.newest_tick + when.tick % 3, HORIZON - 1), when.bound)

    def take(self, draft: Draft) -> None:
        """Add what a draft comes to, in an append of its own unless it is joined."""
        draft = draft._replace(when=self.in_time(draft.when))
        if not draft.joined:
            self.flush()
        for together in sketches(draft, self.scene(draft.when)):
            if not draft.joined:
                self.flush()
            self.pending += [self.state(sketch) for sketch in together]

    def flush(self) -> None:
        """End the append, and write it unless it is refused."""
        if not self.pending:
            return
        facts, self.pending = tuple(self.pending), []
        self.appends.append(facts)
        with suppress(Refused):
            self.book.append(*facts)


def appends_of(drafts: Iterable[Draft]) -> Appends:
    telling = Telling()
    for draft in drafts:
        telling.take(draft)
    telling.flush()
    return telling.appends
