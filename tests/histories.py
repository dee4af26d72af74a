"""Random histories of a small world, and the builders that tests tell their stories with.

The world is small on purpose: one book, its owner, a second owner, a few partners and assets, and
effective times on a grid of microseconds, so that facts meet, tie and contradict one another.

A history is drawn as a list of *drafts*: who, what, when, and how. What kind of fact a draft comes
to depends on the book so far: "A and page1 at tick 3" is a grant where nothing is held, a revoke or
a change where something is. So most of what is drawn is accepted, each draw is independent of the
others, and a failing history shrinks to few and plain facts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Any, Literal, NamedTuple, TypeVar

from hypothesis import strategies as st

from domain.entry import Entry
from domain.events import AnyEvent, EffectiveEvent, EntryVoided
from domain.evolving import Arrival, evolve
from domain.facts import Command, EffectiveCommand, EndOwnership, Fact, VoidEntry, parse_fact
from domain.instants import Microseconds, parse_instant, to_microseconds
from domain.judging import Append, Decision, decide
from domain.plain_reading import PlainReading, read_plainly, void_entries
from domain.refusals import Refused
from domain.state import BookState
from domain.values import Asset

# --- the world

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

_DRAWN_ASSETS = (ASSETS["page1"], ASSETS["ads1"], ASSETS["page2"])
_DRAWN_TASKS = (("ADVERTISE",), ("ANALYZE",), ("ADVERTISE", "MANAGE"))

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


# --- facts, in a few words each


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


# --- a book without a database


class PaperBook:
    """A book kept in memory by `decide` and `evolve` alone, with a clock of its own."""

    def __init__(self, book: str = OWNER) -> None:
        self.state = BookState(book)
        self.entries: list[Entry] = []
        self.appends: list[list[Entry]] = []
        self.numbers: dict[str, int] = {}
        """The entry of each fact id."""

    @property
    def book(self) -> str:
        """The portfolio whose book it is."""
        return self.state.book

    @property
    def newest(self) -> int:
        """The number of the newest entry."""
        return len(self.entries)

    def now(self) -> datetime:
        """The moment at which the next append is recorded, a second after the one before."""
        return FIRST_RECORDED_AT + timedelta(seconds=len(self.appends))

    def judge(self, *facts: Fact) -> Decision:
        """What `decide` makes of an append; the book stays as it is."""
        append = Append(facts=facts, recorded_at=self.now(), numbers=self.numbers)
        return decide(self.state, append)

    def append(self, *facts: Fact) -> Decision:
        """Judge an append and write its events; raises `Refused`."""
        decision = self.judge(*facts)
        self.write(decision.events, decision.arrival)
        return decision

    def take(self, *facts: Fact) -> None:
        """Write facts without judging them, as observed ones will be."""
        self.write([entry.event for entry in unjudged(self, facts)])

    def write(self, events: Iterable[AnyEvent], arrival: Arrival | None = None) -> None:
        """Write the events of one append."""
        recorded_at, written = self.now(), []
        for event in events:
            assert event.id not in self.numbers, f"the fact id {event.id} is used twice"
            entry = Entry(
                book=self.book,
                number=self.newest + 1,
                recorded_at=recorded_at,
                recorded_by="test",
                event=event,
                touches=self.state.touches(event),
            )
            evolve(self.state, entry, arrival)
            self.entries.append(entry)
            self.numbers[event.id] = entry.number
            written.append(entry)
        self.appends.append(written)

    def reading(self, known: int | None = None) -> PlainReading:
        """The plain reading of the book, as known at an entry (default: the newest)."""
        return read_plainly(self.book, self.entries, self.newest if known is None else known)

    def event(self, fact_id: str) -> AnyEvent:
        """The event of a fact."""
        return self.entries[self.numbers[fact_id] - 1].event


def unjudged(book: PaperBook, facts: Sequence[Fact]) -> list[Entry]:
    """The entries that an append would come to if nobody judged it; they touch nothing.

    Raises LookupError where a fact names an entry that the book does not hold.
    """
    events: list[AnyEvent] = []
    replaced: set[int] = set()

    def number_of(target: int | str) -> int:
        number = book.numbers[target] if isinstance(target, str) else target
        if not 1 <= number <= book.newest:
            raise LookupError(target)
        return number

    def voiding(fact: Fact, target: int, id: str, replaces: int | None = None) -> None:
        replaced.add(target)
        in_words = None if isinstance(fact, EndOwnership) else fact.reason
        why = in_words or f"replaced by {fact.id}"
        provenance = {"actor": fact.actor, "source": fact.source, "authority": fact.authority}
        stated = {"id": id, "book": book.book, "entry": target, "replaces": replaces}
        events.append(EntryVoided(**stated, reason=why, **provenance))

    for fact in facts:
        stands_for = None if fact.replaces is None else number_of(fact.replaces)
        if stands_for is not None and stands_for not in replaced:
            voiding(fact, stands_for, f"{fact.id}~void")
        if isinstance(fact, VoidEntry):
            target = number_of(fact.entry or fact.fact_id or 0)
            voiding(fact, target, fact.id, stands_for)
        else:
            events.append(_event_of(fact, book.now(), stands_for))
    return [
        Entry(
            book=book.book,
            number=book.newest + index,
            recorded_at=book.now(),
            recorded_by="test",
            event=event,
            touches={},
        )
        for index, event in enumerate(events, start=1)
    ]


def _event_of(fact: EffectiveCommand, recorded_at: datetime, replaces: int | None) -> Any:
    stated = fact.model_dump(exclude={"fact", "book", "replaces", "effective_at"})
    at = fact.effective_at or recorded_at
    return fact.EVENT(**stated, replaces=replaces, effective_at=at)


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


@dataclass(slots=True)
class Recording:
    """What became of a list of appends: the book, and what it refused."""

    book: PaperBook
    refused: list[tuple[tuple[Fact, ...], Refused]] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """The accepted entries, 1, 2, 3 ..."""
        return self.book.entries

    @property
    def appends(self) -> list[list[Entry]]:
        """The accepted entries, grouped by append."""
        return self.book.appends


def record(appends: Iterable[Sequence[Fact]], book: str = OWNER) -> Recording:
    """Judge the appends one after the other and write those that are accepted."""
    recording = Recording(PaperBook(book))
    for facts in appends:
        try:
            recording.book.append(*facts)
        except Refused as refusal:
            recording.refused.append((tuple(facts), refusal))
    return recording


def effective_numbers(entries: Sequence[Entry], reading: PlainReading) -> set[int]:
    """The entries that have an effect of their own: neither void nor anomalies nor voids."""
    believed = [entry for entry in entries if entry.number <= reading.known]
    without = void_entries(believed) | {anomaly.number for anomaly in reading.anomalies}
    return {
        entry.number
        for entry in believed
        if isinstance(entry.event, EffectiveEvent) and entry.number not in without
    }


def answers(reading: PlainReading, names: Mapping[int, Any] | None = None) -> Any:
    """Episodes, ownerships and windows of a reading, to be compared with those of another.

    With `names` the entries that open and close are told by these instead of by their numbers.
    """

    def told(key: tuple[Any, ...], span: Any) -> tuple[Any, ...]:
        ends: tuple[Any, ...] = (span.opened_by, span.closed_by)
        if names is not None:
            ends = tuple(names[end] if end else None for end in ends)
        rest = {**asdict(span), "opened_by": None, "closed_by": None}
        return (type(span).__name__, key, ends, *rest.values())

    spans: list[tuple[tuple[Any, ...], Any]] = [
        *(((owner, partner), span) for owner, partner, span in reading.episodes),
        *reading.ownerships,
        *reading.windows,
    ]
    return sorted((told(key, span) for key, span in spans), key=repr)


def instants_of_interest(entries: Iterable[Entry]) -> list[Microseconds]:
    """Every moment at which an answer may change, and the ones next to it."""
    found: set[Microseconds] = set()
    for entry in entries:
        if isinstance(entry.event, EffectiveEvent):
            for at in (entry.event.effective_at, entry.event.effective_after):
                if at is not None:
                    found |= {to_microseconds(at) + step for step in (-1, 0, 1, 2)}
    return sorted(found)


# --- random histories

HORIZON = 12
"""Ticks of random histories run from 0 to this; a draft at the horizon gives no time at all."""


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


class _Scene:
    """How a book stands at one moment, the facts of an append in the making included."""

    def __init__(self, entries: Sequence[Entry], book: PaperBook, at: datetime | None) -> None:
        self.book = book
        self.at = to_microseconds(at or book.now())
        self.entries = entries
        self.reading = read_plainly(book.book, entries, len(entries))

    def owner(self, asset: Asset) -> str | None:
        for key, span in reversed(self.reading.ownerships):
            if key == asset.key and span.start <= self.at < span.end:
                return span.owner
        return None

    def is_partner(self, owner: str, partner: str) -> bool:
        return any(
            pair == [owner, partner] and span.start <= self.at < span.end
            for *pair, span in self.reading.episodes
        )

    def holds(self, *, owner: str, partner: str, asset: Asset) -> bool:
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


def _sketches(draft: Draft, scene: _Scene) -> list[list[Sketch]]:
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
            *first, [(last, when)] = _sketches(draft._replace(kind=kinds[draft.how % 3]), scene)
            last["replaces"] = scene.named(scene.target(draft), draft)
            return [*first, [(last, when)]]


def _line(draft: Draft, scene: _Scene) -> dict[str, Any]:
    asset = _DRAWN_ASSETS[draft.what]
    if scene.owner(asset) == OTHER and not draft.contrary:
        return {"owner": OTHER, "partner": OWNER, "asset": asset}
    return {"owner": OWNER, "partner": PARTNERS[draft.who], "asset": asset}


def _access(draft: Draft, scene: _Scene) -> list[list[Sketch]]:
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


def _pair(draft: Draft, scene: _Scene) -> dict[str, Any]:
    outside = draft.how == 5
    owner, partner = (OTHER, OWNER) if outside else (OWNER, PARTNERS[draft.who])
    pair: dict[str, Any] = {"owner": owner, "partner": partner}
    if scene.is_partner(owner, partner) != draft.contrary:
        by = ("unknown", "owner", "partner", "meta")[draft.how % 4]
        return {"fact": "partner-removed", **pair, "removed_by": by}
    if draft.how % 2:
        pair["partner_name"] = f"Partner {draft.how}"
    return {"fact": "partner-added", **pair}


def _ownership(draft: Draft, scene: _Scene) -> dict[str, Any]:
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


def _gap(draft: Draft, scene: _Scene) -> list[list[Sketch]]:
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


def _voiding(draft: Draft, scene: _Scene, target: int) -> dict[str, Any]:
    named = scene.named(target, draft)
    which = {"entry": named} if isinstance(named, int) else {"fact_id": named}
    return {"fact": "entry-voided", "book": scene.book.book, "reason": "it was wrong", **which}


def _correction(draft: Draft, scene: _Scene) -> Sketch:
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


class _Telling:
    """Turns drafts into appends, by keeping a book of what was accepted so far."""

    def __init__(self) -> None:
        self.book = PaperBook()
        self.appends: Appends = Told()
        self.pending: list[Fact] = []
        self.count = 0
        self.newest_tick = 0

    def scene(self, when: When) -> _Scene:
        at = None if when.tick == HORIZON else when.at
        try:
            entries = [*self.book.entries, *unjudged(self.book, self.pending)]
        except LookupError:
            entries = self.book.entries
        return _Scene(entries, self.book, at)

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
        draft = draft._replace(when=self.in_time(draft.when))
        if not draft.joined:
            self.flush()
        for sketches in _sketches(draft, self.scene(draft.when)):
            if not draft.joined:
                self.flush()
            self.pending += [self.state(sketch) for sketch in sketches]

    def flush(self) -> None:
        if not self.pending:
            return
        facts, self.pending = tuple(self.pending), []
        self.appends.append(facts)
        with suppress(Refused):
            self.book.append(*facts)


def _appends_of(drafts: Iterable[Draft]) -> Appends:
    telling = _Telling()
    for draft in drafts:
        telling.take(draft)
    telling.flush()
    return telling.appends


_BOUNDS = (0, 0, 0, 0, 1, 2, 3, 5)


def _digits(*bases: int) -> st.SearchStrategy[list[int]]:
    """A number below each base, drawn as one integer, of which the first is the highest digit.

    A draft of many draws would not be left out of a failing list: only short ones are tried.
    """

    def split(number: int) -> list[int]:
        digits = []
        for base in reversed(bases):
            number, digit = divmod(number, base)
            digits.append(digit)
        return digits[::-1]

    return st.integers(0, prod(bases) - 1).map(split)


def _draft(kind: Kind, subject: list[int], time: list[int], more: list[int]) -> Draft:
    who, what, how = subject
    late, bound, tick = time
    contrary, joined, back = more
    return Draft(
        kind,
        who,
        what,
        how,
        When(tick, _BOUNDS[bound], late=late == 2),
        back,
        contrary=contrary == 11,
        joined=joined == 3,
    )


def _drafts(
    kinds: Sequence[Kind], ticks: int, *, partners: int, assets: int
) -> st.SearchStrategy[Draft]:
    return st.builds(
        _draft,
        st.sampled_from(kinds),
        _digits(partners, assets, 6),
        _digits(3, len(_BOUNDS), ticks),
        _digits(12, 4, 10),
    )


# In the order in which a failing draft shrinks: one fact before three.
_KINDS: tuple[Kind, ...] = (
    *("pair",) * 2,
    *("asset",) * 2,
    *("access",) * 6,
    "gap",
    *("void",) * 2,
    "correct",
    "replace",
)


@st.composite
def appends(
    draw: st.DrawFn,
    *,
    max_drafts: int = 12,
    partners: int = 2,
    assets: int = 2,
    with_voids: bool = True,
) -> Appends:
    """Random appends to the book of `OWNER`, single facts and arrays, in any order of time.

    Most are accepted by `record`; some are refused. They tie, come late, are bounded, void entries
    and voids of entries by number and by fact id, and replace them.
    """
    voiding = ("void", "correct", "replace")
    kinds = [kind for kind in _KINDS if with_voids or kind not in voiding]
    drafts = _drafts(kinds, HORIZON + 1, partners=partners, assets=assets)
    return _appends_of(draw(st.lists(drafts, min_size=1, max_size=max_drafts)))


@st.composite
def valid_history(
    draw: st.DrawFn,
    *,
    max_drafts: int = 8,
    partners: int = 2,
    assets: int = 2,
    ties: bool = True,
    bounded: int = 99,
) -> Told[Fact]:
    """Facts in the order of their effective times, each accepted as a single append.

    Without `ties` no two have the same effective time; at most `bounded` of them are bounded.
    """
    kinds: tuple[Kind, ...] = ("pair", "asset", *("access",) * 4)
    drafts = _drafts(kinds, 4, partners=partners, assets=assets)
    drawn = draw(st.lists(drafts, min_size=1, max_size=max_drafts))
    return Told(_in_order(drawn, ties=ties, bounded=bounded))


def _in_order(drafts: Iterable[Draft], *, ties: bool, bounded: int) -> Iterator[Fact]:
    telling, now = _Telling(), 0
    for draft in drafts:
        now += draft.when.tick + (not ties)
        plain = draft._replace(when=When(now, draft.when.bound), contrary=False, joined=False)
        scene = _Scene(telling.book.entries, telling.book, plain.when.at)
        for [(fields, when)] in _sketches(plain, scene):
            bound = when.bound if when and bounded else 0
            bounded -= bool(bound)
            moments = {"effective_at": tick(now), "effective_after": When(now, bound).after}
            telling.count += 1
            fact = parse_fact({**fields, "id": f"f{telling.count}", **moments})
            telling.book.append(fact)
            yield fact
            now += not ties
