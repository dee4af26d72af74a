"""kill -9 of the API and of the worker, again and again, while clients record."""

import random
import time
from pathlib import Path

from bootstrap.settings import Settings
from tests.faults.load import Load
from tests.faults.stage import Report, fresh_database, reported, staged, wait_until_it_answers
from tests.postgres import own_server

KILLS_LONG, KILLS_SHORT = 50, 3


def run(folder: Path, *, long: bool) -> list[Report]:
    """On SQLite the API alone, on PostgreSQL with fsync the API and the worker."""
    kills = KILLS_LONG if long else KILLS_SHORT
    (folder / "sqlite").mkdir()
    (folder / "postgresql").mkdir()
    with own_server(durable=True) as server:
        return [
            _killed(Settings(file=folder / "sqlite" / "ledger.db"), folder / "sqlite", kills),
            _killed(fresh_database(server.url), folder / "postgresql", kills),
        ]


def _killed(settings: Settings, folder: Path, kills: int) -> Report:
    chance = random.Random(50)
    with staged(settings, folder) as stage:
        api, port = stage.api()
        worker = stage.worker()
        load = Load([port], stage.key)
        with load.running():
            for _ in range(kills):
                time.sleep(chance.uniform(0.3, 0.9))
                api.kill()
                worker.kill()
                worker.start()
                api.start()
                wait_until_it_answers(port)
            time.sleep(0.5)
        stage.stop()
        name = f"kill -9 on {'PostgreSQL' if settings.database_url else 'SQLite'}"
        return reported(name, stage, load, f"{kills} times API and worker")
