"""What a change re-reads: pairs, assets and lines, with the rows that say what is believed of them.

An event that comes after all others is taken by the fold as it is. Any other makes the view
*late*: at the end of its append the whole view is folded anew and the difference is written.
"""

from abc import ABC, abstractmethod
from bisect import insort
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

from domain.folding import (
    EpisodesFold,
    LineFold,
    OwnershipFold,
    read_episodes,
    read_line,
    read_ownership,
)
from domain.levels import level
from domain.refusals import Stated, objection_text
from domain.voids import Voids
from domain.windows import Anomaly, Episode, Ownership, Placed, Span, Window
from ledger.stored_bytes import canonical_json
from projections.tables import Belief, Changes, Row

Fold = TypeVar("Fold", bound=EpisodesFold | OwnershipFold | LineFold)


class View(ABC, Generic[Fold]):
    """Some events of a book and the rows that say what they come to."""

    __slots__ = ("anomalies", "book", "changed", "events", "fold", "late", "rows", "voids")

    TABLE: ClassVar[Belief]

    def __init__(self, book: str, fold: Fold) -> None:
        self.book = book
        self.fold: Fold = fold
        self.events: list[Placed] = []
        self.voids: Voids | None = None
        self.rows: dict[int, Row] = {}
        """What is believed now, by opening entry."""
        self.anomalies: dict[int, Row] = {}
        self.changed: list[Any] = []
        """The spans that events of this append opened or closed."""
        self.late = False

    def void(self, number: int, target: int) -> None:
        """An entry voids one of the events."""
        self.voids = self.voids or Voids()
        self.voids.add(number, target)
        self.late = True

    def standing(self) -> Sequence[Placed]:
        """The events that are not void, in the order of the fold."""
        voids = self.voids
        if not voids:
            return self.events
        return [placed for placed in self.events if placed.number not in voids]

    def put(self, placed: Placed) -> bool:
        """Put an event in its place; whether it comes after all others."""
        events = self.events
        if events and placed < events[-1]:
            insort(events, placed)
            self.late = True
            return False
        events.append(placed)
        return not self.late

    def take(self, placed: Placed) -> bool:
        """Let the fold take an event that comes after all others; whether it had an effect."""
        spans = self.fold.take(placed)
        self.changed += spans
        return bool(spans)

    @abstractmethod
    def read(self) -> Fold:
        """All the events, folded anew."""

    @abstractmethod
    def row(self, span: Any) -> tuple[Any, ...]:
        """The columns of a span."""

    @abstractmethod
    def stated(self) -> Stated:
        """Whom and what the events speak of; an asset's owner is that of each event."""

    def load(self) -> None:
        """Take what the events come to for what is believed in the read model already."""
        self.fold = self.read()
        self.late = False
        self.rows = {
            s.opened_by: Row(self.TABLE, self.row(s), stored=True) for s in self.fold.spans
        }
        self.anomalies = {
            anomaly.number: Row("anomaly", self.anomaly_row(anomaly), stored=True)
            for anomaly in self.fold.anomalies
        }

    def settle(self, known: int, changes: Changes) -> None:
        """Write what the append changed, as believed from this entry of the book on."""
        if self.late:
            self._settle_anew(known, changes)
        elif self.changed:
            wanted = [(span.opened_by, self.row(span)) for span in self.changed]
            self.changed.clear()
            self._believe(self.TABLE, self.rows, wanted, known, changes)
        if self.fold.anomalies or self.anomalies:
            self._settle_anomalies(known, changes)

    def _settle_anew(self, known: int, changes: Changes) -> None:
        self.fold = self.read()
        self.late = False
        self.changed.clear()
        wanted = {span.opened_by: self.row(span) for span in self.fold.spans}
        for key in self.rows.keys() - wanted.keys():
            changes.supersede(self.rows.pop(key), known)
        self._believe(self.TABLE, self.rows, wanted.items(), known, changes)

    def _settle_anomalies(self, known: int, changes: Changes) -> None:
        wanted = {anomaly.number: self.anomaly_row(anomaly) for anomaly in self.fold.anomalies}
        for key in self.anomalies.keys() - wanted.keys():
            changes.supersede(self.anomalies.pop(key), known)
        self._believe("anomaly", self.anomalies, wanted.items(), known, changes)

    def _believe(
        self,
        table: Belief,
        rows: dict[int, Row],
        wanted: Iterable[tuple[int, tuple[Any, ...]]],
        known: int,
        changes: Changes,
    ) -> None:
        beliefs = changes.beliefs[table]
        for key, values in wanted:
            row = rows.get(key)
            if row is not None:
                if row.values == values:
                    continue
                changes.supersede(row, known)
            rows[key] = row = Row(table, values, known)
            beliefs.append(row)

    def anomaly_row(self, anomaly: Anomaly) -> tuple[Any, ...]:
        """The columns of an entry without effect."""
        stated = self.stated()
        placed = next(event for event in self.events if event.number == anomaly.number)
        stated = Stated(placed.owner, stated.partner, stated.asset)
        why, _ = objection_text(anomaly, placed, stated)
        return (self.book, anomaly.number, why, anomaly.blocker)


