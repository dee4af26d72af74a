"""Requests a second of one served process, counted by wrk."""

import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

SECONDS = 5


def requests_per_second(settings: Settings, paths: list[str], runs: int) -> list[float] | None:
    """The median of several runs for each path, or None where wrk is not installed."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return None
    with open_services(settings) as services:
        books = frozenset(re.findall(r"/portfolios/([0-9]+)/", " ".join(paths)))
        new = NewKey(name="bench", role=Role.READER, books=books)
        secret = services.keys.create(new)[1]
    key = f"Authorization: Bearer {secret}"
    with _served(settings) as address:
        found: list[list[float]] = [[] for _ in paths]
        for _ in range(runs):
            for path, figures in zip(paths, found, strict=True):
                command = [wrk, "-t1", "-c8", f"-d{SECONDS}s", "-H", key, f"{address}{path}"]
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                if "Non-2xx" in text:
                    raise RuntimeError(f"{path} did not answer well: {text}")
                match = re.search(r"Requests/sec:\s+([0-9.]+)", text)
                assert match is not None, text
                figures.append(float(match.group(1)))
        return [statistics.median(figures) for figures in found]


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = settings.database_url
    variable = "ACCESS_LEDGER_DATABASE_URL" if store else "ACCESS_LEDGER_FILE"
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", str(port)],
        env={variable: store or str(settings.file), "ACCESS_LEDGER_RATE_PER_SECOND": "0"},
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    for _ in range(200):
        try:
            HTTPConnection(address.removeprefix("http://")).request("GET", "/livez")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers at {address}")
