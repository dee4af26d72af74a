"""The clock of the server jumps back an hour under load, and is put right again."""

import time
from pathlib import Path

from bootstrap.settings import Settings
from tests.faults.client import Client
from tests.faults.load import BOOKS, Load
from tests.faults.stage import Report, fresh_database, reported, staged, wait_for
from tests.postgres import own_server

HOUR_BACK = "-3600"
SECONDS_LONG, SECONDS_SHORT = 60, 1.5


def run(folder: Path, *, long: bool) -> list[Report]:
    """On SQLite recording goes on, on PostgreSQL the database refuses until the clock is right."""
    seconds = SECONDS_LONG if long else SECONDS_SHORT
    (folder / "sqlite").mkdir()
    (folder / "postgresql").mkdir()
    with own_server(durable=True) as server:
        return [
            _jumped(Settings(file=folder / "sqlite" / "ledger.db"), folder / "sqlite", seconds),
            _jumped(fresh_database(server.url), folder / "postgresql", seconds),
        ]


def _jumped(settings: Settings, folder: Path, seconds: float) -> Report:
    offset = folder / "offset"
    offset.write_text("0")
    with staged(settings, folder) as stage:
        _, port = stage.api(module="tests.faults.clocked", FAULTS_OFFSET_FILE=str(offset))
        load = Load([port], stage.key)
        with load.running():
            wait_for(lambda: len(load.acknowledged) > 20 or bool(load.errors), "nothing recorded")
            _set(offset, HOUR_BACK)
            time.sleep(seconds)
            said = _said(port, load)
            _set(offset, "0")
            time.sleep(seconds)
        stage.stop()
        name = f"clock an hour back on {'PostgreSQL' if settings.database_url else 'SQLite'}"
        return reported(name, stage, load, f"an append meanwhile: {said}")


def _set(offset: Path, seconds: str) -> None:
    fresh = offset.with_suffix(".new")
    fresh.write_text(seconds)
    fresh.replace(offset)


def _said(port: int, load: Load) -> str:
    """What an append is told while the clock is wrong."""
    client, book = Client([port], load.key), BOOKS[0]
    fact = {"fact": "partner-added", "id": "while-back", "owner": book, "partner": "99999"}
    answer = client.once("POST", f"/v1/portfolios/{book}/facts", fact)
    client.close()
    if answer.status < 300:
        load.acknowledged.append((book, fact["id"]))
    return f"{answer.status} {answer.body.get('detail', 'recorded')}"