def _span(span: Span) -> tuple[Any, ...]:
    return (
        span.start_earliest, span.start, span.end_earliest, span.end,
        span.opened_by, span.closed_by, span.cause,
    )  # fmt: skip


class AroundLines(View[Fold]):
    """A view whose events bear on lines too: a pair, or an asset."""

    __slots__ = ("all_lines", "id", "key", "lines")

    def __init__(self, book: str, fold: Fold, key: tuple[str, str], id: int) -> None:
        super().__init__(book, fold)
        self.key = key
        self.id = id
        self.lines: list[LineView] = []
        """The lines that are in hand."""
        self.all_lines = False
        """Whether these are all that there are."""


class PairView(AroundLines[EpisodesFold]):
    """The partner events of one owner and one partner."""

    __slots__ = ()

    TABLE: ClassVar[Belief] = "episode"

    def __init__(self, book: str, key: tuple[str, str], id: int) -> None:
        super().__init__(book, EpisodesFold(), key, id)

    def read(self) -> EpisodesFold:
        """The episodes."""
        return read_episodes(self.standing())

    def row(self, span: Episode) -> tuple[Any, ...]:
        """The columns of an episode."""
        return (self.id, *_span(span), span.partner_name, span.removed_by)

    def stated(self) -> Stated:
        """The pair."""
        return Stated(*self.key, None)


class AssetView(AroundLines[OwnershipFold]):
    """The ownership events of one asset."""

    __slots__ = ()

    TABLE: ClassVar[Belief] = "ownership"

    def __init__(self, book: str, key: tuple[str, str], id: int) -> None:
        super().__init__(book, OwnershipFold(), key, id)

    def read(self) -> OwnershipFold:
        """The owners."""
        return read_ownership(self.standing())

    def row(self, span: Ownership) -> tuple[Any, ...]:
        """The columns of an ownership."""
        return (self.id, *_span(span), span.owner, span.detail, span.asset_name)

    def stated(self) -> Stated:
        """The asset."""
        return Stated("", None, self.key)


class LineView(View[LineFold]):
    """The access events of one owner, partner and asset."""

    __slots__ = ("asset", "newest", "pair")

    TABLE: ClassVar[Belief] = "access_window"

    def __init__(self, book: str, pair: PairView, asset: AssetView) -> None:
        super().__init__(book, LineFold(pair.key[0]))
        self.pair = pair
        self.asset = asset
        self.newest: Placed | None = None
        """The last event that the fold took, of the line or around it."""

    def take(self, placed: Placed) -> bool:
        """Let the fold take an event of the line or around it, if it comes after all others."""
        newest = self.newest
        if self.late or (newest is not None and placed < newest):
            self.late = True
            return False
        self.newest = placed
        spans = self.fold.take(placed)
        self.changed += spans
        return bool(spans)

    def read(self) -> LineFold:
        """The windows."""
        events = [*self.pair.fold.effective, *self.asset.fold.effective, *self.standing()]
        events.sort()
        self.newest = events[-1] if events else None
        return read_line(self.pair.key[0], events)

    def row(self, span: Window) -> tuple[Any, ...]:
        """The columns of a window."""
        tasks, name = _tasks_and_level(self.asset.key[0], span.tasks)
        return (
            self.asset.id, self.pair.id,
            span.start_earliest, span.start, span.end_earliest, span.end,
            span.opened_by, span.closed_by, span.cause,
            tasks, name, span.planned_end, span.partner_name, span.asset_name,
        )  # fmt: skip

    def stated(self) -> Stated:
        """The line."""
        return Stated(*self.pair.key, self.asset.key)


@lru_cache(maxsize=10_000)
def _tasks_and_level(asset_type: str, tasks: tuple[str, ...]) -> tuple[str, str]:
    return canonical_json(tasks).decode(), level(asset_type, tasks)


AnyView = PairView | AssetView | LineView


def with_late_lines(views: Iterable[AnyView]) -> list[AnyView]:
    """The views with every line of a pair or asset that is folded anew; lines come last."""
    lines: dict[int, LineView] = {}
    around: list[AnyView] = []
    for view in views:
        if isinstance(view, LineView):
            lines[id(view)] = view
            continue
        around.append(view)
        if view.late:
            for line in view.lines:
                line.late = True
                lines[id(line)] = line
    return [*around, *lines.values()]
