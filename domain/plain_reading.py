"""The plain reading: what a book means, slow and obviously right. The oracle of the tests.

It takes entries 1..n, leaves out the void ones, sorts the rest by effective time and place, and
folds them one by one. Every faster path must equal it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.entry import Entry
from domain.events import (
    AccessChanged,
    AccessEvent,
    AccessGranted,
    AccessRevoked,
    EffectiveEvent,
    EntryVoided,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipEvent,
    OwnershipTransferred,
    PartnerAdded,
    PartnerEvent,
    PartnerRemoved,
)
from domain.instants import Microseconds, to_microseconds
from domain.windows import (
    Anomaly,
    Cause,
    Episode,
    Ownership,
    Place,
    Span,
    Window,
    lower_bound,
    place_behind,
)

Coverage = Literal["known", "own_access_only", "unknown"]
Certainty = Literal["certain", "possible"]

_WEAKER: dict[Coverage, int] = {"unknown": 0, "own_access_only": 1, "known": 2}


@dataclass(slots=True)
class PlainReading:
    """What a book means as known at one entry. Lists are in the order of the fold."""

    book: str
    known: int
    episodes: list[tuple[str, str, Episode]] = field(default_factory=list)
    """Owner, partner, episode."""
    ownerships: list[tuple[tuple[str, str], Ownership]] = field(default_factory=list)
    """Asset, ownership; one without an owner says what became of the asset."""
    windows: list[tuple[tuple[str, str, str, str], Window]] = field(default_factory=list)
    """Line, window."""
    anomalies: list[Anomaly] = field(default_factory=list)

    def holders(
        self, at: Microseconds
    ) -> list[tuple[tuple[str, str, str, str], Window, Certainty]]:
        """Every window that is or may be open at the moment."""
        found = []
        for line, window in self.windows:
            if (certainty := certainty_at(window, at)) is not None:
                found.append((line, window, certainty))
        return found

    def asset_coverage(self, asset: tuple[str, str], at: Microseconds) -> Coverage:
        """How much the book can say about the asset's holders; in an edge, the least of it."""
        possible: list[Coverage] = []
        certain = False
        for key, span in self.ownerships:
            if key == asset and (certainty := certainty_at(span, at)) is not None:
                possible.append(span_coverage(self.book, span))
                certain = certain or certainty == "certain"
        first_is_uncertain = not any(
            key == asset and span.start <= at for key, span in self.ownerships
        )
        if not possible or (first_is_uncertain and not certain):
            return "unknown"
        return min(possible, key=_WEAKER.__getitem__)

    def partner_coverage(self, partner: str, at: Microseconds) -> Coverage:
        """Known from the first effective event of one of the partner's pairs on."""
        known = any(who == partner and span.start <= at for _, who, span in self.episodes)
        return "known" if known else "unknown"


def certainty_at(span: Span, at: Microseconds) -> Certainty | None:
    """Whether the span covers the moment for certain, possibly, or not at all."""
    if not span.start_earliest <= at < span.end:
        return None
    return "certain" if span.start <= at < span.end_earliest else "possible"


def span_coverage(book: str, span: Ownership) -> Coverage:
    """What the state of an asset's ownership lets its book say about the asset's holders."""
    if span.owner == book or (span.owner is None and span.detail == "asset_deleted"):
        return "known"
    return "unknown" if span.owner is None else "own_access_only"


def void_entries(entries: Sequence[Entry]) -> set[int]:
    """The numbers of the entries voided by an entry that is itself not void."""
    void: set[int] = set()
    for entry in reversed(entries):  # a void comes after what it voids
        if isinstance(entry.event, EntryVoided) and entry.number not in void:
            void.add(entry.event.entry)
    return void


def places_of(entries: Iterable[Entry]) -> dict[int, Place]:
    """The place of each entry; a void has none but its own number, whatever it replaces."""
    places: dict[int, Place] = {}
    last_void: dict[int, int] = {}
    for entry in entries:
        number, event = entry.number, entry.event
        places[number] = (number,)
        if isinstance(event, EntryVoided):
            last_void[event.entry] = number
        elif event.replaces:
            void = last_void[event.replaces]
            places[number] = place_behind(places[event.replaces], void, number)
    return places


def read_plainly(book: str, entries: Iterable[Entry], known: int) -> PlainReading:
    """The meaning of the book as known at entry number `known`."""
    believed = [entry for entry in entries if entry.number <= known]
    void = void_entries(believed)
    places = places_of(believed)
    effective = [
        (to_microseconds(entry.event.effective_at), places[entry.number], entry.number, entry.event)
        for entry in believed
        if entry.number not in void and isinstance(entry.event, EffectiveEvent)
    ]
    fold = _Fold(PlainReading(book, known))
    for at, _, number, event in sorted(effective, key=lambda item: item[:2]):
        fold.take(at, number, event)
    return fold.reading


