"""The whole history of a book in numbers: its matrix at any instant, without asking again."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, get_args

from domain.instants import FAR, Microseconds
from domain.levels import Level
from projections.answers import AssetRef, Coverage, KnownAt
from projections.reading_rows import span_coverage, weakest

Row = TypeVar("Row")
Column = TypeVar("Column")

LEVELS: tuple[Level, ...] = get_args(Level)


class Party(NamedTuple):
    """A portfolio with the name it was last given."""

    id: str
    name: str | None


class Span(NamedTuple):
    """A window, by the places of its asset and partner; `level` is its place in LEVELS."""

    asset: int
    partner: int
    level: int
    from_earliest: Microseconds
    from_: Microseconds
    to_earliest: Microseconds
    to: Microseconds


class Owned(NamedTuple):
    """An ownership of an asset, and what it lets the book say."""

    asset: int
    coverage: Coverage
    from_earliest: Microseconds
    from_: Microseconds
    to_earliest: Microseconds
    to: Microseconds


Mark = int
"""A kind of window: twice the place of its level, and one more where it is only possible."""
Counts = list[int]
"""How many windows of each kind a cell holds."""


@dataclass(frozen=True, slots=True)
class History:
    """Every window and ownership of a book, as known at an entry. Lists are sorted by asset."""

    book: str
    known_at: KnownAt
    partners: tuple[Party, ...]
    assets: tuple[AssetRef, ...]
    windows: tuple[Span, ...]
    ownerships: tuple[Owned, ...]
    changes: tuple[Microseconds, ...]
    """The instants at which the matrix changes, in order."""

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the assets, sorted."""
        return tuple(sorted({asset.type for asset in self.assets}))

    def open_at(self, at: Microseconds) -> Iterator[tuple[int, int, Mark]]:
        """The windows that are or may be open: the places of asset and partner, and the kind."""
        for asset, partner, level, from_earliest, from_, to_earliest, to in self.windows:
            if from_earliest <= at < to:
                yield asset, partner, 2 * level + (not from_ <= at < to_earliest)

    def by_type(self, opened: Iterable[tuple[int, int, Mark]]) -> dict[tuple[int, str], Counts]:
        """What each partner has on assets of each type, of what is open."""
        types = [asset.type for asset in self.assets]
        return counted((partner, types[asset], mark) for asset, partner, mark in opened)

    def coverages(self, at: Microseconds) -> list[Coverage]:
        """How much the book can say about the holders of each asset."""
        covering: list[list[Coverage]] = [[] for _ in self.assets]
        begun = [False] * len(self.assets)
        for owned in self.ownerships:
            begun[owned.asset] |= owned.from_ <= at
            if owned.from_earliest <= at < owned.to:
                covering[owned.asset].append(owned.coverage)
        return [
            weakest(possible) if has_begun else "unknown"
            for possible, has_begun in zip(covering, begun, strict=True)
        ]

    def change_before(self, at: Microseconds) -> Microseconds | None:
        """The last instant before `at` at which the matrix changed."""
        place = bisect_left(self.changes, at)
        return self.changes[place - 1] if place else None

    def change_after(self, at: Microseconds) -> Microseconds | None:
        """The first instant after `at` at which the matrix changes."""
        place = bisect_right(self.changes, at)
        return self.changes[place] if place < len(self.changes) else None


def counted(marked: Iterable[tuple[Row, Column, Mark]]) -> dict[tuple[Row, Column], Counts]:
    """How many windows of each kind each cell holds."""
    cells: dict[tuple[Row, Column], Counts] = {}
    for (row, column, mark), count in Counter(marked).items():
        cells.setdefault((row, column), [0] * (2 * len(LEVELS)))[mark] = count
    return cells


def read_history(sql: Any, connection: Any, book: str, known_at: KnownAt) -> History:
    """The history of a book, as known at an entry."""
    known = {"book": book, "known": known_at.entry}
    windows = list(sql.windows(connection, **known))
    owners = list(sql.owners(connection, **known))
    episodes = list(sql.episodes(connection, **known))
    partners = _parties([*windows, *episodes])
    assets = _assets([*windows, *owners])
    asset_place = {(asset.type, asset.id): place for place, asset in enumerate(assets)}
    partner_place = {party.id: place for place, party in enumerate(partners)}
    spans = [
        Span(
            asset_place[row["asset_type"], row["asset_id"]],
            partner_place[row["partner"]],
            LEVELS.index(row["level"]),
            row["valid_from_earliest"],
            row["valid_from"],
            row["valid_to_earliest"],
            row["valid_to"],
        )
        for row in windows
        if row["valid_from_earliest"] < row["valid_to"]
    ]
    ownerships = [
        Owned(
            asset_place[row["asset_type"], row["asset_id"]],
            span_coverage(book, row),
            row["valid_from_earliest"],
            row["valid_from"],
            row["valid_to_earliest"],
            row["valid_to"],
        )
        for row in owners
    ]
    return History(
        book=book,
        known_at=known_at,
        partners=partners,
        assets=assets,
        windows=tuple(sorted(spans)),
        ownerships=tuple(ownerships),
        changes=_changes([*spans, *ownerships]),
    )


def _parties(rows: Sequence[Any]) -> tuple[Party, ...]:
    named: dict[str, str | None] = {}
    for row in rows:
        named[row["partner"]] = row["partner_name"] or named.get(row["partner"])
    return tuple(Party(*item) for item in sorted(named.items()))


def _assets(rows: Sequence[Any]) -> tuple[AssetRef, ...]:
    named: dict[tuple[str, str], str | None] = {}
    for row in rows:
        key = (row["asset_type"], row["asset_id"])
        named[key] = row["asset_name"] or named.get(key)
    return tuple(AssetRef(type=key[0], id=key[1], name=name) for key, name in sorted(named.items()))


def _changes(spans: Sequence[Span | Owned]) -> tuple[Microseconds, ...]:
    found = {
        moment
        for span in spans
        if span.from_earliest < span.to
        for moment in (span.from_earliest, span.from_, span.to_earliest, span.to)
    }
    return tuple(sorted(found - {FAR}))
