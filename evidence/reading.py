"""The reading: what entries come to, folded anew from the entries alone.

The rules are those of the ledger, written a second time: leave out what is void; put the rest in
the order of effective time, and at one moment in the order of places; take one event after the
other. An event that does not apply has no effect. Nothing here trusts what a ledger worked out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.entries import (
    OWNERSHIP_EVENTS,
    PARTNER_EVENTS,
    Entry,
    asset_name,
    asset_of,
    optional_text,
    pair_of,
    tasks_of,
    text_of,
)
from evidence.errors import Incomplete
from evidence.instants import FAR
from evidence.objections import (
    access_already_held,
    access_not_held,
    already_a_partner,
    already_the_owner,
    not_a_partner,
    not_the_owner,
)

Pair = tuple[str, str]
Asset = tuple[str, str]
Line = tuple[Pair, Asset]

MAX_REPLACEMENTS = 1_000
"""Of one fact, one after the other. A ledger takes a hundred; a longer chain is no correction."""


@dataclass(slots=True, kw_only=True)
class Span:
    """A half-open stretch of time with its edges, and the entries at its ends."""

    opened_by: int
    since_earliest: int
    since: int
    until_earliest: int = FAR
    until: int = FAR
    closed_by: int = 0
    cause: str | None = None

    def end(self, entry: Entry, earliest: int, cause: str) -> None:
        """End the span by an entry; it cannot have ended before it can have begun."""
        self.until = entry.effective_at
        self.until_earliest = max(self.since_earliest, earliest)
        self.closed_by = entry.number
        self.cause = cause

    def may_cover(self, at: int) -> bool:
        """Whether the moment lies in the span, certainly or possibly."""
        return self.since_earliest <= at < self.until


@dataclass(slots=True, kw_only=True)
class Episode(Span):
    """One partnership, from adding to removing."""

    pair: Pair
    partner_name: str | None
    removed_by: str | None = None


@dataclass(slots=True, kw_only=True)
class Ownership(Span):
    """Who owned an asset; or, without an owner, what became of it."""

    asset: Asset
    owner: str | None
    detail: str
    name: str | None


@dataclass(slots=True, kw_only=True)
class Window(Span):
    """A stretch in which a partner held given tasks on an asset."""

    pair: Pair
    asset: Asset
    tasks: tuple[str, ...]
    planned_end: str | None
    partner_name: str | None
    asset_name: str | None


@dataclass(slots=True)
class Reading:
    """What entries come to. Lists are in the order of the fold."""

    episodes: list[Episode] = field(default_factory=list)
    ownerships: list[Ownership] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    void: dict[int, int] = field(default_factory=dict)
    """Each entry that is void, with the entry by which it is."""
    without_effect: dict[int, str] = field(default_factory=dict)
    """Each entry that does not apply, with what stands in its way."""


def read(entries: Sequence[Entry], among: Mapping[int, Entry]) -> Reading:
    """The reading of entries in the order of their numbers.

    `among` holds also entries that only say where another stands, because it replaces them.
    """
    reading = Reading(void=void_entries(entries))
    standing = [e for e in entries if not e.is_void and e.number not in reading.void]
    fold = _Fold(reading)
    for entry in in_order(standing, among):
        fold.take(entry)
    return reading


def void_entries(entries: Sequence[Entry]) -> dict[int, int]:
    """Each void entry with the first of its voids that is not void itself.

    A void comes after what it voids, so from the newest down it is settled before it is needed.
    """
    void: dict[int, int] = {}
    for entry in reversed(entries):
        if entry.is_void and entry.number not in void:
            void[entry.voids] = entry.number
    return void


def in_order(entries: Iterable[Entry], among: Mapping[int, Entry]) -> list[Entry]:
    """Entries by effective time and, where several have one moment, by place."""
    moments: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        moments[entry.effective_at].append(entry)
    ordered = []
    for _, together in sorted(moments.items()):
        if len(together) > 1:
            together.sort(key=lambda entry: place(entry, among))
        ordered += together
    return ordered


def place(entry: Entry, among: Mapping[int, Entry]) -> tuple[int, ...]:
    """Where an entry stands among those of one moment (decision 7).

    An entry stands at its number. One that replaces another stands behind the place of that one,
    the newest append first, and in an append by number. An append is told by its recorded time,
    which is the same for the void that made room and for what took it.
    """
    chain = [entry]
    while chain[-1].replaces and not chain[-1].is_void:
        if len(chain) > MAX_REPLACEMENTS:
            raise Incomplete(f"entry {entry.number} is the last of too long a chain of corrections")
        chain.append(_replaced(chain[-1], among))
    found = [chain.pop().number]
    for entry_behind in reversed(chain):
        found += [-entry_behind.recorded, entry_behind.number]
    return tuple(found)


def _replaced(entry: Entry, among: Mapping[int, Entry]) -> Entry:
    replaced = among.get(entry.replaces)
    if replaced is None:
        raise Incomplete(
            f"entry {entry.replaces}, which entry {entry.number} replaces, is missing; "
            "without it the order of one moment is open"
        )
    return replaced


class _Fold:
    """What is open after the events so far."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.episodes: dict[Pair, Episode] = {}
        self.ownerships: dict[Asset, Ownership] = {}
        self.windows: dict[Line, Window] = {}
        self.of_pair: dict[Pair, set[Asset]] = defaultdict(set)
        self.of_asset: dict[Asset, set[Pair]] = defaultdict(set)
        self.bounds: dict[object, int] = {}
        """The earliest moment of the last effective event of each pair, asset and line."""

    def take(self, entry: Entry) -> None:
        """Take one event; what stands in its way is noted if it does not apply."""
        if entry.type in PARTNER_EVENTS:
            obstacle = self._take_partner_event(entry)
        elif entry.type in OWNERSHIP_EVENTS:
            obstacle = self._take_ownership_event(entry)
        else:
            obstacle = self._take_access_event(entry)
        if obstacle is not None:
            self.reading.without_effect[entry.number] = obstacle

    def _bound(self, entry: Entry, own: object, *around: object) -> int:
        """The earliest moment of an event that takes effect: not before those it follows."""
        before = [self.bounds[subject] for subject in (own, *around) if subject in self.bounds]
        self.bounds[own] = max([entry.earliest, *before])
        return self.bounds[own]

    def _close(self, line: Line, entry: Entry, earliest: int, cause: str) -> None:
        pair, asset = line
        self.windows.pop(line).end(entry, earliest, cause)
        self.of_pair[pair].discard(asset)
        self.of_asset[asset].discard(pair)

    def _take_partner_event(self, entry: Entry) -> str | None:
        pair = pair_of(entry.event)
        episode = self.episodes.get(pair)
        if entry.type == "partner-added/v1":
            if episode is not None:
                return already_a_partner(entry, episode.opened_by)
            self.episodes[pair] = Episode(
                opened_by=entry.number,
                since_earliest=self._bound(entry, ("pair", pair)),
                since=entry.effective_at,
                pair=pair,
                partner_name=optional_text(entry.event, "partner_name"),
            )
            self.reading.episodes.append(self.episodes[pair])
            return None
        if episode is None:
            return not_a_partner(entry)
        earliest = self._bound(entry, ("pair", pair))
        self.episodes.pop(pair).end(entry, earliest, "partner_removed")
        episode.removed_by = text_of(entry.event, "removed_by")
        for asset in sorted(self.of_pair[pair]):
            self._close((pair, asset), entry, earliest, "partner_removed")
        return None

    def _take_ownership_event(self, entry: Entry) -> str | None:
        event, asset = entry.event, asset_of(entry.event)
        before = self.ownerships.get(asset)
        named, owner = text_of(event, "owner"), before.owner if before else None
        establishes, ends = (entry.type == f"ownership-{w}/v1" for w in ("established", "ended"))
        if establishes and named == owner:
            return already_the_owner(entry, before.opened_by if before else 0)
        if not establishes and named != owner:
            return not_the_owner(entry, owner, before.opened_by if before else 0)
        detail = text_of(event, "reason" if ends else "basis")
        cause = "ownership_changed"
        if ends:
            cause = "asset_deleted" if detail == "asset_deleted" else "ownership_ended"
        earliest = self._bound(entry, ("asset", asset))
        after = Ownership(
            opened_by=entry.number,
            since_earliest=earliest,
            since=entry.effective_at,
            asset=asset,
            owner=None if ends else optional_text(event, "to_owner") or named,
            detail=detail,
            name=asset_name(event) or (before.name if before else None),
        )
        if before is not None:
            before.end(entry, earliest, cause)
        self.ownerships[asset] = after
        self.reading.ownerships.append(after)
        for pair in sorted(pair for pair in self.of_asset[asset] if pair[0] != after.owner):
            self._close((pair, asset), entry, earliest, cause)
        return None

    def _take_access_event(self, entry: Entry) -> str | None:
        pair, asset = line = (pair_of(entry.event), asset_of(entry.event))
        held = self.windows.get(line)
        if entry.type == "access-granted/v1":
            if (obstacle := self._obstacle_of_grant(entry, line)) is not None:
                return obstacle
        elif held is None:
            return access_not_held(entry)
        earliest = self._bound(entry, line, ("pair", pair), ("asset", asset))
        revokes = entry.type == "access-revoked/v1"
        if held is not None:
            cause = "access_revoked" if revokes else "access_changed"
            self._close(line, entry, earliest, cause)
        if not revokes:
            self._open(entry, line, earliest)
        return None

    def _obstacle_of_grant(self, entry: Entry, line: Line) -> str | None:
        pair, asset = line
        if pair not in self.episodes:
            return not_a_partner(entry)
        ownership = self.ownerships.get(asset)
        owner = ownership.owner if ownership else None
        if owner != pair[0]:
            return not_the_owner(entry, owner, ownership.opened_by if ownership else 0)
        held = self.windows.get(line)
        return None if held is None else access_already_held(entry, held.opened_by)

    def _open(self, entry: Entry, line: Line, earliest: int) -> None:
        pair, asset = line
        event, ownership, episode = entry.event, self.ownerships[asset], self.episodes[pair]
        self.windows[line] = Window(
            opened_by=entry.number,
            since_earliest=earliest,
            since=entry.effective_at,
            pair=pair,
            asset=asset,
            tasks=tasks_of(event),
            planned_end=optional_text(event, "planned_end"),
            partner_name=optional_text(event, "partner_name") or episode.partner_name,
            asset_name=asset_name(event) or ownership.name,
        )
        self.of_pair[pair].add(asset)
        self.of_asset[asset].add(pair)
        self.reading.windows.append(self.windows[line])
