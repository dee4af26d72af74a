"""Eight processes record at once, into one book and into eight: nothing lost, nothing twice."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Event

import pytest

from bootstrap.clock import now
from bootstrap.services import open_database
from bootstrap.settings import Settings
from domain.refusals import Conflict
from ledger.book import Books
from ledger.database import Database
from ledger.store_errors import StoreError
from tests.contracts.samples import adding, rows

PROCESSES = 8
FACTS = 25
WAIT_SECONDS = 60

Written = tuple[str, int, int]
"""Fact id, number, position."""


def _record(
    settings: Settings, book: str, worker: int, facts: int, gate: Path
) -> tuple[list[Written], int]:
    """Record facts one by one, in a process of its own; what was written, and the conflicts."""
    database = open_database(settings)
    books = Books(database, now)
    books.state(book)
    _wait_for_the_others(gate, worker)
    written = []
    conflicts = 0
    try:
        for nth in range(facts):
            fact = adding(worker * 1000 + nth, book=book)
            while True:
                try:
                    receipt = books.handle(book, [fact], recorded_by=f"worker-{worker}")
                except Conflict:
                    conflicts += 1
                else:
                    break
            [taken] = receipt.facts
            assert taken.status == "written"
            written.append((fact.id, taken.written.entry.number, taken.written.position))
    finally:
        database.close()
    return written, conflicts


def _record_the_same(settings: Settings, worker: int, facts: int, gate: Path) -> list[str]:
    """Record facts that every process records, in one array each; how each was answered."""
    database = open_database(settings)
    books = Books(database, now)
    _wait_for_the_others(gate, worker)
    try:
        answers: list[str] = []
        for nth in range(facts):
            receipt = books.handle("10001", [adding(nth)], recorded_by=f"worker-{worker}")
            answers += [taken.status for taken in receipt.facts]
        return answers
    finally:
        database.close()


def _wait_for_the_others(gate: Path, worker: int) -> None:
    """Start together, however long each process took to get here."""
    (gate / str(worker)).touch()
    deadline = time.monotonic() + WAIT_SECONDS
    while len(list(gate.iterdir())) < PROCESSES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all {PROCESSES} processes started in {WAIT_SECONDS} s")
        time.sleep(0.005)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """As many processes, which all tests use: each takes a second to start."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """An empty folder in which processes say that they are ready."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


@pytest.fixture(params=[1, PROCESSES], ids=["one book", "a book each"])
def books(request: pytest.FixtureRequest) -> Sequence[str]:
    """The book of each process."""
    return [str(10_001 + worker % request.param) for worker in range(PROCESSES)]


def test_processes_recording_at_once_lose_nothing_and_write_nothing_twice(
    settings: Settings,
    database: Database,
    pool: ProcessPoolExecutor,
    books: Sequence[str],
    gate: Path,
) -> None:
    """Numbers have no gaps, each fact is there once, and each process was told the truth."""
    recording = [
        pool.submit(_record, settings, book, worker, FACTS, gate)
        for worker, book in enumerate(books)
    ]
    answers = [future.result() for future in recording]
    told = {
        (book, *written)
        for book, (all_written, _) in zip(books, answers, strict=True)
        for written in all_written
    }
    assert len(told) == PROCESSES * FACTS
    ledger = Books(database, now)
    found = set()
    for book in set(books):
        entries = list(ledger.entries(book))
        assert [e.entry.number for e in entries] == list(range(1, len(entries) + 1))
        assert all(
            a.position < b.position and a.entry.recorded_at < b.entry.recorded_at
            for a, b in pairwise(entries)
        )
        found |= {(book, e.entry.event.id, e.entry.number, e.position) for e in entries}
    assert found == told
    assert len(rows(database)) == PROCESSES * FACTS
    if len(set(books)) == PROCESSES:
        assert sum(conflicts for _, conflicts in answers) == 0


def test_processes_recording_the_same_facts_write_each_once(
    settings: Settings, database: Database, pool: ProcessPoolExecutor, gate: Path
) -> None:
    """The id of a fact decides: one process is told that it was written, the others that it was."""
    recording = [
        pool.submit(_record_the_same, settings, worker, FACTS, gate) for worker in range(PROCESSES)
    ]
    answers = [future.result() for future in recording]
    assert len(rows(database)) == FACTS
    for answered in zip(*answers, strict=True):
        assert sorted(answered) == ["already"] * (PROCESSES - 1) + ["written"]


def test_whoever_waits_to_write_keeps_no_reader_waiting(
    sqlite_settings: Settings, sqlite_database: Database
) -> None:
    """Another process has the file, two wait for it, and forty read: the next one is let in."""
    forty, done = Barrier(41), Event()

    def write() -> None:
        with sqlite_database.writing():
            pass

    def read() -> None:
        with sqlite_database.reading():
            forty.wait(WAIT_SECONDS)
            done.wait(WAIT_SECONDS)

    with (
        closing(sqlite3.connect(sqlite_settings.file, isolation_level=None)) as other,
        ThreadPoolExecutor(42) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        writing = [pool.submit(write) for _ in range(2)]
        reading = [pool.submit(read) for _ in range(40)]
        forty.wait(WAIT_SECONDS)
        began = time.monotonic()
        with sqlite_database.reading() as connection:
            assert connection.execute("SELECT 1").fetchone()[0] == 1
        with pytest.raises(StoreError), sqlite_database.writing(wait=False):
            pass
        assert time.monotonic() - began < 5
        assert not any(future.done() for future in writing)
        done.set()
        other.execute("ROLLBACK")
        for future in (*writing, *reading):
            future.result(WAIT_SECONDS)
