"""What judging an append needs to know of a book, kept current entry by entry.

For each pair, asset and line the state holds the placed events in the order of the fold, voided
ones included, and a *tail*: the event by which an episode, an ownership or a window stands open at
the end, by its own events. The tail alone answers for an event that comes after all others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from domain.events import (
    AccessChanged,
    AccessEvent,
    AccessGranted,
    AnyEffective,
    AnyEvent,
    EntryVoided,
    OwnershipEstablished,
    OwnershipEvent,
    OwnershipTransferred,
    PartnerAdded,
    PartnerEvent,
)
from domain.folding import read_episodes, read_line, read_ownership
from domain.instants import to_microseconds
from domain.refusals import Stated
from domain.voids import Voids
from domain.windows import (
    NO_TERMS,
    Place,
    Placed,
    Terms,
    lower_bound,
    place_behind,
)

PairKey = tuple[str, str]
AssetKey = tuple[str, str]
LineKey = tuple[str, str, str, str]


@dataclass(slots=True, eq=False)
class PairHistory:
    """The partner events of one owner and one partner."""

    key: PairKey
    events: list[Placed] = field(default_factory=list)
    tail: tuple[Placed, ...] | None = ()
    """The opening event of the open episode; None when it has to be read again."""
    lines: list["LineKey"] = field(default_factory=list)
    latest_access: Placed | None = None
    episode_touched: int = 0
    partner_touched: int = 0

    @property
    def stated(self) -> Stated:
        """Whom the events speak of."""
        return Stated(*self.key, None)


@dataclass(slots=True, eq=False)
class AssetHistory:
    """The ownership events of one asset."""

    key: AssetKey
    events: list[Placed] = field(default_factory=list)
    tail: tuple[Placed, ...] | None = ()
    lines: list["LineKey"] = field(default_factory=list)
    latest_access: Placed | None = None
    ownership_touched: int = 0
    asset_touched: int = 0


@dataclass(slots=True, eq=False)
class LineHistory:
    """The access events of one owner, partner and asset."""

    pair: PairHistory
    asset: AssetHistory
    events: list[Placed] = field(default_factory=list)
    tail: tuple[Placed, ...] | None = ()
    touched: int = 0

    @property
    def owner(self) -> str:
        """The owner that grants on this line."""
        return self.pair.key[0]

    @property
    def stated(self) -> Stated:
        """Whom and what the events speak of."""
        return Stated(*self.pair.key, self.asset.key)


History = PairHistory | AssetHistory | LineHistory


class BookState:
    """A book as known at its newest entry. `evolve` changes it in place."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.newest = 0
        self.newest_recorded_at: datetime | None = None
        self.pairs: dict[PairKey, PairHistory] = {}
        self.assets: dict[AssetKey, AssetHistory] = {}
        self.lines: dict[LineKey, LineHistory] = {}
        self.voids = Voids()
        self.homes: list[History] = []
        """Where each entry's event is kept, by number; for a void, where that of its target is."""

    # --- looking up

    def pair(self, key: PairKey) -> PairHistory:
        """The pair's history, an empty one where nothing is recorded."""
        return self.pairs.get(key) or PairHistory(key)

    def asset(self, key: AssetKey) -> AssetHistory:
        """The asset's history, an empty one where nothing is recorded."""
        return self.assets.get(key) or AssetHistory(key)

    def line(self, key: LineKey) -> LineHistory:
        """The line's history, an empty one where nothing is recorded."""
        known = self.lines.get(key)
        return known or LineHistory(self.pair(key[:2]), self.asset(key[2:]))

    def lines_of(self, around: PairHistory | AssetHistory) -> Iterator[LineHistory]:
        """The lines that a pair's or an asset's events bear on."""
        return (self.lines[key] for key in around.lines)

    def history_of(self, event: AnyEffective) -> History:
        """Where the event belongs."""
        match event:
            case AccessEvent():  # the most, so asked first
                return self.line(event.line)
            case PartnerEvent():
                return self.pair(event.pair)
            case OwnershipEvent():
                return self.asset(event.asset.key)

    def place(self, number: int) -> Place:
        """The place of an entry among those of its moment."""
        if self.voids.is_a_void(number):
            return (number,)
        return self.placed_entry(number).place

    def placed_entry(self, number: int) -> Placed:
        """The event of an entry that is not a void, in its place."""
        events = self.homes[number - 1].events
        return next(placed for placed in events if placed.number == number)

    def placed(
        self,
        event: AnyEffective,
        number: int,
        voids: Voids | None = None,
    ) -> Placed:
        """The event in its place, without the terms that judging does not need.

        `voids` are those of an append under judgement; else those of the state.
        """
        place: Place = (number,)
        if event.replaces:
            void = (voids or self.voids).last_void_of(event.replaces)
            place = place_behind(self.place(event.replaces), void, number)
        to_owner = event.to_owner if isinstance(event, OwnershipTransferred) else None
        return Placed(
            to_microseconds(event.effective_at),
            place,
            number,
            lower_bound(event),
            type(event),
            event.owner,
            Terms(to_owner=to_owner) if to_owner else NO_TERMS,
        )

    def standing(self, events: Iterable[Placed]) -> list[Placed]:
        """The events that are not void."""
        voids = self.voids
        return [placed for placed in events if placed.number not in voids]

    def pair_tail(self, pair: PairHistory) -> tuple[Placed, ...]:
        """The event by which the pair's episode is open at the end, if it is."""
        if pair.tail is None:
            effective = read_episodes(self.standing(pair.events)).effective
            pair.tail = tail_after(effective[-1]) if effective else ()
        return pair.tail

    def asset_tail(self, asset: AssetHistory) -> tuple[Placed, ...]:
        """The event by which somebody owns the asset at the end, if somebody does."""
        if asset.tail is None:
            effective = read_ownership(self.standing(asset.events)).effective
            asset.tail = tail_after(effective[-1]) if effective else ()
        return asset.tail

    def line_tail(self, line: LineHistory) -> tuple[Placed, ...]:
        """The last event that opened a window, if no access event closed it since."""
        if line.tail is None:
            last = read_line(
                line.owner,
                sorted(
                    [
                        *read_episodes(self.standing(line.pair.events)).effective,
                        *read_ownership(self.standing(line.asset.events)).effective,
                        *self.standing(line.events),
                    ]
                ),
            ).last_effective
            line.tail = tail_after(last) if last else ()
        return line.tail

    # --- touching

    def touches(self, event: AnyEvent) -> dict[str, int]:
        """Each subject the event touches, with the entry that touched it before (0 if none)."""
        if not isinstance(event, EntryVoided):
            return _touches(self.history_of(event))
        return _touches(self.homes[event.entry - 1])

    def newest_touching(self, subject: str) -> int:
        """The newest entry that touches a subject (`domain.entry.subjects`), 0 if none does."""
        kind, first, second = subject.split(":", 2)
        match kind:
            case "asset":
                return self.asset((first, second)).asset_touched
            case "ownership":
                return self.asset((first, second)).ownership_touched
            case "partner":
                return self.pair((first, second)).partner_touched
            case "episode":
                return self.pair((first, second)).episode_touched
            case "line":
                partner, asset_type, asset_id = second.split(":", 2)
                return self.line((first, partner, asset_type, asset_id)).touched
        raise ValueError(f"{subject} is not a subject")


