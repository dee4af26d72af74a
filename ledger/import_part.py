"""A part of a shared import: a process that judges the books it is given, and has them written.

A batch of lines comes through the pipe. What is judged of it goes back to be written, as often as
there is something, and in the end what the batch came to.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

from eventsourcing.persistence import StoredEvent

from ledger.book import Books, Write
from ledger.bulk import collector_paused
from ledger.importing import Import, NumberedLine, Rejected, Summary
from ledger.processes import Failure, answer_all, ask_back


class OpenBooks(Protocol):
    """Opens the books of the ledger anew, here or in another process."""

    def __call__(self, *, of: int = 1, write: Write | None = None) -> AbstractContextManager[Books]:
        """The books, in one of so many processes; `write` is done in place of writing here."""


@dataclass(frozen=True, slots=True)
class How:
    """What all parts of an import have in common."""

    open_books: OpenBooks
    recorded_by: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ToWrite:
    """Entries in their stored form: the columns of their rows."""

    columns: tuple[Sequence[Any], ...]

    @classmethod
    def of(cls, stored: Iterable[StoredEvent]) -> "ToWrite":
        """Entries, to travel."""
        rows = ((s.originator_id, s.originator_version, s.topic, s.state) for s in stored)
        return cls(tuple(zip(*rows, strict=True)))

    def stored(self) -> list[StoredEvent]:
        """The entries, arrived."""
        return [StoredEvent(*row) for row in zip(*self.columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch came to."""

    summary: Summary
    refused: list[Rejected]
    failure: Failure | None


def work(pipe: Connection, how: How) -> None:
    """Judge batch after batch."""
    answer_all(pipe, _Part(pipe, how).take)


@dataclass(slots=True)
class _Part:
    pipe: Connection
    how: How
    opened: ExitStack = field(default_factory=ExitStack)
    run: Import | None = None
    refused: list[Rejected] = field(default_factory=list)
    failure: Failure | None = None

    def take(self, batch: list[NumberedLine]) -> Outcome:
        """Judge a batch; after a failure nothing more, since lines would be missing."""
        if self.failure is None:
            try:
                self.run = self.run or self._begun()
                for _ in self.run.taken(batch):
                    pass
            except Exception as error:  # noqa: BLE001 - it is raised where the import was started
                self.failure = Failure.of(error)
        summary, refused = self.run.summary if self.run else Summary(), self.refused
        self.refused = []
        if self.run:
            self.run.summary = Summary()
        return Outcome(summary, refused, self.failure)

    def _begun(self) -> Import:
        self.opened.enter_context(collector_paused())
        books = self.opened.enter_context(self.how.open_books(write=self._write))
        return Import(books, self.how.recorded_by, self._refuse, dry_run=self.how.dry_run)

    def _refuse(self, rejected: Rejected) -> None:
        self.refused.append(rejected)

    def _write(
        self, stored: Sequence[StoredEvent], also: Callable[[Any], None] | None
    ) -> list[int]:
        assert also is None
        positions: list[int] = ask_back(self.pipe, ToWrite.of(stored))
        return positions
