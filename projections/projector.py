"""The projector: one pull loop from the entries to the windows, in batches that are each atomic.

Several processes may run it at once: they take turns, and each goes on from where the last one
stopped. An entry is taken in by the lines that it bears on, and the difference is written.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from ledger.bulk import collector_paused, spare
from ledger.database import Database, load_sql
from ledger.store_errors import StoreError
from projections.placing import take
from projections.sharing import ALONE, PROCESSES, Helpers, SharedInVain, gathered
from projections.shelf import KEPT_BETWEEN, Shelf
from projections.tables import Changes, Rows, write
from projections.taking_in import Stored, take_book

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
        self._helpers: Helpers | None = None
        self._ahead: _Batch | None = None
        """The next batch, which the helpers have been handed already."""

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
        lag = self.progress().lag
        if lag <= 0:
            return 0
        taken = 0
        with self._lock, collector_paused():
            with suppress(SharedInVain), self._helped(lag):
                while batch := self._batch():
                    taken += batch
            while batch := self._batch():
                taken += batch
            self._finish(taken)
        return taken

    def rebuild(self) -> int:
        """Make the read model anew, all or nothing; readers see the old one until it is done."""
        with self._lock, collector_paused():
            with suppress(SharedInVain), self._helped(self.progress().newest):
                return self._rebuild()
            return self._rebuild()

    def _rebuild(self) -> int:
        with self._database.writing() as connection:
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
        self._finish(taken)
        return taken

    def _finish(self, taken: int) -> None:
        """Let go of what was of use for many entries."""
        self._shelf.trim(KEPT_BETWEEN)
        if taken >= BATCH:
            spare()  # the views

    @contextmanager
    def _helped(self, lag: int) -> Iterator[None]:
        """Share out what is taken in meanwhile, where it is much."""
        if lag <= ALONE or PROCESSES == 1:
            yield
            return
        self._helpers = helpers = Helpers(self._database.dialect, PROCESSES)
        try:
            yield
        finally:
            self._helpers = self._ahead = self._shelf.numbers = None
            helpers.close()

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
        shelf, helpers, position = self._shelf, self._helpers, turn["position"]
        shelf.connection = connection
        if (shelf.generation, shelf.position) != (turn["generation"], position):
            shelf.clear()  # another process went on meanwhile, or the read model is made anew
            shelf.generation = turn["generation"]
            if helpers and helpers.begun:
                raise SharedInVain
        shelf.trim()
        if helpers and not helpers.begun:
            shelf.numbers = helpers.begin(shelf.newest_id())
        batch = self._ahead or self._next_batch(connection, position)
        if not batch.entries:
            return 0
        if helpers:  # before this one is written, so that no process waits
            self._ahead = self._next_batch(connection, batch.position)
        self._write(batch)
        shelf.position = batch.position
        self._sql.set_position(connection, position=shelf.position)
        return batch.entries

    def _write(self, batch: "_Batch") -> None:
        """Take in what is to be taken in here, and write the rows of that and of all else."""
        shelf, dialect = self._shelf, self._database.dialect
        shelf.changes = Changes()
        for entries in batch.here:
            take_book(shelf, entries[0][0], entries)
        write(shelf.connection, dialect, shelf.changes.as_rows(dialect))
        for rows in gathered(batch.coming):
            write(shelf.connection, dialect, rows)

    def _next_batch(self, connection: Any, position: int) -> "_Batch":
        """The entries after a position, book by book.

        Nothing in one book bears on another, and what is used together so lies together, in memory
        and in the tables.
        """
        entries, end = self._next_appends(connection, position)
        entries.sort()
        if self._helpers:
            return _Batch(len(entries), end, *self._helpers.hand_out(entries))
        here = [list(of_book) for _, of_book in groupby(entries, key=_BOOK)]
        return _Batch(len(entries), end, here, [])

    def _next_appends(self, connection: Any, position: int) -> tuple[list[Stored], int]:
        """The entries after a position, whole appends, and the position they reach."""
        limit = BATCH
        while True:
            rows = self._sql.entries_after_position(connection, position=position, limit=limit)
            entries: list[Stored] = list(map(_STORED, rows))
            if len(rows) == limit:  # the last append may go on after them
                last = _append_of(entries[-1])
                while entries and _append_of(entries[-1]) == last:
                    entries.pop()
                if not entries:
                    limit *= 2
                    continue
            return entries, rows[len(entries) - 1]["position"] if entries else position


class _Batch(NamedTuple):
    entries: int
    position: int
    """The one that they reach."""
    here: list[list[Stored]]
    """Book by book, those that are to be taken in in this process."""
    coming: "list[Future[Rows]]"
    """What others were handed."""


_STORED = itemgetter("book", "number", "state")
_BOOK = itemgetter(0)


def _append_of(entry: Stored) -> tuple[str, str]:
    taken = take(*entry)
    return taken.book, taken.recorded_at
