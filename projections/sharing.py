"""A long catch-up shared out by book: other processes fold the entries, and one writes the rows.

Books know nothing of one another. A process has a book from its first entry on, so that it needs to
look nothing up and has no connection; books that were begun before stay where the rows are written.
"""

import gc
import os
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, groupby
from multiprocessing.connection import Connection
from operator import itemgetter
from zlib import crc32

from ledger.database import Dialect
from ledger.processes import MOST_PROCESSES, OtherProcess, answer_all
from projections.shelf import Shelf
from projections.tables import Changes, Rows
from projections.taking_in import Stored, take_book

ALONE = 50_000
"""So many entries are taken in alone sooner than other processes have begun."""
PROCESSES = min(os.cpu_count() or 1, MOST_PROCESSES)
KEPT_ENTRIES = 1_500_000
"""The books used longest ago are let go of while the processes have more entries in memory."""
CHUNK = 5_000
"""Entries that a process is handed at once."""
_BOOK = itemgetter(0)


class SharedInVain(Exception):
    """What was shared out is of no use: a process is gone or met with an error, or was overtaken.

    Nothing is lost: whoever takes the same entries in alone comes to the same, or to the error.
    """


@dataclass(frozen=True, slots=True)
class _Begin:
    """Begin with no book, and number what is new so."""

    first_id: int
    step: int


@dataclass(frozen=True, slots=True)
class _TakeIn:
    """Let go of some books, and take entries in, book by book; the answer is their rows."""

    books: list[list[Stored]]
    let_go: list[str]


class Helpers:
    """The processes that entries are shared out to."""

    def __init__(self, dialect: Dialect, processes: int) -> None:
        self._opened = ExitStack()
        self._processes: list[OtherProcess] = []
        try:
            for _ in range(processes):
                self._processes.append(self._opened.enter_context(OtherProcess(_work, dialect)))
        except OSError as error:  # one could not be begun
            self.close()
            raise SharedInVain from error
        self._has: OrderedDict[str, int] = OrderedDict()
        """How many entries were handed out of each book that a process has."""
        self._kept = 0
        self.begun = False

    def begin(self, newest_id: int) -> Iterator[int]:
        """Start from a read model; returns numbers for what is taken in here meanwhile."""
        self.begun = True
        step = len(self._processes) + 1
        for nth, process in enumerate(self._processes):
            process.ask(_Begin(newest_id + 2 + nth, step))
        return count(newest_id + 1, step)

    def hand_out(self, entries: list[Stored]) -> tuple[list[list[Stored]], list["Future[Rows]"]]:
        """Share out a batch, sorted; returns the books to be taken in here, and what will come."""
        here: list[list[Stored]] = []
        coming: list[Future[Rows]] = []
        chunks: list[list[list[Stored]]] = [[] for _ in self._processes]
        sizes = [0] * len(chunks)
        let_go = self._let_go()
        for book, group in groupby(entries, key=_BOOK):
            of_book = list(group)
            if of_book[0][1] > 1 and book not in self._has:
                here.append(of_book)
                continue
            self._has[book] = self._has.get(book, 0) + len(of_book)
            self._has.move_to_end(book)
            self._kept += len(of_book)
            nth = crc32(book.encode()) % len(chunks)
            chunks[nth].append(of_book)
            sizes[nth] += len(of_book)
            if sizes[nth] >= CHUNK:
                coming.append(self._processes[nth].ask(_TakeIn(chunks[nth], let_go)))
                chunks[nth], sizes[nth] = [], 0
        last = zip(self._processes, chunks, strict=True)
        coming += [process.ask(_TakeIn(chunk, let_go)) for process, chunk in last if chunk]
        return here, coming

    def _let_go(self) -> list[str]:
        books = []
        while self._kept > KEPT_ENTRIES:
            book, entries = self._has.popitem(last=False)
            self._kept -= entries
            books.append(book)
        return books

    def close(self) -> None:
        """End the processes; what they have not begun with is left."""
        self._opened.close()


def gathered(coming: list["Future[Rows]"]) -> Iterator[Rows]:
    """What the processes came to, in the order in which it was handed out. Raises SharedInVain."""
    coming.reverse()
    while coming:
        try:
            yield coming.pop().result()
        except Exception as error:
            raise SharedInVain from error


# --- there


def _work(pipe: Connection, dialect: Dialect) -> None:
    gc.disable()  # as while catching up alone
    answer_all(pipe, _There(dialect).answer)
    os._exit(0)  # taking apart all that is in memory would take long


class _There:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._shelf = Shelf(None)

    def answer(self, question: _Begin | _TakeIn) -> Rows | None:
        """Do as asked."""
        if isinstance(question, _Begin):
            self._shelf.numbers = count(question.first_id, question.step)
            return None
        for book in question.let_go:
            self._shelf.let_go(book)
        self._shelf.changes = Changes()
        for entries in question.books:
            take_book(self._shelf, entries[0][0], entries)
        return self._shelf.changes.as_rows(self._dialect)
