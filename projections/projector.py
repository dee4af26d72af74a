"""The projector: one pull loop from the entries to the windows, in batches that are each atomic.

Several processes may run it at once: they take turns, and each goes on from where the last one
stopped. An entry is taken in by the lines that it bears on, and the difference is written.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from ledger.bulk import collector_paused, spare
from ledger.database import Database, load_sql
from ledger.store_errors import StoreError
from projections.placing import Taken, moment, take
from projections.shelf import KEPT_BETWEEN, BookShelf, Shelf
from projections.tables import Changes
from projections.views import AnyView, LineView, with_late_lines

BATCH = 200_000
"""Entries taken in with one commit; the more there are, the fewer rows are written twice."""


class ReadModelStale(StoreError):
    """The read model tells of entries that are gone: nothing is answered from it."""

    def __init__(self, position: int) -> None:
        super().__init__(
            "the read model, from which questions are answered, was made from an entry at position "
            f"{position} that is not there any more: entries were deleted or replaced from "
            "outside; run access-ledger verify, which names what is missing, restore a backup if "
            "it should be there, then run: access-ledger rebuild"
        )


class Progress(NamedTuple):
    """How far the read model has come, and whether it still fits the entries."""

    newest: int
    """The newest position of the ledger."""
    projected: int
    """The position that the read model has come to."""
    fits: bool
    """Whether the entry there is still the one that was taken in."""

    @property
    def lag(self) -> int:
        """Positions that the read model is behind. Raises ReadModelStale."""
        if not self.fits:
            raise ReadModelStale(self.projected)
        return self.newest - self.projected


class Projector:
    """Keeps the read model of one database current."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self._shelf = Shelf(self._sql)
        self._lock = Lock()

    def progress(self) -> Progress:
        """How far the read model has come: one statement, whatever is asked next."""
        with self._database.reading() as connection:
            row = self._sql.progress(connection)
        return Progress(row["newest"], row["projected"], bool(row["fits"]))

    def is_current(self) -> bool:
        """Whether every entry is in the read model. Raises ReadModelStale."""
        return self.progress().lag <= 0

    def catch_up(self) -> int:
        """Take in every entry that is not yet in the read model; returns how many there were.

        Raises ReadModelStale where entries that it took in are gone.
        """
        if self.is_current():
            return 0
        taken = 0
        with self._lock, collector_paused():
            while batch := self._batch():
                taken += batch
            self._shelf.trim(KEPT_BETWEEN)
            if taken >= BATCH:
                spare()  # the views
        return taken

    def rebuild(self) -> int:
        """Make the read model anew, all or nothing; readers see the old one until it is done."""
        with self._lock, collector_paused(), self._database.writing() as connection:
            self._sql.take_turn(connection)
            sql = self._sql
            for clear in (
                sql.clear_appends, sql.clear_assets, sql.clear_pairs, sql.clear_facts,
                sql.clear_lines, sql.clear_windows, sql.clear_ownerships, sql.clear_episodes,
                sql.clear_anomalies,
            ):  # fmt: skip
                clear(connection)
            sql.begin_generation(connection)
            taken = 0
            while batch := self._project(connection):
                taken += batch
            self._shelf.trim(KEPT_BETWEEN)
            if taken >= BATCH:
                spare()
        return taken

    def _batch(self) -> int:
        with self._database.writing() as connection:
            return self._project(connection)

    def _project(self, connection: Any) -> int:
        """Take in the next batch on a connection in a transaction."""
        try:
            return self._take_batch(connection)
        except BaseException:
            self._shelf.position = -1  # what is in hand is ahead of what is stored
            raise

    def _take_batch(self, connection: Any) -> int:
        turn = self._sql.take_turn(connection)
        shelf, position = self._shelf, turn["position"]
        if (shelf.generation, shelf.position) != (turn["generation"], position):
            shelf.clear()  # another process went on meanwhile, or the read model is made anew
            shelf.generation = turn["generation"]
        shelf.connection = connection
        shelf.trim()
        rows, shelf.position = self._next_appends(connection, position)
        if not rows:
            return 0
        shelf.changes = Changes()
        for (book, _), append in groupby(_by_book(rows), key=_append_of):
            _take_append(shelf, book, list(append))
        shelf.changes.write(connection, self._database.dialect)
        self._sql.set_position(connection, position=shelf.position)
        return len(rows)

    def _next_appends(self, connection: Any, position: int) -> tuple[list[Any], int]:
        """The rows of entries after a position, whole appends, and the position they reach."""
        limit = BATCH
        while True:
            rows = list(
                self._sql.entries_after_position(connection, position=position, limit=limit)
            )
            if len(rows) == limit:  # the last append may go on after them
                last = _append_of(_taken(rows[-1]))
                while rows and _append_of(_taken(rows[-1])) == last:
                    rows.pop()
                if not rows:
                    limit *= 2
                    continue
            return rows, rows[-1]["position"] if rows else position


def _by_book(rows: list[Any]) -> Iterator[Taken]:
    """The entries book by book, each book in its order.

    Nothing in one book bears on another, and what is used together so lies together, in memory and
    in the tables.
    """
    return map(_taken, sorted(rows, key=itemgetter("book")))


def _taken(row: Any) -> Taken:
    return take(row["book"], row["number"], row["state"])


def _append_of(entry: Taken) -> tuple[str, str]:
    return entry.book, entry.recorded_at


def _take_append(shelf: Shelf, book: str, append: list[Taken]) -> None:
    """Take in one append: no state inside it is ever believed, only the one at its end."""
    views, changes, last = shelf.book(book, first=append[0].number), shelf.changes, append[-1]
    touched: list[AnyView] = []
    for taken in append:
        touched += _take(shelf, views, taken)
    changes.rows["book_append"].append((book, moment(last.recorded_at), last.number))
    if len(append) > 1:
        touched = list(dict.fromkeys(touched))
    if any(view.late for view in touched):
        touched = with_late_lines(touched)
    for view in touched:
        view.settle(last.number, changes)


def _take(shelf: Shelf, views: BookShelf, taken: Taken) -> list[AnyView]:
    """Take in one entry; returns the views that it touches, the lines last."""
    asset_type, asset_id, partner, owner = taken.subject
    view: AnyView
    around: list[LineView] = []
    if not asset_type:
        view = shelf.pair(views, owner, partner)
        speaks_of = (0, view.id)
        around = shelf.lines_of(views, view)  # before the fold goes on: they are loaded as it was
    elif not partner:
        view = shelf.asset(views, asset_type, asset_id)
        speaks_of = (view.id, 0)
        around = shelf.lines_of(views, view)
    else:
        view = shelf.line(views, asset_type, asset_id, partner, owner)
        speaks_of = (view.asset.id, view.pair.id)
    shelf.changes.rows["fact"].append((*speaks_of, taken.number))
    shelf.count(views)
    if taken.target:
        view.void(taken.number, taken.target)
        return [view]
    placed = taken.placed(shelf.place(views, taken))
    if not view.put(placed) or not view.take(placed):
        return [view]
    for line in around:
        line.take(placed)
    return [view, *around]
