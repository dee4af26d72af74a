"""What events add up to: the episodes of a pair, the owners of an asset, the windows of a line.

A line is one owner, one partner and one asset. Its reading needs its own access events and the
partner events of the pair and the ownership events of the asset that took effect; nothing else
bears on it. That is why a change re-reads a few lines and not the book. A fold takes its events
in the order of the fold; one that comes after all others is taken as it comes, which is why most
changes re-read nothing.
"""

from collections.abc import Iterable

from domain.events import (
    AccessChanged,
    AccessGranted,
    AccessRevoked,
    EffectiveEvent,
    OwnershipEnded,
    OwnershipEstablished,
    PartnerAdded,
    PartnerRemoved,
)
from domain.instants import FAR, Microseconds
from domain.windows import Anomaly, Cause, Episode, Objection, Ownership, Placed, Window

_OF_LINES: frozenset[type[EffectiveEvent]] = frozenset(
    (AccessGranted, AccessChanged, AccessRevoked)
)
_OF_PAIRS: frozenset[type[EffectiveEvent]] = frozenset((PartnerAdded, PartnerRemoved))
"""Looked up by kind: asking each for its bases would cost as much as folding it."""


class EpisodesFold:
    """A pair's partner events, read one by one."""

    __slots__ = ("anomalies", "earliest", "effective", "episode", "spans")

    def __init__(self) -> None:
        self.spans: list[Episode] = []
        self.effective: list[Placed] = []
        self.anomalies: list[Anomaly] = []
        self.episode: Episode | None = None
        """The one that is open."""
        self.earliest: Microseconds = -FAR

    def take(self, event: Placed) -> tuple[Episode, ...]:
        """Read one more event; returns the episode that it opened or closed, none if an anomaly."""
        episode = self.episode
        adds = event.kind is PartnerAdded
        if adds is (episode is not None):
            self.anomalies.append(
                Anomaly(event.number, "not_a_partner")
                if episode is None
                else Anomaly(event.number, "partner_already_added", episode.opened_by)
            )
            return ()
        self.effective.append(event)
        earliest = self.earliest = max(self.earliest, event.earliest)
        if episode is None:
            self.episode = episode = Episode(
                event.number, earliest, event.effective, partner_name=event.terms.partner_name
            )
            self.spans.append(episode)
            return (episode,)
        episode.close(
            at=event.effective, earliest=earliest, by=event.number, cause="partner_removed"
        )
        episode.removed_by = event.terms.detail
        self.episode = None
        return (episode,)


class OwnershipFold:
    """An asset's ownership events, read one by one."""

    __slots__ = ("anomalies", "earliest", "effective", "overriding", "spans")

    def __init__(self) -> None:
        self.spans: list[Ownership] = []
        self.effective: list[Placed] = []
        self.anomalies: list[Anomaly] = []
        self.overriding: list[int] = []
        """Entries that established an owner over a different one."""
        self.earliest: Microseconds = -FAR

    def take(self, event: Placed) -> tuple[Ownership, ...]:
        """Read one more event; returns the ownerships that it closed and opened."""
        before = self.spans[-1] if self.spans else None
        owner = before.owner if before else None
        objection: Objection | None
        if event.kind is OwnershipEstablished:
            objection = "already_the_owner" if event.owner == owner else None
            new_owner: str | None = event.owner
            if owner is not None and objection is None:
                self.overriding.append(event.number)
        else:
            objection = None if event.owner == owner else "not_the_owner"
            new_owner = event.terms.to_owner
        if objection:
            blocker = before.opened_by if before else 0
            self.anomalies.append(Anomaly(event.number, objection, blocker, owner))
            return ()
        earliest = self.earliest = max(self.earliest, event.earliest)
        after = Ownership(
            event.number,
            earliest,
            event.effective,
            owner=new_owner,
            detail=event.terms.detail or "unknown",
            asset_name=event.terms.asset_name or (before.asset_name if before else None),
        )
        self.spans.append(after)
        self.effective.append(event)
        if before is None:
            return (after,)
        before.close(
            at=event.effective, earliest=earliest, by=event.number, cause=_end_cause(event)
        )
        return (before, after)


def _end_cause(event: Placed) -> Cause:
    """The cause of what an effective ownership event closes."""
    if event.kind is not OwnershipEnded:
        return "ownership_changed"
    return "asset_deleted" if event.terms.detail == "asset_deleted" else "ownership_ended"


