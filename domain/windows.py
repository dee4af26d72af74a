"""What events add up to: the episodes of a pair, the owners of an asset, the windows of a line.

A line is one owner, one partner and one asset. Its reading needs its own access events and the
partner events of the pair and the ownership events of the asset that took effect; nothing else
bears on it. That is why a change re-reads a few lines and not the book.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from domain.events import (
    AccessChanged,
    AccessEvent,
    AccessGranted,
    AccessRevoked,
    EffectiveEvent,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipEvent,
    OwnershipTransferred,
    PartnerAdded,
    PartnerEvent,
    PartnerRemoved,
)
from domain.instants import FAR, Microseconds, to_microseconds

Cause = Literal[
    "partner_removed",
    "ownership_changed",
    "ownership_ended",
    "asset_deleted",
    "access_changed",
    "access_revoked",
]
"""Why a span ended."""

Objection = Literal[
    "partner_already_added",
    "not_a_partner",
    "already_the_owner",
    "not_the_owner",
    "access_already_held",
    "access_not_held",
]
"""Why an event does not apply."""


class Terms(NamedTuple):
    """What a reading takes from an event besides its place and its subjects."""

    tasks: tuple[str, ...] = ()
    planned_end: str | None = None
    to_owner: str | None = None
    detail: str | None = None
    """The basis of an ownership, the reason of its end, or who removed the partner."""
    partner_name: str | None = None
    asset_name: str | None = None


NO_TERMS = Terms()


class Placed(NamedTuple):
    """An event in its place in the fold: it sorts by effective time, place, entry number."""

    effective: Microseconds
    place: int
    """The entry's number, or the place of the entry that it replaces."""
    number: int
    earliest: Microseconds
    """The first moment at which it can have happened, by its own bounds alone."""
    kind: type[EffectiveEvent]
    owner: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An event without effect: why, and what stands in its way."""

    number: int
    objection: Objection
    blocker: int = 0
    """The entry that stands in the way, 0 where it is the absence of one."""
    actual_owner: str | None = None


@dataclass(slots=True)
class Span:
    """A half-open stretch of time ``[start, end)`` with its edges, and the entries at its ends."""

    opened_by: int
    start_earliest: Microseconds
    start: Microseconds
    end_earliest: Microseconds = field(default=FAR, kw_only=True)
    end: Microseconds = field(default=FAR, kw_only=True)
    closed_by: int = field(default=0, kw_only=True)
    cause: Cause | None = field(default=None, kw_only=True)

    def close(self, *, at: Microseconds, earliest: Microseconds, by: int, cause: Cause) -> None:
        """End the span; it cannot have ended before it can have begun."""
        self.end = at
        self.end_earliest = max(earliest, self.start_earliest)
        self.closed_by = by
        self.cause = cause


@dataclass(slots=True)
class Episode(Span):
    """One partnership, from adding to removing."""

    partner_name: str | None
    removed_by: str | None = None


@dataclass(slots=True)
class Ownership(Span):
    """Who owned an asset; or, without an owner, what became of it."""

    owner: str | None
    detail: str
    """The basis of the ownership, or the reason of its end where there is no owner."""
    asset_name: str | None


@dataclass(slots=True)
class Window(Span):
    """A span in which a partner held given tasks on an asset."""

    tasks: tuple[str, ...]
    planned_end: str | None
    partner_name: str | None
    asset_name: str | None


@dataclass(slots=True)
class EpisodesReading:
    """A pair's partner events, read."""

    episodes: list[Episode]
    effective: list[Placed]
    anomalies: list[Anomaly]


@dataclass(slots=True)
class OwnershipReading:
    """An asset's ownership events, read."""

    spans: list[Ownership]
    effective: list[Placed]
    anomalies: list[Anomaly]
    overriding: list[int]
    """Entries that established an owner over a different one."""


@dataclass(slots=True)
class LineReading:
    """A line's access events, read."""

    windows: list[Window]
    anomalies: list[Anomaly]
    last_effective: Placed | None


def lower_bound(event: EffectiveEvent) -> Microseconds:
    """The first moment at which the event can have happened: just after the old state was seen."""
    if event.effective_after is None:
        return to_microseconds(event.effective_at)
    return to_microseconds(event.effective_after) + 1


def terms_of(event: PartnerEvent | OwnershipEvent | AccessEvent) -> Terms:
    """All that a reading takes from the event."""
    match event:
        case PartnerAdded():
            return Terms(partner_name=event.partner_name)
        case PartnerRemoved():
            return Terms(partner_name=event.partner_name, detail=event.removed_by)
        case OwnershipEstablished():
            return Terms(asset_name=event.asset.name, detail=event.basis)
        case OwnershipTransferred():
            return Terms(asset_name=event.asset.name, detail=event.basis, to_owner=event.to_owner)
        case OwnershipEnded():
            return Terms(asset_name=event.asset.name, detail=event.reason)
        case AccessGranted() | AccessChanged():
            return Terms(
                tasks=event.tasks,
                planned_end=event.planned_end,
                partner_name=event.partner_name,
                asset_name=event.asset.name,
            )
        case _:
            return NO_TERMS


