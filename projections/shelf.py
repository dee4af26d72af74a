"""The views in hand: kept between batches, loaded from the read model where they are not."""

from typing import Any

import orjson

from domain.events import type_of
from domain.voids import Voids
from domain.windows import Placed, Terms, read_episodes, read_ownership
from projections.tables import COLUMNS, Belief, Row
from projections.views import AssetView, LineView, PairView, View

KEPT_VIEWS = 300_000
"""Views are dropped, to be loaded again when needed, once more than this are in hand."""

PairKey = tuple[str, str, str]
AssetKey = tuple[str, str, str]
LineKey = tuple[str, str, str, str, str]


class Shelf:
    """Views by book and key. `whole` says that what is not in hand does not exist at all."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql
        self.connection: Any = None
        self.whole = False
        self.position = -1
        """The position of the ledger at which the views are current."""
        self.pairs: dict[PairKey, PairView] = {}
        self.assets: dict[AssetKey, AssetView] = {}
        self.lines: dict[LineKey, LineView] = {}

    def clear(self, *, whole: bool) -> None:
        """Drop every view."""
        self.pairs.clear()
        self.assets.clear()
        self.lines.clear()
        self.whole = whole

    def trim(self) -> None:
        """Drop every view once there are too many."""
        if len(self.pairs) + len(self.assets) + len(self.lines) > KEPT_VIEWS:
            self.clear(whole=False)

    def pair(self, book: str, owner: str, partner: str) -> PairView:
        """The pair's view."""
        key = (book, owner, partner)
        view = self.pairs.get(key)
        if view is None:
            view = self.pairs[key] = PairView(book, key=(owner, partner))
            if self.whole:
                view.all_lines = True
            else:
                names = {"book": book, "owner": owner, "partner": partner}
                self._load(view, "episode", self._sql.facts_of_pair, names)
                view.effective = read_episodes(view.standing()).effective
        return view

    def asset(self, book: str, asset_type: str, asset_id: str) -> AssetView:
        """The asset's view."""
        key = (book, asset_type, asset_id)
        view = self.assets.get(key)
        if view is None:
            view = self.assets[key] = AssetView(book, key=(asset_type, asset_id))
            if self.whole:
                view.all_lines = True
            else:
                names = {"book": book, "asset_type": asset_type, "asset_id": asset_id}
                self._load(view, "ownership", self._sql.facts_of_asset, names)
                view.effective = read_ownership(view.standing()).effective
        return view

    def line(self, book: str, owner: str, partner: str, asset_type: str, asset_id: str) -> LineView:
        """The line's view."""
        key = (book, owner, partner, asset_type, asset_id)
        view = self.lines.get(key)
        if view is None:
            pair, asset = self.pair(book, owner, partner), self.asset(book, asset_type, asset_id)
            view = self.lines[key] = LineView(book, pair=pair, asset=asset)
            if not self.whole:
                names = {
                    "book": book, "owner": owner, "partner": partner,
                    "asset_type": asset_type, "asset_id": asset_id,
                }  # fmt: skip
                self._load(view, "access_window", self._sql.facts_of_line, names)
            pair.lines.append(view)
            asset.lines.append(view)
        return view

    def lines_of(self, view: PairView | AssetView) -> list[LineView]:
        """Every line that the pair's or the asset's events bear on."""
        if not view.all_lines:
            book, key = view.book, view.key
            names = {"book": book}
            if isinstance(view, PairView):
                names |= {"owner": key[0], "partner": key[1]}
                found = list(self._sql.lines_of_pair(self.connection, **names))
                lines = [(book, *key, row["asset_type"], row["asset_id"]) for row in found]
            else:
                names |= {"asset_type": key[0], "asset_id": key[1]}
                found = list(self._sql.lines_of_asset(self.connection, **names))
                lines = [(book, row["owner"], row["partner"], *key) for row in found]
            for line in lines:
                self.line(*line)
            view.all_lines = True
        return view.lines

    def place(self, book: str, number: int) -> int:
        """The place of a stored entry."""
        row = self._sql.place(self.connection, book=book, number=number)
        return int(row["place"])

    # --- loading

    def _load(self, view: View, table: Belief, facts: Any, names: dict[str, str]) -> None:
        believed = {
            "episode": self._sql.believed_episodes,
            "ownership": self._sql.believed_ownerships,
            "access_window": self._sql.believed_windows,
        }[table]
        numbers = []
        for row in list(facts(self.connection, **names)):
            numbers.append(row["number"])
            take_fact(view.events, view.voids, row)
        view.events.sort()
        for row in list(believed(self.connection, **names)):
            view.rows[row["opened_by"]] = _stored(table, row)
        for number in numbers:
            for row in list(
                self._sql.believed_anomalies(self.connection, book=view.book, number=number)
            ):
                view.anomalies[number] = _stored("anomaly", row)


def take_fact(events: list[Placed], voids: Voids, row: Any) -> None:
    """Take one row of the table of facts into a list of events, or into the voids."""
    if row["target"] is not None:
        voids.add(row["number"], row["target"])
        return
    tasks, *others = orjson.loads(row["terms"])
    events.append(
        Placed(
            row["effective"],
            row["place"],
            row["number"],
            row["earliest"],
            type_of[row["kind"]],  # type: ignore[arg-type]
            row["owner"],
            Terms(tuple(tasks), *others),
        )
    )


def _stored(table: Belief, row: Any) -> Row:
    values = tuple(row[column] for column in COLUMNS[table])
    return Row(table, values, row["known_from"], row["known_to"], stored=True)
