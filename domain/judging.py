"""Judging an append as a whole: `decide` returns its events or raises `Refused`.

The append's voids applied to the book are the baseline. The append is refused if, with all its
facts in place, any entry, old or new, is without effect that was not so in the baseline, nor
before the append.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from domain.events import (
    AccessEvent,
    AnyEffective,
    AnyEvent,
    EntryVoided,
    OwnershipEstablished,
    OwnershipEvent,
    PartnerEvent,
)
from domain.evolving import Arrival, anomaly_at_tail, comes_last
from domain.facts import EffectiveCommand, EndOwnership, Fact, VoidEntry
from domain.folding import OwnershipFold, read_episodes, read_line, read_ownership
from domain.refusals import (
    REFUSAL_OF,
    AlreadyVoid,
    BoundAfterEvent,
    CorrectedTooOften,
    InTheFuture,
    OwnedByAnother,
    Refused,
    Stated,
    UnknownEntry,
    WouldUndo,
)
from domain.state import (
    AssetHistory,
    BookState,
    History,
    LineHistory,
    PairHistory,
)
from domain.voids import Voids
from domain.windows import (
    Anomaly,
    Placed,
)

MAX_REPLACEMENTS = 100
"""How often one fact can be corrected by replacing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Facts to be judged, and written or refused, as one whole."""

    facts: tuple[Fact, ...]
    recorded_at: datetime
    numbers: Mapping[str, int] = field(default_factory=dict)
    """The entry of each fact id that a void or `replaces` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The events of an accepted append, in order, and what its voids did to other entries."""

    events: list[AnyEvent]
    lost: tuple[int, ...] = ()
    """Entries that had effect and no longer have."""
    gained: tuple[int, ...] = ()
    """Entries from before the append that now have effect."""
    arrival: Arrival | None = None
    """Where the one event of the append goes, if it comes after all that it could bear on."""


def decide(state: BookState, append: Append) -> Decision:
    """The events that the append comes to, or the refusal of the whole of it."""
    if len(append.facts) == 1:
        try:
            decision = _decide_in_order(state, append)
        except Refused as refusal:
            refusal.fact_id = append.facts[0].id
            raise
        if decision:
            return decision
    return _Judgement(state, append).decision()


def _decide_in_order(state: BookState, append: Append) -> Decision | None:
    """The decision on one fact that comes after all it could bear on; None for any other."""
    (fact,) = append.facts
    if isinstance(fact, VoidEntry) or fact.replaces is not None:
        return None
    event = effective_event(fact, append.recorded_at, None)
    home = state.history_of(event)
    placed = state.placed(event, state.newest + 1)
    if not comes_last(placed, home):
        return None
    if anomaly := anomaly_at_tail(state, home, placed):
        raise refusal_of(anomaly, placed, stated(event))
    if isinstance(home, AssetHistory) and isinstance(event, OwnershipEstablished):
        for holder in state.asset_tail(home):
            raise _owned_by_another(event, holder.owner)
    return Decision(events=[event], arrival=Arrival(home, placed))


def effective_event(
    fact: EffectiveCommand, recorded_at: datetime, replaces: int | None
) -> AnyEffective:
    """The event that a fact becomes at this moment of recording."""
    at = fact.effective_at or recorded_at
    if at > recorded_at:
        raise InTheFuture(at, recorded_at)
    if fact.effective_after and fact.effective_after >= at:
        raise BoundAfterEvent(fact.effective_after, at)
    return fact.event(at, replaces)


def stated(event: AnyEffective) -> Stated:
    """Whom and what the event speaks of."""
    match event:
        case PartnerEvent():
            return Stated(event.owner, event.partner, None)
        case OwnershipEvent():
            return Stated(event.owner, None, event.asset.key)
        case AccessEvent():
            return Stated(event.owner, event.partner, event.asset.key)


def refusal_of(anomaly: Anomaly, placed: Placed, stated: Stated) -> Refused:
    """The refusal of a fact that would have no effect."""
    return REFUSAL_OF[anomaly.objection](anomaly, placed, stated)


def _owned_by_another(event: OwnershipEstablished, actual_owner: str) -> OwnedByAnother:
    return OwnedByAnother(
        asset=":".join(event.asset.key),
        owner=event.owner,
        actual_owner=actual_owner,
        at=event.effective_at,
    )


@dataclass(slots=True)
class _Effects:
    """What some events come to: which have no effect, and which override an owner."""

    anomalies: dict[int, Anomaly]
    overriding: set[int]


class _Judgement:
    """One append under judgement: its events, its voids, and all that they bear on."""

    def __init__(self, state: BookState, append: Append) -> None:
        self.state = state
        self.append = append
        self.events: list[AnyEvent] = []
        self.blame: list[str] = []
        """The id of the fact that each event comes from."""
        self.voids = state.voids.copy()
        self.voided: list[int] = []
        self.added: dict[int, list[Placed]] = {}
        """New placed events by the identity of their history."""
        self.places: dict[int, Placed] = {}
        self.pairs: dict[tuple[str, str], PairHistory] = {}
        self.assets: dict[tuple[str, str], AssetHistory] = {}
        self.lines: dict[tuple[str, str, str, str], LineHistory] = {}

    def decision(self) -> Decision:
        for fact in self.append.facts:
            try:
                self._take(fact)
            except Refused as refusal:
                refusal.fact_id = fact.id
                raise
        self._widen()
        baseline = self._effects(self.voids, {})
        outcome = self._effects(self.voids, self.added)
        before = self._effects(self.state.voids, {}) if self.voided else baseline
        self._refuse_new_anomalies(before.anomalies.keys() | baseline.anomalies.keys(), outcome)
        self._refuse_overriding(before, outcome)
        return self._accept(before, outcome)

    # --- taking the facts in

    def _take(self, fact: Fact) -> None:
        replaces = None if fact.replaces is None else self._entry(fact.replaces)
        if replaces is not None and replaces not in self.voided:
            self._void(fact, replaces, event_id=replacing_void_id(fact.id))
        if isinstance(fact, VoidEntry):
            target = self._entry(fact.entry if fact.entry is not None else fact.fact_id)
            self._void(fact, target, event_id=fact.id, replaces=replaces)
            return
        event = effective_event(fact, self.append.recorded_at, replaces)
        number = self._note(event, fact.id)
        home = self._known(self.state.history_of(event))
        placed = self.state.placed(event, number, self.voids)
        if replaces and len(placed.place) // 2 > MAX_REPLACEMENTS:
            raise CorrectedTooOften(replaces, MAX_REPLACEMENTS)
        self.added.setdefault(id(home), []).append(placed)
        self.places[number] = placed

    def _note(self, event: AnyEvent, fact_id: str) -> int:
        self.events.append(event)
        self.blame.append(fact_id)
        return self.state.newest + len(self.events)

    def _entry(self, target: int | str | None) -> int:
        number = self.append.numbers.get(target) if isinstance(target, str) else target
        if number is None or not 1 <= number <= self.state.newest:
            raise UnknownEntry(self.state.book, target or 0, self.state.newest)
        return number

    def _void(self, fact: Fact, target: int, *, event_id: str, replaces: int | None = None) -> None:
        """Void an entry: as the fact says, or because the fact replaces it."""
        voided_by = self.voids.voided_by(target)
        if voided_by is not None:
            raise AlreadyVoid(target, voided_by if voided_by <= self.state.newest else None)
        event = EntryVoided(
            id=event_id,
            book=self.state.book,
            entry=target,
            reason=_reason(fact) or f"replaced by {fact.id}",
            replaces=replaces,
            actor=fact.actor,
            source=fact.source,
            authority=fact.authority,
        )
        number = self._note(event, fact.id)
        self._known(self.state.homes[target - 1])
        self.voids.add(number, target)
        self.voided.append(target)

    def _known(self, home: History) -> History:
        """The history, the same object for each event of this append that belongs to it."""
        match home:
            case PairHistory():
                return self.pairs.setdefault(home.key, home)
            case AssetHistory():
                return self.assets.setdefault(home.key, home)
            case LineHistory():
                return self.lines.setdefault((*home.pair.key, *home.asset.key), home)

    def _widen(self) -> None:
        """Take in every line that a pair or an asset of this append bears on."""
        around: list[PairHistory | AssetHistory] = [*self.pairs.values(), *self.assets.values()]
        for history in around:
            for line in self.state.lines_of(history):
                self._known(line)

    # --- reading

    def _effects(self, voids: Voids, added: Mapping[int, list[Placed]]) -> _Effects:
        effects = _Effects({}, set())
        episodes: dict[tuple[str, str], list[Placed]] = {}
        owners: dict[tuple[str, str], list[Placed]] = {}

        def standing(home: History) -> list[Placed]:
            events = [placed for placed in home.events if placed.number not in voids]
            return sorted(events + added.get(id(home), []))

        def note(anomalies: Iterable[Anomaly]) -> None:
            effects.anomalies.update((anomaly.number, anomaly) for anomaly in anomalies)

        for pair in self.pairs.values():
            reading = read_episodes(standing(pair))
            episodes[pair.key] = reading.effective
            note(reading.anomalies)
        for asset in self.assets.values():
            ownership: OwnershipFold = read_ownership(standing(asset))
            owners[asset.key] = ownership.effective
            effects.overriding.update(ownership.overriding)
            note(ownership.anomalies)
        for line in self.lines.values():
            pair_key, asset_key = line.pair.key, line.asset.key
            if pair_key not in episodes:
                episodes[pair_key] = read_episodes(standing(line.pair)).effective
            if asset_key not in owners:
                owners[asset_key] = read_ownership(standing(line.asset)).effective
            note(
                read_line(
                    line.owner,
                    sorted([*episodes[pair_key], *owners[asset_key], *standing(line)]),
                ).anomalies
            )
        return effects

    # --- judging

    def _blamed(self, number: int, refusal: Refused) -> Refused:
        if number > self.state.newest:
            refusal.fact_id = self.blame[number - self.state.newest - 1]
        return refusal

    def _refuse_new_anomalies(self, excused: AbstractSet[int], outcome: _Effects) -> None:
        """Refuse for the first new fact without effect, else for the first entry that loses it."""
        fresh = sorted(outcome.anomalies.keys() - excused)
        for number in fresh:
            if number <= self.state.newest:
                continue
            event = self.events[number - self.state.newest - 1]
            assert not isinstance(event, EntryVoided)
            refusal = refusal_of(outcome.anomalies[number], self.places[number], stated(event))
            raise self._blamed(number, refusal)
        for number in fresh:
            placed = self.state.placed_entry(number)
            home = self.state.homes[number - 1]
            raise WouldUndo(outcome.anomalies[number], placed, _stated_by(home, placed))

    def _refuse_overriding(self, before: _Effects, outcome: _Effects) -> None:
        """Only what was observed may put one owner over another; a command transfers."""
        for number in sorted(outcome.overriding):
            if number <= self.state.newest:
                continue
            event = self.events[number - self.state.newest - 1]
            assert isinstance(event, OwnershipEstablished)
            if event.replaces in before.overriding:
                continue  # it says again what stood here
            asset = self.assets[event.asset.key]
            standing = [p for p in asset.events if p.number not in self.voids]
            spans = read_ownership(sorted(standing + self.added[id(asset)])).spans
            previous = next(span for span in spans if span.closed_by == number)
            raise self._blamed(number, _owned_by_another(event, previous.owner or ""))

    def _accept(self, before: _Effects, outcome: _Effects) -> Decision:
        def in_effect(voids: Voids, effects: _Effects) -> set[int]:
            homes: list[History] = [
                *self.pairs.values(),
                *self.assets.values(),
                *self.lines.values(),
            ]
            return {
                placed.number
                for home in homes
                for placed in home.events
                if placed.number not in voids and placed.number not in effects.anomalies
            }

        had = in_effect(self.state.voids, before)
        have = in_effect(self.voids, outcome)
        return Decision(
            events=self.events,
            lost=tuple(sorted(had - have)),
            gained=tuple(sorted(have - had)),
        )


def _reason(fact: Fact) -> str | None:
    """The reason in words, if the fact gives one; that of an ended ownership is a code."""
    return None if isinstance(fact, EndOwnership) else fact.reason


def replacing_void_id(fact_id: str) -> str:
    """The id of the void that is written because a fact replaces an entry."""
    return f"{fact_id}~void"


def _stated_by(home: History, placed: Placed) -> Stated:
    match home:
        case AssetHistory():
            return Stated(placed.owner, None, home.key)
        case PairHistory() | LineHistory():
            return home.stated
