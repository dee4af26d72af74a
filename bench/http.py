"""Requests a second of one served process, counted by wrk."""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

SECONDS = 5
ONE_OF_MANY = Path(__file__).with_name("one_of_many.lua")
"""Has wrk ask each time for one of the paths in a file, drawn by chance."""


def requests_per_second(
    settings: Settings, targets: Sequence[Sequence[str]], runs: int
) -> list[float] | None:
    """The median of several runs for each target, or None where wrk is not installed.

    A target is one path or many, of which each request asks for one.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return None
    with open_services(settings) as services:
        books = frozenset(re.findall(r"/portfolios/([0-9]+)/", str(targets)))
        new = NewKey(name="bench", role=Role.READER, books=books)
        secret = services.keys.create(new)[1]
    with _served(settings) as address, tempfile.NamedTemporaryFile("w") as file:
        found: list[list[float]] = [[] for _ in targets]
        for _ in range(runs):
            for paths, figures in zip(targets, found, strict=True):
                file.truncate(0)
                file.seek(0)
                file.write("\n".join(paths))
                file.flush()
                figures.append(_counted(wrk, address, secret, file.name))
        return [statistics.median(figures) for figures in found]


def _counted(wrk: str, address: str, secret: str, paths: str) -> float:
    command = [
        wrk, "-t1", "-c8", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {secret}",
        "-s", str(ONE_OF_MANY), address,
    ]  # fmt: skip
    environment = {**os.environ, "PATHS": paths}
    text = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"not answered well: {text}")
    match = re.search(r"Requests/sec:\s+([0-9.]+)", text)
    assert match is not None, text
    return float(match.group(1))


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
