"""What is read from events: their place in the fold, and the spans and anomalies they come to."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from domain.events import (
    AccessChanged,
    AccessGranted,
    AnyEffective,
    EffectiveEvent,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipTransferred,
    PartnerAdded,
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


Place = tuple[int, ...]
"""Where an entry stands among those of one moment: its number, or behind what it replaces."""


def place_behind(replaced: Place, void: int, number: int) -> Place:
    """The place of an entry that replaces another, which the entry `void` voided for it.

    It comes where that one stood: what replaces it last comes first, and what replaces it in one
    append in the order of the append (decision 7).
    """
    return (*replaced, -void, number)


class Placed(NamedTuple):
    """An event in its place in the fold: it sorts by effective time and place."""

    effective: Microseconds
    place: Place
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


def lower_bound(event: EffectiveEvent) -> Microseconds:
    """The first moment at which the event can have happened: just after the old state was seen."""
    if event.effective_after is None:
        return to_microseconds(event.effective_at)
    return to_microseconds(event.effective_after) + 1


def terms_of(event: AnyEffective) -> Terms:
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