@dataclass(slots=True)
class _Fold:
    reading: PlainReading
    episode: dict[tuple[str, str], Episode] = field(default_factory=dict)
    ownership: dict[tuple[str, str], Ownership] = field(default_factory=dict)
    window: dict[tuple[str, str, str, str], Window] = field(default_factory=dict)
    earliest: dict[tuple[str, ...], Microseconds] = field(default_factory=dict)
    """The earliest moment of the last effective event of a pair, an asset and a line."""

    def take(self, at: Microseconds, number: int, event: EffectiveEvent) -> None:
        match event:
            case PartnerEvent():
                self.partner_event(at, number, event)
            case OwnershipEvent():
                self.ownership_event(at, number, event)
            case AccessEvent():
                self.access_event(at, number, event)

    def bounded(self, event: EffectiveEvent, *subjects: tuple[str, ...]) -> Microseconds:
        """The event's earliest moment; it bounds what follows on the last of the subjects."""
        before = [self.earliest[subject] for subject in subjects if subject in self.earliest]
        earliest = max(lower_bound(event), *before) if before else lower_bound(event)
        self.earliest[subjects[-1]] = earliest
        return earliest

    def close(
        self,
        line: tuple[str, str, str, str],
        at: Microseconds,
        e: Microseconds,
        by: int,
        why: Cause,
    ) -> None:
        self.window.pop(line).close(at=at, earliest=e, by=by, cause=why)

    def object(
        self, number: int, objection: str, blocker: int = 0, owner: str | None = None
    ) -> None:
        self.reading.anomalies.append(Anomaly(number, objection, blocker, owner))  # type: ignore[arg-type]

    def partner_event(self, at: Microseconds, number: int, event: PartnerEvent) -> None:
        episode = self.episode.get(event.pair)
        match event:
            case PartnerAdded() if episode:
                self.object(number, "partner_already_added", episode.opened_by)
            case PartnerAdded():
                episode = Episode(
                    number, self.bounded(event, event.pair), at, partner_name=event.partner_name
                )
                self.episode[event.pair] = episode
                self.reading.episodes.append((event.owner, event.partner, episode))
            case PartnerRemoved() if episode:
                earliest = self.bounded(event, event.pair)
                episode.close(at=at, earliest=earliest, by=number, cause="partner_removed")
                episode.removed_by = event.removed_by
                del self.episode[event.pair]
                for line in [line for line in self.window if line[:2] == event.pair]:
                    self.close(line, at, earliest, number, "partner_removed")
            case _:
                self.object(number, "not_a_partner")

    def ownership_event(self, at: Microseconds, number: int, event: OwnershipEvent) -> None:
        asset = event.asset.key
        before = self.ownership.get(asset)
        owner = before.owner if before else None
        match event:
            case OwnershipEstablished() if owner == event.owner:
                self.object(number, "already_the_owner", before.opened_by if before else 0, owner)
                return
            case OwnershipTransferred() | OwnershipEnded() if owner != event.owner:
                self.object(number, "not_the_owner", before.opened_by if before else 0, owner)
                return
            case OwnershipEnded():
                new_owner, detail = None, str(event.reason)
                deleted = event.reason == "asset_deleted"
                cause: Cause = "asset_deleted" if deleted else "ownership_ended"
            case OwnershipTransferred():
                new_owner, detail, cause = event.to_owner, str(event.basis), "ownership_changed"
            case OwnershipEstablished():
                new_owner, detail, cause = event.owner, str(event.basis), "ownership_changed"
            case _:
                raise AssertionError(event)
        earliest = self.bounded(event, asset)
        if before:
            before.close(at=at, earliest=earliest, by=number, cause=cause)
        name = event.asset.name or (before.asset_name if before else None)
        after = Ownership(number, earliest, at, owner=new_owner, detail=detail, asset_name=name)
        self.ownership[asset] = after
        self.reading.ownerships.append((asset, after))
        for line in [line for line in self.window if line[2:] == asset and line[0] != new_owner]:
            self.close(line, at, earliest, number, cause)

    def access_event(self, at: Microseconds, number: int, event: AccessEvent) -> None:
        line, pair, asset = event.line, event.pair, event.asset.key
        window, episode, ownership = (
            self.window.get(line),
            self.episode.get(pair),
            self.ownership.get(asset),
        )
        owner = ownership.owner if ownership else None
        match event:
            case AccessGranted() if episode is None:
                self.object(number, "not_a_partner")
            case AccessGranted() if owner != event.owner:
                blocker = ownership.opened_by if ownership and owner else 0
                self.object(number, "not_the_owner", blocker, owner)
            case AccessGranted() if window:
                self.object(number, "access_already_held", window.opened_by)
            case AccessChanged() | AccessRevoked() if window is None:
                self.object(number, "access_not_held")
            case AccessRevoked():
                earliest = self.bounded(event, pair, asset, line)
                self.close(line, at, earliest, number, "access_revoked")
            case AccessGranted() | AccessChanged():
                earliest = self.bounded(event, pair, asset, line)
                if window:
                    self.close(line, at, earliest, number, "access_changed")
                opened = Window(
                    number,
                    earliest,
                    at,
                    tasks=event.tasks,
                    planned_end=event.planned_end,
                    partner_name=event.partner_name or (episode.partner_name if episode else None),
                    asset_name=event.asset.name or (ownership.asset_name if ownership else None),
                )
                self.window[line] = opened
                self.reading.windows.append((line, opened))
            case _:
                raise AssertionError(event)
