"""The projector: one pull loop from the entries to the windows, in batches that are each atomic.

Several processes may run it at once: they take turns, and each goes on from where the last one
stopped. The work for an entry is to re-read the lines that it bears on and to write the difference.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from domain.entry import Entry
from domain.events import AccessEvent, EntryVoided, OwnershipEvent, PartnerEvent
from domain.instants import to_microseconds
from domain.windows import Placed, lower_bound, terms_of
from ledger.bulk import collector_paused
from ledger.database import Database, load_sql
from ledger.stored_bytes import canonical_json, from_stored
from projections.shelf import Shelf
from projections.tables import Changes
from projections.views import AssetView, LineView, PairView, View

BATCH = 5_000


class Projector:
    """Keeps the read model of one database current."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self._shelf = Shelf(self._sql)
        self._lock = Lock()

    def progress(self) -> tuple[int, int]:
        """The newest position of the ledger, and the position the read model has come to."""
        with self._database.reading() as connection:
            row = self._sql.progress(connection)
            return row["newest"], row["projected"]

    def catch_up(self) -> int:
        """Take in every entry that is not yet in the read model; returns how many there were."""
        newest, projected = self.progress()
        if newest <= projected:
            return 0
        taken = 0
        with self._lock:
            while batch := self._batch():
                taken += batch
        return taken

    def rebuild(self) -> int:
        """Make the read model anew, all or nothing; readers see the old one until it is done."""
        with self._lock, self._database.writing() as connection:
            self._sql.take_turn(connection)
            for clear in (
                self._sql.clear_books, self._sql.clear_facts, self._sql.clear_windows,
                self._sql.clear_ownerships, self._sql.clear_episodes, self._sql.clear_anomalies,
            ):  # fmt: skip
                clear(connection)
            self._sql.set_position(connection, position=0)
            self._shelf.clear(whole=True)
            self._shelf.position = 0
            taken = 0
            try:
                while batch := self._project(connection):
                    taken += batch
            except BaseException:
                self._shelf.position = -1
                raise
        return taken

    def _batch(self) -> int:
        with self._database.writing() as connection:
            try:
                return self._project(connection)
            except BaseException:
                self._shelf.position = -1
                raise

    @collector_paused()
    def _project(self, connection: Any) -> int:
        """Take in the next batch on a connection in a transaction."""
        position = self._sql.take_turn(connection)["position"]
        shelf = self._shelf
        if shelf.position != position:  # another process went on meanwhile
            shelf.clear(whole=position == 0)
        shelf.connection = connection
        shelf.trim()
        rows = list(self._sql.entries_after_position(connection, position=position, limit=BATCH))
        rows = _whole_appends(rows, full=len(rows) == BATCH)
        if not rows:
            return 0
        changes = Changes()
        batch = _Batch(shelf, changes)
        entries = [from_stored(row["book"], row["number"], row["state"]) for row in rows]
        for _, append in groupby(entries, key=lambda entry: (entry.book, entry.recorded_at)):
            batch.take(list(append))
        changes.write(connection, self._database.dialect)
        shelf.position = rows[-1]["position"]
        self._sql.set_position(connection, position=shelf.position)
        return len(rows)


def _whole_appends(rows: list[Any], *, full: bool) -> list[Any]:
    """The rows without those at the end whose append may go on after them."""
    if not full:
        return rows
    last = rows[-1]
    moment = _recorded_at(last)
    end = len(rows)
    while end and rows[end - 1]["book"] == last["book"] and _recorded_at(rows[end - 1]) == moment:
        end -= 1
    return rows[:end] or rows


def _recorded_at(row: Any) -> object:
    return from_stored(row["book"], row["number"], row["state"]).recorded_at


class _Batch:
    """Entries being taken in, append by append: no state inside an append is ever believed."""

    def __init__(self, shelf: Shelf, changes: Changes) -> None:
        self.shelf = shelf
        self.changes = changes
        self.places: dict[tuple[str, int], int] = {}

    def take(self, append: list[Entry]) -> None:
        """Take in one append: place its events, then re-read what they bear on."""
        views: dict[int, View] = {}
        for entry in append:
            event = entry.event
            view = self.void(entry, event) if isinstance(event, EntryVoided) else self.place(entry)
            views[id(view)] = view
        last = append[-1]
        self.changes.rows["book_append"].append(
            (last.book, last.number, to_microseconds(last.recorded_at))
        )
        self.read(views.values(), last.number)

    def read(self, views: Iterable[View], known: int) -> None:
        lines: dict[int, LineView] = {}
        for view in views:
            if isinstance(view, LineView):
                lines[id(view)] = view
            elif isinstance(view, (PairView, AssetView)):
                view.read(known, self.changes)
                lines.update((id(line), line) for line in self.shelf.lines_of(view))
        for line in lines.values():
            line.read(known, self.changes)

    def place(self, entry: Entry) -> View:
        """Put the entry's event where it belongs."""
        event, book = entry.event, entry.book
        assert isinstance(event, (PartnerEvent, OwnershipEvent, AccessEvent))
        place = self.place_of(book, event.replaces) if event.replaces else entry.number
        self.places[book, entry.number] = place
        placed = Placed(
            to_microseconds(event.effective_at),
            place,
            entry.number,
            lower_bound(event),
            type(event),
            event.owner,
            terms_of(event),
        )
        view, subject = self.home(book, event)
        view.events.append(placed)
        if len(view.events) > 1 and view.events[-2] > placed:
            view.events.sort()
        self.changes.rows["fact"].append(
            (
                book, entry.number, event.TOPIC, *subject, placed.effective, placed.earliest,
                place, None, canonical_json(tuple(placed.terms)).decode(),
            )
        )  # fmt: skip
        return view

    def home(
        self, book: str, event: PartnerEvent | OwnershipEvent | AccessEvent
    ) -> tuple[View, tuple[str | None, ...]]:
        """The view that an event belongs to, and its owner, partner, asset type and id."""
        match event:
            case PartnerEvent():
                return self.shelf.pair(book, *event.pair), (*event.pair, None, None)
            case OwnershipEvent():
                return self.shelf.asset(book, *event.asset.key), (
                    event.owner, None, *event.asset.key,
                )  # fmt: skip
            case AccessEvent():
                return self.shelf.line(book, *event.line), event.line

    def void(self, entry: Entry, event: EntryVoided) -> View:
        """Take in a void: the subjects that it touches say where its target is."""
        view: View
        subject: tuple[str | None, ...]
        kind, *parts = next(
            touched.split(":", 4)
            for touched in entry.touches
            if touched.startswith(("line:", "episode:", "ownership:"))
        )
        if kind == "line":
            view = self.shelf.line(entry.book, *parts)
            subject = tuple(parts)
        elif kind == "episode":
            view = self.shelf.pair(entry.book, *parts)
            subject = (*parts, None, None)
        else:
            asset_type, asset_id = parts[0], ":".join(parts[1:])
            view = self.shelf.asset(entry.book, asset_type, asset_id)
            subject = (None, None, asset_type, asset_id)
        view.voids.add(entry.number, event.entry)
        self.places[entry.book, entry.number] = entry.number
        self.changes.rows["fact"].append(
            (entry.book, entry.number, event.TOPIC, *subject, 0, 0, entry.number, event.entry, "[]")
        )
        return view

    def place_of(self, book: str, number: int) -> int:
        """The place of an entry of this batch, or of an earlier one."""
        known = self.places.get((book, number))
        return known if known is not None else self.shelf.place(book, number)
