"""Two API processes and a worker on one database, under mixed load."""

import time
from pathlib import Path

from tests.faults.load import Load
from tests.faults.stage import Report, fresh_database, reported, staged
from tests.postgres import own_server

SECONDS_LONG, SECONDS_SHORT = 600, 10


def run(folder: Path, *, long: bool) -> list[Report]:
    """Clients move from one to the other after each failure, and read what they wrote."""
    seconds = SECONDS_LONG if long else SECONDS_SHORT
    with own_server(durable=True) as server, staged(fresh_database(server.url), folder) as stage:
        ports = [stage.api()[1], stage.api()[1]]
        stage.worker()
        load = Load(ports, stage.key, clients=6, move=True)
        with load.running():
            time.sleep(seconds)
        stage.stop()
        return [reported("two APIs and a worker", stage, load, f"{seconds} s")]
