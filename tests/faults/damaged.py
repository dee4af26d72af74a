"""The read model is damaged by hand and made anew by `rebuild`, while reads and writes go on."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from bootstrap.services import open_database
from bootstrap.settings import Settings
from tests.faults.client import Client
from tests.faults.load import BOOKS, Load
from tests.faults.stage import ROOT, Report, Stage, fresh_database, reported, staged, wait_for
from tests.postgres import own_server

TIMES_LONG, TIMES_SHORT = 20, 1
FACTS = 60


def run(folder: Path, *, long: bool) -> list[Report]:
    """On both databases."""
    times = TIMES_LONG if long else TIMES_SHORT
    (folder / "sqlite").mkdir()
    (folder / "postgresql").mkdir()
    with own_server(durable=True) as server:
        return [
            _damaged(Settings(file=folder / "sqlite" / "ledger.db"), folder / "sqlite", times),
            _damaged(fresh_database(server.url), folder / "postgresql", times),
        ]


def _damaged(settings: Settings, folder: Path, times: int) -> Report:
    with staged(settings, folder) as stage:
        _, port = stage.api()
        load = Load([port], stage.key, clients=2, rate=40)
        asked = _Asked(port, stage.key)
        with load.running():
            for _ in range(times):
                _wait_for_more(load)
                with asked.over_and_over():
                    _damage(stage)
                    time.sleep(0.2)
                    _rebuild(stage)
        stage.stop()
        load.errors += asked.wrong
        if not asked.differed:
            load.errors.append("no answer showed the damage")
        name = f"read model damaged on {'PostgreSQL' if settings.database_url else 'SQLite'}"
        asking = f"{asked.count} reads meanwhile, {asked.differed} of the damage"
        return reported(name, stage, load, f"{times} times; {asking}")


def _wait_for_more(load: Load) -> None:
    goal = len(load.acknowledged) + FACTS
    wait_for(lambda: len(load.acknowledged) > goal or bool(load.errors), "nothing recorded")


def _damage(stage: Stage) -> None:
    """Half of the windows are gone, and the others and the partnerships say something else."""
    database = open_database(stage.settings)
    with database.writing() as connection:
        connection.execute("DELETE FROM access_window WHERE opened_by % 2 = 0")
        connection.execute("UPDATE access_window SET level = 'none'")
        connection.execute("UPDATE episode SET partner_name = 'damaged'")
    database.close()


def _rebuild(stage: Stage) -> None:
    subprocess.run(
        [sys.executable, "-m", "cli", "rebuild"],
        env={**os.environ, **stage.environment, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


class _Asked:
    """Questions pinned on both clocks, whose answers are the same for ever."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self.count = 0
        self.differed = 0
        self.wrong: list[str] = []

    @contextmanager
    def over_and_over(self) -> Iterator[None]:
        """Ask before, all the while, and after: each is answered, and the last as the first."""
        client = Client([self._port], self._key)
        first = {path: client.once("GET", path).body for path in self._paths(client)}
        stop = Event()
        thread = Thread(target=self._ask, args=(first, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        client.elsewhere()  # the server may have let the idle connection go
        for path, answer in first.items():
            if client.once("GET", path).body != answer:
                self.wrong.append(f"answered otherwise after the rebuild: {path}")
        client.close()

    def _paths(self, client: Client) -> Iterator[str]:
        for book in BOOKS:
            moment = client.once("GET", f"/v1/portfolios/{book}/access-matrix").body
            pinned = f"at={moment['at']}&known_at={moment['known_at']['entry']}"
            yield f"/v1/portfolios/{book}/access-matrix?{pinned}"
            yield f"/v1/portfolios/{book}/partners?{pinned}&limit=1000"

    def _ask(self, first: dict[str, Any], stop: Event) -> None:
        client = Client([self._port], self._key)
        while not stop.is_set():
            for path, before in first.items():
                answer = client.once("GET", path)
                self.count += 1
                self.differed += answer.body != before
                if answer.status != 200:
                    self.wrong.append(f"{answer.status} meanwhile: {answer.body}")
        client.close()
