"""Requests a second of one served process, counted by wrk."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Literal

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

SECONDS = 5
ONE_OF_MANY = Path(__file__).with_name("one_of_many.lua")
"""Has wrk ask each time for one of the paths in a file, drawn by chance."""


Server = Literal["whole", "bare", "nothing"]
"""The program, the same without keys, limits and logs, or one route that does nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Paths, of which each request asks a server for one."""

    paths: Sequence[str]
    server: Server = "whole"


def requests_per_second(
    settings: Settings, book: str, asked: list[Asked], runs: int
) -> list[list[float]] | None:
    """The figures of several runs for each, which take turns, or None where wrk is not installed.

    Rates are counted, at a limit that is never reached.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return None
    with open_services(settings) as services:
        new = NewKey(name="bench", role=Role.READER, books=frozenset({book}))
        secret = services.keys.create(new)[1]
    rates = {"ACCESS_LEDGER_RATE_PER_SECOND": "1e6", "ACCESS_LEDGER_RATE_BURST": "1000000"}
    with (
        served(settings, **rates) as whole,
        served(settings, "bench.bare", book) as bare,
        served(settings, "bench.nothing") as nothing,
        tempfile.NamedTemporaryFile("w") as file,
    ):
        addresses: dict[Server, str] = {"whole": whole, "bare": bare, "nothing": nothing}
        found: list[list[float]] = [[] for _ in asked]
        for _ in range(runs):
            for one, figures in zip(asked, found, strict=True):
                file.truncate(0)
                file.seek(0)
                file.write("\n".join(one.paths))
                file.flush()
                figures.append(_counted(wrk, addresses[one.server], secret, file.name))
        return found


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
def served(
    settings: Settings, module: str = "cli", *arguments: str, **variables: str
) -> Iterator[str]:
    """The address of a server process, with further settings: the program, or another module."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    store = settings.database_url
    variable = "ACCESS_LEDGER_DATABASE_URL" if store else "ACCESS_LEDGER_FILE"
    options = ["serve", "--port"] if module == "cli" else []
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options, port, *arguments],
        env={variable: store or str(settings.file), **variables},
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
    for _ in range(600):
        connection = HTTPConnection(address.removeprefix("http://"))
        with suppress(OSError), closing(connection):
            connection.request("GET", "/livez")
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {address}")
