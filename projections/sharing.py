"""A long catch-up shared out by book: other processes fold the entries, and one writes the rows.

Books know nothing of one another. A process has a book from its first entry on, so that it needs to
look nothing up and has no connection; books that were begun before stay where the rows are written.
"""

import atexit
import gc
import os
import signal
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from itertools import count, groupby
from multiprocessing import connection, get_context, parent_process
from operator import itemgetter
from threading import Thread
from typing import Any, TypeVar
from zlib import crc32

from ledger.database import Dialect
from projections.shelf import Shelf
from projections.tables import Changes, Rows
from projections.taking_in import Stored, take_book

ALONE = 50_000
"""So many entries are taken in alone sooner than other processes have begun."""
PROCESSES = min(os.cpu_count() or 1, 4)
"""More than these would wait for the one that writes."""
KEPT_ENTRIES = 1_500_000
"""The books used longest ago are let go of while the processes have more entries in memory."""
CHUNK = 5_000
"""Entries that a process is handed at once."""
_BOOK = itemgetter(0)

Result = TypeVar("Result")
Chunk = list[list[Stored]]
"""Entries, book by book."""


class SharedInVain(Exception):
    """What was shared out is of no use: a process is gone or met with an error, or was overtaken.

    Nothing is lost: whoever takes the same entries in alone comes to the same, or to the error.
    """


class Helpers:
    """The processes that entries are shared out to."""

    def __init__(self, dialect: Dialect, processes: int) -> None:
        self._dialect = dialect
        self._pools = [
            ProcessPoolExecutor(1, get_context("spawn"), _begin) for _ in range(processes)
        ]
        self._has: OrderedDict[str, int] = OrderedDict()
        """How many entries were handed out of each book that a process has."""
        self._kept = 0
        self.begun = False
        for nth in range(processes):
            self._submit(nth, os.getpid)  # so that it begins now

    def begin(self, newest_id: int) -> Iterator[int]:
        """Start from a read model; returns numbers for what is taken in here meanwhile."""
        self.begun = True
        step = len(self._pools) + 1
        for nth in range(len(self._pools)):
            self._submit(nth, _open_shelf, newest_id + 2 + nth, step)
        return count(newest_id + 1, step)

    def hand_out(self, entries: list[Stored]) -> tuple[list[list[Stored]], list["Future[Rows]"]]:
        """Share out a batch, sorted; returns the books to be taken in here, and what will come."""
        here: list[list[Stored]] = []
        coming: list[Future[Rows]] = []
        chunks: list[Chunk] = [[] for _ in self._pools]
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
                coming.append(self._send(nth, chunks[nth], let_go))
                chunks[nth], sizes[nth] = [], 0
        coming += [self._send(nth, chunk, let_go) for nth, chunk in enumerate(chunks) if chunk]
        return here, coming

    def _let_go(self) -> list[str]:
        books = []
        while self._kept > KEPT_ENTRIES:
            book, entries = self._has.popitem(last=False)
            self._kept -= entries
            books.append(book)
        return books

    def _send(self, nth: int, chunk: Chunk, let_go: list[str]) -> "Future[Rows]":
        return self._submit(nth, _take_in, chunk, let_go, self._dialect)

    def _submit(self, nth: int, work: Callable[..., Result], *given: Any) -> "Future[Result]":
        try:
            return self._pools[nth].submit(work, *given)
        except (BrokenExecutor, OSError) as error:  # it was ended, or could not be begun
            raise SharedInVain from error

    def close(self) -> None:
        """End the processes; what they have not begun with is left."""
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)


def gathered(coming: list["Future[Rows]"]) -> Iterator[Rows]:
    """What the processes came to, in the order in which it was handed out. Raises SharedInVain."""
    coming.reverse()
    while coming:
        try:
            yield coming.pop().result()
        except Exception as error:
            raise SharedInVain from error


# --- there

_shelves: list[Shelf] = []
"""In a process that entries are shared out to: the one of the books that it has."""


def _begin() -> None:
    gc.disable()  # as while catching up alone
    atexit.register(os._exit, 0)  # taking apart all that is in memory would take long
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever shares out stops it in order
    Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    assert parent
    connection.wait([parent.sentinel])
    os._exit(1)


def _open_shelf(first_id: int, step: int) -> None:
    shelf = Shelf(None)
    shelf.numbers = count(first_id, step)
    _shelves[:] = [shelf]


def _take_in(chunk: Chunk, let_go: list[str], dialect: Dialect) -> Rows:
    (shelf,) = _shelves
    for book in let_go:
        shelf.let_go(book)
    shelf.changes = Changes()
    for entries in chunk:
        take_book(shelf, entries[0][0], entries)
    return shelf.changes.as_rows(dialect)