def read_episodes(events: Iterable[Placed]) -> EpisodesReading:
    """The episodes of one pair from its partner events, in the order of the fold."""
    reading = EpisodesReading([], [], [])
    open_episode: Episode | None = None
    earliest: Microseconds = -FAR
    for event in events:
        if event.kind is PartnerAdded and open_episode is None:
            earliest = max(earliest, event.earliest)
            open_episode = Episode(
                event.number, earliest, event.effective, partner_name=event.terms.partner_name
            )
            reading.episodes.append(open_episode)
        elif event.kind is PartnerRemoved and open_episode is not None:
            earliest = max(earliest, event.earliest)
            open_episode.close(
                at=event.effective, earliest=earliest, by=event.number, cause="partner_removed"
            )
            open_episode.removed_by = event.terms.detail
            open_episode = None
        else:
            reading.anomalies.append(
                Anomaly(event.number, "not_a_partner")
                if open_episode is None
                else Anomaly(event.number, "partner_already_added", open_episode.opened_by)
            )
            continue
        reading.effective.append(event)
    return reading


def _end_cause(event: Placed) -> Cause:
    """The cause of what an effective ownership event closes."""
    if event.kind is not OwnershipEnded:
        return "ownership_changed"
    return "asset_deleted" if event.terms.detail == "asset_deleted" else "ownership_ended"


def read_ownership(events: Iterable[Placed]) -> OwnershipReading:
    """Who owned one asset, from its ownership events, in the order of the fold."""
    reading = OwnershipReading([], [], [], [])
    current: Ownership | None = None
    earliest: Microseconds = -FAR
    for event in events:
        owner = current.owner if current else None
        if event.kind is OwnershipEstablished:
            objection: Objection | None = "already_the_owner" if event.owner == owner else None
            new_owner: str | None = event.owner
            if owner is not None and objection is None:
                reading.overriding.append(event.number)
        else:
            objection = None if event.owner == owner else "not_the_owner"
            new_owner = event.terms.to_owner
        if objection:
            reading.anomalies.append(
                Anomaly(event.number, objection, current.opened_by if current else 0, owner)
            )
            continue
        earliest = max(earliest, event.earliest)
        if current:
            current.close(
                at=event.effective, earliest=earliest, by=event.number, cause=_end_cause(event)
            )
        current = Ownership(
            event.number,
            earliest,
            event.effective,
            owner=new_owner,
            detail=event.terms.detail or "unknown",
            asset_name=event.terms.asset_name or (current.asset_name if current else None),
        )
        reading.spans.append(current)
        reading.effective.append(event)
    return reading


class _Line:
    """The state of one line while its events are folded."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.episode: Placed | None = None
        self.holder: Placed | None = None
        """The ownership event by which somebody owns the asset."""
        self.actual_owner: str | None = None
        self.window: Window | None = None
        self.earliest: Microseconds = -FAR
        self.asset_name: str | None = None
        self.partner_name: str | None = None

    def objection(self, event: Placed) -> Anomaly | None:
        if event.kind is not AccessGranted:
            return None if self.window else Anomaly(event.number, "access_not_held")
        if self.episode is None:
            return Anomaly(event.number, "not_a_partner")
        if self.actual_owner != self.owner:
            blocker = self.holder.number if self.holder else 0
            return Anomaly(event.number, "not_the_owner", blocker, self.actual_owner)
        if self.window:
            return Anomaly(event.number, "access_already_held", self.window.opened_by)
        return None

    def close(self, event: Placed, cause: Cause) -> None:
        if self.window:
            self.window.close(
                at=event.effective, earliest=self.earliest, by=event.number, cause=cause
            )
            self.window = None

    def open(self, event: Placed) -> Window:
        terms = event.terms
        self.window = Window(
            event.number,
            self.earliest,
            event.effective,
            tasks=terms.tasks,
            planned_end=terms.planned_end,
            partner_name=terms.partner_name or self.partner_name,
            asset_name=terms.asset_name or self.asset_name,
        )
        return self.window

    def partner_event(self, event: Placed) -> None:
        if event.kind is PartnerAdded:
            self.episode = event
            self.partner_name = event.terms.partner_name
        else:
            self.close(event, "partner_removed")
            self.episode = None

    def ownership_event(self, event: Placed) -> None:
        if event.kind is OwnershipEstablished:
            self.actual_owner = event.owner
        else:
            self.actual_owner = event.terms.to_owner
        self.holder = event if self.actual_owner else None
        self.asset_name = event.terms.asset_name or self.asset_name
        if self.actual_owner != self.owner:
            self.close(event, _end_cause(event))


def read_line(
    owner: str,
    episode_events: Sequence[Placed],
    ownership_events: Sequence[Placed],
    access_events: Sequence[Placed],
) -> LineReading:
    """The windows of one line from its access events and the effective events around it.

    Each of the three comes in the order of the fold. A moment in an edge is bounded from below by
    every event before it in these three, which together are all that bears on the line.
    """
    reading = LineReading([], [], None)
    line = _Line(owner)
    for event in sorted((*episode_events, *ownership_events, *access_events)):
        if event.kind is PartnerAdded or event.kind is PartnerRemoved:
            line.earliest = max(line.earliest, event.earliest)
            line.partner_event(event)
        elif issubclass(event.kind, OwnershipEvent):
            line.earliest = max(line.earliest, event.earliest)
            line.ownership_event(event)
        elif anomaly := line.objection(event):
            reading.anomalies.append(anomaly)
        else:
            line.earliest = max(line.earliest, event.earliest)
            reading.last_effective = event
            if event.kind is AccessRevoked:
                line.close(event, "access_revoked")
            else:
                line.close(event, "access_changed")
                reading.windows.append(line.open(event))
    return reading
