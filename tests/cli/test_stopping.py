"""A server that is told to stop finishes what it has begun."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

ROOT = Path(__file__).resolve().parents[2]
BOOK = "506914307656634"
FACT = {"fact": "partner-added", "id": "last", "owner": BOOK, "partner": "563920174410288"}


@contextmanager
def _served(settings: Settings, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", "0"],
        env={**os.environ, "ACCESS_LEDGER_FILE": str(settings.file), "PYTHONPATH": str(ROOT),
             **variables},
        text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        yield process, process.stderr.readline().split()[2].removesuffix("/v1,")
    finally:
        process.kill()
        process.communicate()


def _post(address: str, secret: str) -> int:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/v1/portfolios/{BOOK}/facts",
        json.dumps(FACT).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return int(answer.status)


def _wait_until_it_answers(address: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{address}/livez", timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(address)


def _recorders_key(settings: Settings) -> str:
    new = NewKey(name="erp", role=Role.RECORDER, books=frozenset({BOOK}), partner=None)
    with open_services(settings) as services:
        return services.keys.create(new)[1]


def test_sigterm_lets_a_running_request_finish(sqlite_settings: Settings) -> None:
    """The append waits for a lock while the signal comes; it is written and answered, then exit 0.

    The line of the log about it comes out too.
    """
    secret = _recorders_key(sqlite_settings)
    with (
        _served(sqlite_settings) as (process, address),
        closing(sqlite3.connect(sqlite_settings.file, isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        _wait_until_it_answers(address)
        other.execute("BEGIN IMMEDIATE")
        answer = pool.submit(_post, address, secret)
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        other.execute("COMMIT")
        assert answer.result(timeout=30) == 201
        _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        lines = [json.loads(line) for line in log.splitlines()]
        assert [(line["event"], line["status"]) for line in lines] == [("request", 201)]
        assert other.execute("SELECT COUNT(*) FROM entry").fetchone() == (1,)


def test_a_body_that_does_not_end_is_not_waited_for_for_ever(sqlite_settings: Settings) -> None:
    """After ACCESS_LEDGER_STOP_SECONDS the server stops all the same."""
    secret = _recorders_key(sqlite_settings)
    with _served(sqlite_settings, ACCESS_LEDGER_STOP_SECONDS="1") as (process, address):
        _wait_until_it_answers(address)
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(
                f"POST /v1/portfolios/{BOOK}/facts HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: Bearer {secret}\r\n"
                "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
            )
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        assert process.returncode == 0
