"""Two moments side by side: what is the same, and what differs, sorted for a reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from domain.state import AssetKey
from projections.answers import AssetRef, Change, Coverage, Holding, Ownership
from projections.moments import AsOf, Clocks

Clock = Literal["time", "knowledge", "both", "nothing"]
"""What differs between two moments: the instant, the state of knowledge, both or neither."""
Sort = Literal["began", "ended", "level", "same_level", "certain", "uncertain"]

HEADINGS: Mapping[Sort, tuple[str, str]] = {
    "began": ("Access that began", "Access newly said to be there"),
    "ended": ("Access that ended", "Access no longer said to be there"),
    "level": ("Level that changed", "Level that is said differently"),
    "same_level": ("Same level, but other tasks", "Same level, but other tasks"),
    "certain": ("Became certain", "Became certain"),
    "uncertain": ("No longer certain", "No longer certain"),
}
"""How differences in access are called where something happened, and where it was only learned."""
NEUTRAL: Mapping[Sort, str] = {
    "began": "Access after, and not before",
    "ended": "Access before, and not after",
    "level": "Another level",
}
"""How they are called where it may be either."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two moments, with what a cell says that shows no access."""

    clocks: Clocks
    coverages: Mapping[AssetKey, Coverage]
    ownerships: Mapping[AssetKey, tuple[Ownership, ...]]

    @property
    def as_of(self) -> AsOf:
        """Both clocks, pinned."""
        return AsOf(at=self.clocks.at, known_at=self.clocks.known_at.entry)

    def coverage(self, asset: AssetRef) -> Coverage:
        """How much the book can say of an asset."""
        return self.coverages.get((asset.type, asset.id), "unknown")

    def owners(self, asset: AssetRef) -> tuple[Ownership, ...]:
        """Who owns an asset, or may; none where the book does not know of an owner."""
        return self.ownerships.get((asset.type, asset.id), ())

    def is_owner(self, asset: AssetRef, partner: str) -> bool:
        """Whether a partner itself owns an asset, or may."""
        return any(item.owner == partner for item in self.owners(asset))


class OwnerChange(NamedTuple):
    """An asset whose owner differs."""

    asset: AssetRef
    before: tuple[Ownership, ...]
    after: tuple[Ownership, ...]
    entries: tuple[int, ...]


def clock_of(before: Clocks, after: Clocks) -> Clock:
    """Which of the clocks differ between two moments."""
    time, knowledge = before.at != after.at, before.known_at.entry != after.known_at.entry
    if time and knowledge:
        return "both"
    return "time" if time else "knowledge" if knowledge else "nothing"


def is_turned(before: Clocks, after: Clocks) -> bool:
    """Whether the moment before is the later one, on either clock."""
    return before.at > after.at or before.known_at.entry > after.known_at.entry


def heading(sort: Sort, clock: Clock) -> str:
    """What a sort of differences is called."""
    happened, learned = HEADINGS[sort]
    if clock == "knowledge":
        return learned
    return NEUTRAL.get(sort, happened) if clock == "both" else happened


def sort_of(change: Change) -> Sort:
    """How the access on a line differs."""
    if change.kind == "added":
        return "began"
    if change.kind == "removed":
        return "ended"
    before, after = _tasks(change.before), _tasks(change.after)
    if _certain(change.after) and not _certain(change.before) and after <= before:
        return "certain"
    if _certain(change.before) and not _certain(change.after) and before <= after:
        return "uncertain"
    levels = [{holding.level for holding in side} for side in (change.before, change.after)]
    return "level" if levels[0] != levels[1] else "same_level"


def _tasks(side: Sequence[Holding]) -> set[tuple[str, ...]]:
    return {holding.tasks for holding in side}


def _certain(side: Sequence[Holding]) -> bool:
    return all(holding.certainty == "certain" for holding in side)


def owners_between(before: Side, after: Side) -> list[OwnerChange]:
    """The assets whose owner differs, sorted."""
    found = []
    for key in sorted(before.ownerships.keys() | after.ownerships.keys()):
        was, now = before.ownerships.get(key, ()), after.ownerships.get(key, ())
        if _said(was) == _said(now):
            continue
        opened = {item.window.opened_by for item in was}, {item.window.opened_by for item in now}
        entries = (opened[1] - opened[0]) | {
            item.window.closed_by
            for item in was
            if item.window.closed_by and item.window.opened_by not in opened[1]
        }
        found.append(OwnerChange((now or was)[0].asset, was, now, tuple(sorted(entries))))
    return found


def _said(ownerships: Sequence[Ownership]) -> list[tuple[str | None, str, str]]:
    """Who owns an asset. That nobody is known to is the same whether it is recorded or not."""
    deleted = "asset_deleted"
    return [
        (item.owner, item.detail if item.detail == deleted else "", item.certainty)
        for item in ownerships
        if item.owner or item.detail == deleted
    ]
