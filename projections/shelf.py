"""The views in hand: kept between batches, loaded from the store where they are not."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import count
from typing import Any, Literal

from domain.windows import Place, place_behind
from projections.placing import Taken, take
from projections.tables import Changes
from projections.views import AnyView, AssetView, LineView, PairView

KEPT_ITEMS = 2_000_000
"""The books used longest ago are dropped, to be loaded again, while more are in hand: views, and
the entries in them. An item is some 1 KB.
"""
KEPT_BETWEEN = 200_000
"""The same once all entries are taken in."""


class BookShelf:
    """The views of one book. `whole` says that what is not in hand does not exist at all."""

    def __init__(self, book: str, *, whole: bool) -> None:
        self.book = book
        self.whole = whole
        self.pairs: dict[tuple[str, str], PairView] = {}
        self.assets: dict[tuple[str, str], AssetView] = {}
        self.lines: dict[tuple[str, str, str, str], LineView] = {}
        self.places: dict[int, Place] = {}
        """The places of replacements."""
        self.voided_by: dict[int, int] = {}
        """The void of each entry that has one, as far as they were taken in here."""
        self.items = 0
        """How many views there are, and entries in them."""


class Shelf:
    """The views in hand, by book, current at one position of the ledger."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql
        self.connection: Any = None
        self.changes = Changes()
        self.position = -1
        self.generation = -1
        self.numbers: Iterator[int] | None = None
        """Those that new assets and pairs get; None where it is not known what the store has."""
        self._kept = 0
        self._books: OrderedDict[str, BookShelf] = OrderedDict()

    def clear(self) -> None:
        """Drop every view."""
        while self._books:
            self._drop()
        self.numbers = None

    def trim(self, most: int | None = None) -> None:
        """Drop the books used longest ago while there is too much in hand."""
        while self._kept > (KEPT_ITEMS if most is None else most):
            self._drop()

    def let_go(self, book: str) -> None:
        """Drop the views of a book, if they are in hand."""
        if book in self._books:
            self._books.move_to_end(book, last=False)
            self._drop()

    def _drop(self) -> None:
        _, dropped = self._books.popitem(last=False)
        self._kept -= dropped.items
        for line in dropped.lines.values():  # with no cycle left, all is freed at once
            line.pair.lines.clear()
            line.asset.lines.clear()

    def book(self, book: str, *, first: int) -> BookShelf:
        """The shelf of a book, whose next entry has this number."""
        shelf = self._books.get(book)
        if shelf is None:
            shelf = self._books[book] = BookShelf(book, whole=first == 1)
        self._books.move_to_end(book)
        return shelf

    def pair(self, shelf: BookShelf, owner: str, partner: str) -> PairView:
        """The pair's view."""
        view = shelf.pairs.get((owner, partner))
        if view is None:
            names = {"book": shelf.book, "partner": partner, "owner": owner}
            number, is_new = self._number(shelf, "pair", names)
            view = shelf.pairs[owner, partner] = PairView(shelf.book, (owner, partner), number)
            view.all_lines = is_new
            if not is_new:
                self._load(shelf, view, asset=0, pair=number)
        return view

    def asset(self, shelf: BookShelf, asset_type: str, asset_id: str) -> AssetView:
        """The asset's view."""
        key = (asset_type, asset_id)
        view = shelf.assets.get(key)
        if view is None:
            names = {"book": shelf.book, "asset_type": asset_type, "asset_id": asset_id}
            number, is_new = self._number(shelf, "asset", names)
            view = shelf.assets[key] = AssetView(shelf.book, key, number)
            view.all_lines = is_new
            if not is_new:
                self._load(shelf, view, asset=number, pair=0)
        return view

    def line(self, shelf: BookShelf, key: tuple[str, str, str, str]) -> LineView:
        """The line's view."""
        view = shelf.lines.get(key)
        if view is None:
            asset_type, asset_id, partner, owner = key
            pair = self.pair(shelf, owner, partner)
            asset = self.asset(shelf, asset_type, asset_id)
            view = shelf.lines[key] = LineView(shelf.book, pair, asset)
            self.count(shelf)
            known = not (pair.all_lines or asset.all_lines)  # else all that there are are in hand
            if not known or not self._load(shelf, view, asset=asset.id, pair=pair.id):
                view.fold = view.read()
                self.changes.rows["line"].append((pair.id, asset.id))
            pair.lines.append(view)
            asset.lines.append(view)
        return view

    def lines_of(self, shelf: BookShelf, view: PairView | AssetView) -> list[LineView]:
        """Every line that the pair's or the asset's events bear on."""
        if view.all_lines:
            return view.lines
        if isinstance(view, PairView):
            owner, partner = view.key
            rows = self._sql.lines_of_pair(self.connection, pair=view.id)
            lines = [(row["asset_type"], row["asset_id"], partner, owner) for row in rows]
        else:
            rows = self._sql.lines_of_asset(self.connection, asset=view.id)
            lines = [(*view.key, row["partner"], row["owner"]) for row in rows]
        for line in lines:
            self.line(shelf, line)
        view.all_lines = True
        return view.lines

    def count(self, shelf: BookShelf, items: int = 1) -> None:
        """Count what is in hand of a book now."""
        shelf.items += items
        self._kept += items

    def _number(
        self, shelf: BookShelf, table: Literal["asset", "pair"], names: dict[str, str]
    ) -> tuple[int, bool]:
        """The number of an asset or a pair, and whether it is a new one."""
        self.count(shelf)
        if not shelf.whole:
            find = self._sql.asset if table == "asset" else self._sql.pair
            row = find(self.connection, **names)
            if row is not None:
                return row["id"], False
        if self.numbers is None:
            self.numbers = count(self.newest_id() + 1)
        number = next(self.numbers)
        self.changes.rows[table].append((number, *names.values()))
        return number, True

    def newest_id(self) -> int:
        """The largest number that an asset or a pair has in the store, 0 where there is none."""
        return self._sql.newest_id(self.connection)["id"] or 0

    def place(self, shelf: BookShelf, taken: Taken) -> Place:
        """Where an entry stands: behind what it replaces, if it replaces anything."""
        if not taken.replaces:
            return (taken.number,)
        place = shelf.places.get(taken.number)
        if place is None:
            replaced, void = taken.replaces, shelf.voided_by.get(taken.replaces)
            if shelf.whole and void:
                behind = shelf.places.get(replaced, (replaced,))
            else:
                behind = self.place(shelf, self._stored(shelf.book, replaced))
                void = taken.number - 1  # or a little before, in the same append
                while self._stored(shelf.book, void).target != replaced:
                    void -= 1
            place = shelf.places[taken.number] = place_behind(behind, void, taken.number)
        return place

    def _stored(self, book: str, number: int) -> Taken:
        row = self._sql.stored_entry(self.connection, book=book, number=number)
        return take(book, number, row["state"])

    def _load(self, shelf: BookShelf, view: AnyView, *, asset: int, pair: int) -> bool:
        """Read what is in the store of a view, if anything is, and take it for what is believed."""
        stored = list(
            self._sql.entries_of(self.connection, book=shelf.book, asset=asset, pair=pair)
        )
        for row in stored:
            taken = take(shelf.book, row["number"], row["state"])
            if taken.target:
                view.void(taken.number, taken.target)
            else:
                view.put(taken.placed(self.place(shelf, taken)))
        if stored:
            self.count(shelf, len(stored))
            view.load()
        return bool(stored)