def _touches(home: History) -> dict[str, int]:
    match home:
        case PairHistory(key=(owner, partner)):
            return {
                f"partner:{owner}:{partner}": home.partner_touched,
                f"episode:{owner}:{partner}": home.episode_touched,
            }
        case AssetHistory(key=(asset_type, asset_id)):
            return {
                f"asset:{asset_type}:{asset_id}": home.asset_touched,
                f"ownership:{asset_type}:{asset_id}": home.ownership_touched,
            }
        case LineHistory(pair=pair, asset=asset):
            (owner, partner), (asset_type, asset_id) = pair.key, asset.key
            return {
                f"asset:{asset_type}:{asset_id}": asset.asset_touched,
                f"line:{owner}:{partner}:{asset_type}:{asset_id}": home.touched,
                f"partner:{owner}:{partner}": pair.partner_touched,
            }


def tail_after(event: Placed) -> tuple[Placed, ...]:
    """The tail once an effective event has come after all others.

    A change stands as a grant and a transfer as an establishment: alone, without what they change.
    """
    kind = event.kind
    if kind is PartnerAdded or kind is OwnershipEstablished or kind is AccessGranted:
        return (event,)
    if kind is AccessChanged:
        return (event._replace(kind=AccessGranted),)
    if event.terms.to_owner:
        return (event._replace(kind=OwnershipEstablished, owner=event.terms.to_owner),)
    return ()
