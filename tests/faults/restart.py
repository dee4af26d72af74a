"""PostgreSQL, with fsync on, is stopped and started again while clients record."""

import time
from pathlib import Path

from tests.faults.load import Load
from tests.faults.stage import Report, fresh_database, reported, staged
from tests.postgres import own_server

RESTARTS_LONG, RESTARTS_SHORT = 20, 2


def run(folder: Path, *, long: bool) -> list[Report]:
    """By turns as in a crash and in order."""
    restarts = RESTARTS_LONG if long else RESTARTS_SHORT
    with own_server(durable=True) as server, staged(fresh_database(server.url), folder) as stage:
        _, port = stage.api()
        stage.worker()
        load = Load([port], stage.key)
        with load.running():
            for nth in range(restarts):
                time.sleep(1)
                server.stop("fast" if nth % 2 else "immediate")
                time.sleep(0.3)
                server.start()
            time.sleep(1)
        stage.stop()
        return [reported("PostgreSQL restarted", stage, load, f"{restarts} times")]
