"""A large import shared out by book: several processes judge, each its own books; this one writes.

Books know nothing of one another, so each of them comes to the same entries as in one process; only
in the order of positions the books are mixed otherwise. A database writes for one at a time, and
fastest for one that has its pages at hand.
"""

import heapq
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import partial
from itertools import chain
from zlib import crc32

import orjson

from ledger.book import Books
from ledger.import_part import How, OpenBooks, Outcome, ToWrite, work
from ledger.importing import (
    CHUNK_BYTES,
    CHUNK_FACTS,
    NumberedLine,
    Rejected,
    Summary,
    import_lines,
)
from ledger.processes import MOST_PROCESSES, OtherProcess

ALONE_LINES = 20_000
ALONE_BYTES = 8_000_000
"""A file that has no more than this is imported sooner than other processes have begun."""
FAR_BEHIND = 20_000
"""Lines that wait are handed out all the same when the file has gone on so far beyond them."""
BATCHES_AHEAD = 2
"""So many batches does a process have before it, so that it never waits and few are in memory."""


def usual_processes() -> int:
    """One for each of several processors, and one more: each waits while its part is written."""
    processors = os.cpu_count() or 1
    return min(processors + 1, MOST_PROCESSES) if processors > 1 else 1


def import_shared(
    open_books: OpenBooks,
    lines: Iterable[bytes],
    *,
    processes: int,
    recorded_by: str,
    on_reject: Callable[[Rejected], None],
    on_progress: Callable[[Summary], None] = lambda _: None,
    dry_run: bool = False,
) -> Summary:
    """Import as `import_lines` does; of a large file so many processes judge a part each.

    Refusals come in the order of the file. Raises what a part met with, or ProcessLost, after the
    others have done what they had in hand.
    """
    large, lines = _is_large(iter(lines))
    with open_books() as books, ExitStack() as stack:
        if processes == 1 or not large:
            return import_lines(
                books,
                lines,
                recorded_by=recorded_by,
                on_reject=on_reject,
                on_progress=on_progress,
                dry_run=dry_run,
            )
        how = How(partial(open_books, of=processes), recorded_by, dry_run)
        begin = partial(OtherProcess, work, how, back=partial(_write, books))
        parts = [_Part(stack.enter_context(begin())) for _ in range(processes)]
        shared = _Shared(parts, on_reject, on_progress)
        shared.take(lines)
        return shared.summary


def _write(books: Books, entries: ToWrite) -> list[int]:
    return books.write(entries.stored(), None)


def _is_large(lines: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Whether there are enough lines to share them out, and all of the lines."""
    first: list[bytes] = []
    size = 0
    for line in lines:
        first.append(line)
        size += len(line)
        if len(first) > ALONE_LINES or size > ALONE_BYTES:
            return True, chain(first, lines)
    return False, iter(first)


class _Part:
    """The part of the import that another process judges."""

    def __init__(self, process: OtherProcess) -> None:
        self.batch: list[NumberedLine] = []
        """Lines that are to be handed to it."""
        self.size = 0
        """Bytes of them."""
        self.at_work: deque[tuple[int, Future[Outcome]]] = deque()
        """The number of the first line of each batch that it has, and what it will come to."""
        self._process = process

    def send(self) -> None:
        """Hand it the lines that are waiting."""
        self.at_work.append((self.batch[0][0], self._process.ask(self.batch)))
        self.batch, self.size = [], 0

    def cancel(self) -> None:
        """Let it end the batch that it is at, and take no other."""
        self.batch = []
        while self.at_work and self.at_work[-1][1].cancel():
            self.at_work.pop()

    def first_open(self) -> list[int]:
        """The number of the first line that it has not answered for, if there is one."""
        return [self.at_work[0][0]] if self.at_work else [line for line, _ in self.batch[:1]]


class _Shared:
    """An import that is shared out."""

    def __init__(
        self,
        parts: list[_Part],
        on_reject: Callable[[Rejected], None],
        on_progress: Callable[[Summary], None],
    ) -> None:
        self.summary = Summary()
        self._parts = parts
        self._on_reject = on_reject
        self._on_progress = on_progress
        self._refused: list[tuple[int, Rejected]] = []
        """A heap of those whose turn has not come, by number of line."""

    def take(self, lines: Iterable[bytes]) -> None:
        """Hand out all lines, and wait for what they come to."""
        try:
            for number, raw in enumerate(lines, start=1):
                self._hand_out(number, raw)
                if number % FAR_BEHIND == 0:
                    self._send_waiting()
            self._send_waiting()
        except BaseException:
            for part in self._parts:
                part.cancel()
            raise
        finally:
            self._gather_all()

    def _hand_out(self, number: int, raw: bytes) -> None:
        """Give a line to the part that has its book."""
        part = self._parts[crc32(_book(raw)) % len(self._parts)]
        part.batch.append((number, raw))
        part.size += len(raw)
        if len(part.batch) >= CHUNK_FACTS or part.size >= CHUNK_BYTES:
            self._send(part)

    def _send_waiting(self) -> None:
        """Hand out what waits for more: refusals after it wait for it."""
        for part in self._parts:
            if part.batch:
                self._send(part)

    def _send(self, part: _Part) -> None:
        while len(part.at_work) >= BATCHES_AHEAD:
            self._gather(part)
        part.send()

    def _gather_all(self) -> None:
        """Wait for all that was handed out."""
        with ExitStack() as one_by_one:
            one_by_one.callback(self._tell_refused, None)
            for part in self._parts:
                one_by_one.callback(self._gather_from, part)

    def _gather_from(self, part: _Part) -> None:
        while part.at_work:
            self._gather(part)

    def _gather(self, part: _Part) -> None:
        """Wait for the oldest batch of a part, and tell what it and others came to."""
        wait([part.at_work[0][1]])
        for each in self._parts:
            while each.at_work and each.at_work[0][1].done():
                self._count(each.at_work.popleft()[1].result())
        open_lines = [line for each in self._parts for line in each.first_open()]
        self._tell_refused(min(open_lines, default=None))
        self._on_progress(self.summary)

    def _count(self, outcome: Outcome) -> None:
        self.summary.add(outcome.summary)
        for rejected in outcome.refused:
            heapq.heappush(self._refused, (rejected.line, rejected))
        if outcome.failure:
            raise outcome.failure.error()

    def _tell_refused(self, before: int | None) -> None:
        while self._refused and (before is None or self._refused[0][0] < before):
            self._on_reject(heapq.heappop(self._refused)[1])


def _book(raw: bytes) -> bytes:
    """The book that a line names. Who gets a line that names none says what is wrong with it."""
    try:
        fields = orjson.loads(raw)
        first = fields[0] if isinstance(fields, list) else fields
        return str(first.get("book") or first.get("owner")).encode()
    except (ValueError, AttributeError, IndexError):
        return b""