class LineFold:
    """A line's access events, read one by one among the effective events around it.

    A moment in an edge is bounded from below by every event before it in these, which together are
    all that bears on the line.
    """

    __slots__ = (
        "_asset_name", "_earliest", "_episode", "_holder", "_owner",
        "_partner_name", "anomalies", "last_effective", "spans", "window",
    )  # fmt: skip

    def __init__(self, owner: str) -> None:
        self.spans: list[Window] = []
        self.anomalies: list[Anomaly] = []
        self.last_effective: Placed | None = None
        self.window: Window | None = None
        """The one that is open."""
        self._owner = owner
        self._episode: Placed | None = None
        self._holder: Placed | None = None
        """The ownership event by which somebody owns the asset, as the owner's own."""
        self._earliest: Microseconds = -FAR
        self._asset_name: str | None = None
        self._partner_name: str | None = None

    def take(self, event: Placed) -> tuple[Window, ...]:
        """Read one more event; returns the windows that it closed and opened.

        An event of the pair or the asset is one that took effect there.
        """
        kind = event.kind
        if kind not in _OF_LINES:
            self._earliest = max(self._earliest, event.earliest)
            if kind in _OF_PAIRS:
                return self._partner_event(event)
            return self._ownership_event(event)
        window = self.window
        open_by = window.opened_by if window else 0
        if anomaly := access_objection(event, self._owner, self._episode, self._holder, open_by):
            self.anomalies.append(anomaly)
            return ()
        self._earliest = max(self._earliest, event.earliest)
        self.last_effective = event
        if kind is AccessRevoked:
            return self._close(event, "access_revoked")
        if window is None:
            return (self._open(event),)
        return (*self._close(event, "access_changed"), self._open(event))

    def _close(self, event: Placed, cause: Cause) -> tuple[Window, ...]:
        window = self.window
        if window is None:
            return ()
        window.close(at=event.effective, earliest=self._earliest, by=event.number, cause=cause)
        self.window = None
        return (window,)

    def _open(self, event: Placed) -> Window:
        terms = event.terms
        self.window = window = Window(
            event.number,
            self._earliest,
            event.effective,
            terms.tasks,
            terms.planned_end,
            terms.partner_name or self._partner_name,
            terms.asset_name or self._asset_name,
        )
        self.spans.append(window)
        return window

    def _partner_event(self, event: Placed) -> tuple[Window, ...]:
        if event.kind is PartnerRemoved:
            self._episode = None
            return self._close(event, "partner_removed")
        self._episode = event
        self._partner_name = event.terms.partner_name
        return ()

    def _ownership_event(self, event: Placed) -> tuple[Window, ...]:
        established = event.kind is OwnershipEstablished
        new_owner = event.owner if established else event.terms.to_owner
        self._holder = None
        if new_owner is not None:
            self._holder = event if established else event._replace(owner=new_owner)
        self._asset_name = event.terms.asset_name or self._asset_name
        if new_owner == self._owner:
            return ()
        return self._close(event, _end_cause(event))


def access_objection(
    event: Placed, owner: str, episode: Placed | None, holder: Placed | None, open_by: int
) -> Anomaly | None:
    """Why an access event would have no effect among the state of its line, if it would not.

    `episode` opened the episode, `holder` is by the asset's owner, `open_by` opened the window.
    """
    if event.kind is not AccessGranted:
        return None if open_by else Anomaly(event.number, "access_not_held")
    if episode is None:
        return Anomaly(event.number, "not_a_partner")
    if holder is None:
        return Anomaly(event.number, "not_the_owner")
    if holder.owner != owner:
        return Anomaly(event.number, "not_the_owner", holder.number, holder.owner)
    if open_by:
        return Anomaly(event.number, "access_already_held", open_by)
    return None


def read_episodes(events: Iterable[Placed]) -> EpisodesFold:
    """The episodes of one pair from its partner events, in the order of the fold."""
    fold = EpisodesFold()
    for event in events:
        fold.take(event)
    return fold


def read_ownership(events: Iterable[Placed]) -> OwnershipFold:
    """Who owned one asset, from its ownership events, in the order of the fold."""
    fold = OwnershipFold()
    for event in events:
        fold.take(event)
    return fold


def read_line(owner: str, events: Iterable[Placed]) -> LineFold:
    """The windows of one line from its access events and the effective events around it.

    All in one, in the order of the fold.
    """
    fold = LineFold(owner)
    for event in events:
        fold.take(event)
    return fold
