"""Where the faults happen: a store, and processes on it that can be killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from pathlib import Path

import psycopg

from bootstrap.clock import now
from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role
from ledger.keyring import create_keyring
from ledger.migrate import migrate
from ledger.self_check import check_and_note
from projections.moments import AsOf
from tests.faults.client import Client
from tests.faults.load import BOOKS, Load

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Process:
    """A process of the program, started again where it is told to."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its log goes on in the same file."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.log.parent,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.popen is not None
        return self.popen.pid

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is cleaned up."""
        assert self.popen is not None
        self.popen.kill()
        self.popen.wait()


@dataclass(slots=True)
class Stage:
    """A store and the processes on it."""

    settings: Settings
    folder: Path
    key: str
    """The secret of a key that records in the books of the load."""
    processes: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The settings as variables."""
        found = {
            "ACCESS_LEDGER_LOG_KEY_FILE": str(self.settings.log_key_file),
            "ACCESS_LEDGER_RATE_PER_SECOND": "0",
        }
        if self.settings.database_url:
            return {**found, "ACCESS_LEDGER_DATABASE_URL": self.settings.database_url}
        return {**found, "ACCESS_LEDGER_FILE": str(self.settings.file)}

    def api(self, *, module: str = "cli", **variables: str) -> tuple[Process, int]:
        """An API process that answers, and its port."""
        port = free_port()
        process = self._process([module, "serve", "--port", str(port)], variables)
        wait_until_it_answers(port)
        return process, port

    def worker(self, *, check_hours: float = 0.001) -> Process:
        """A worker process that also checks the log, often."""
        return self._process(["cli", "worker"], {"ACCESS_LEDGER_CHECK_HOURS": str(check_hours)})

    def _process(self, arguments: list[str], variables: dict[str, str]) -> Process:
        log = self.folder / f"{len(self.processes)}.log"
        process = Process(arguments, {**self.environment, **variables}, log)
        self.processes.append(process)
        process.start()
        return process

    def stop(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            process.kill()


@contextmanager
def staged(settings: Settings, folder: Path) -> Iterator[Stage]:
    """A migrated store with keys, and no process yet."""
    settings = settings.model_copy(update={"log_key_file": folder / "log.key"})
    create_keyring(folder / "log.key")
    database = open_database(settings)
    migrate(database, all_migrations(database))
    database.close()
    new = NewKey(name="load", role=Role.RECORDER, books=frozenset(BOOKS), partner=None)
    with open_services(settings) as services:
        _, key = services.keys.create(new)
    stage = Stage(settings, folder, key)
    try:
        yield stage
    finally:
        stage.stop()


def fresh_database(url: str) -> Settings:
    """A database of its own on a server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS faults WITH (FORCE)")
        connection.execute("CREATE DATABASE faults")
    return Settings(database_url=psycopg.conninfo.make_conninfo(url, dbname="faults"))


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_it_answers(port: int) -> None:
    """Until the server lives."""
    client = Client([port])
    wait_for(lambda: _lives(client), f"nothing answers on port {port}")
    client.close()


def _lives(client: Client) -> bool:
    try:
        return client.once("GET", "/livez").status == 200
    except (OSError, HTTPException):
        return False


def wait_for(done: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Until it is so; fails after a while."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(what)
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Report:
    """What a fault came to."""

    name: str
    acknowledged: int
    found: int
    happened: str
    wrong: list[str]

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, doubled or answered wrongly."""
        return not self.wrong and self.acknowledged == self.found > 0

    def __str__(self) -> str:
        """One line for people."""
        facts = f"{self.acknowledged} facts acknowledged, {self.found} found"
        wrong = "".join(f"\n  WRONG {text}" for text in self.wrong)
        verdict = "ok   " if self.sound else "WRONG"
        return f"{verdict} {self.name}: {facts}; {self.happened}{wrong}"


def reported(name: str, stage: Stage, load: Load, happened: str) -> Report:
    """Count what the store holds, hash it all, and hold the read model to one made anew."""
    wrong = [*load.errors, *load.stale[:3]]
    with open_services(stage.settings) as services:
        held = [
            (book, written.entry.event.id)
            for book in services.books.books()
            for written in services.books.entries(book)
        ]
        said = set(load.acknowledged)
        wrong += [f"acknowledged and lost: {fact}" for fact in sorted(said - set(held))[:3]]
        wrong += [f"found and never acknowledged: {f}" for f in sorted(set(held) - said)[:3]]
        if len(held) != len(set(held)):
            wrong.append("a fact was written twice")
        wrong += _not_increasing(services)
        check_and_note(services.log, services.database, now)
        before = _answers(services)
        services.projector.rebuild()
        if _answers(services) != before:
            wrong.append("the read model differs from one made anew")
    failed = ", ".join(f"{how} {count}" for how, count in load.failures.most_common(5))
    told = f"{happened}; {load.already} retries found their fact written; {load.reads} reads"
    return Report(name, len(load.acknowledged), len(held), f"{told}; failed: {failed}", wrong)


def _answers(services: Services) -> list[str]:
    found = []
    for book, newest in services.books.books().items():
        moment = AsOf(known_at=newest)
        matrix = services.questions.matrix_at(book, moment)
        partners = services.questions.partners(book, moment)
        found += [matrix.model_dump_json(exclude={"at"}), partners.model_dump_json(exclude={"at"})]
    return found


def _not_increasing(services: Services) -> list[str]:
    """Appends that were not recorded strictly later than the one before them in their book."""
    found = []
    for book in BOOKS:
        last: tuple[datetime, str] | None = None
        for written in services.books.entries(book):
            entry = written.entry
            append = entry.event.id.partition("-")[2]  # clients name the facts of one append alike
            if last and append != last[1] and entry.recorded_at <= last[0]:
                found.append(f"entry {entry.number} of {book} is not later than the one before it")
            last = entry.recorded_at, append
    return found[:3]
