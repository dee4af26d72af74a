"""aics-tlog, an implementation of the C2SP formats that is not ours, accepts the served log."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.services import open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from keys.key import NewKey, Role

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("INDEPENDENT_PYTHON", str(ROOT / ".venv-independent" / "bin" / "python"))
BOOK = "10001"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str, Path, str]]:
    """A log of 600 entries: its address, its key, a checkpoint over 300, and an auditor's key."""
    settings = Settings(file=tmp_path / "ledger.db")
    old = tmp_path / "old.txt"
    with open_services(settings) as services:
        for number in range(600):
            if number == 300:
                old.write_bytes(services.log.seal().note)
            fact = {
                "fact": "partner-added", "id": str(number), "owner": BOOK,
                "partner": f"3{number:05}",
            }  # fmt: skip
            services.books.handle(BOOK, [parse_fact(fact)], recorded_by="test")
        key = str(services.log.keyring().log.verifier)
        auditor = services.keys.create(NewKey(name="audit", role=Role.AUDITOR))[1]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", str(port)],
        env={"ACCESS_LEDGER_FILE": str(settings.file), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/livez").close()  # noqa: S310 - on loopback
                break
            except OSError:
                time.sleep(0.1)
        yield f"{address}/v1/log", key, old, auditor
    finally:
        process.terminate()
        process.wait()


def test_it_accepts_checkpoints_tiles_entries_and_proofs(
    served: tuple[str, str, Path, str],
) -> None:
    base, key, old, auditor = served
    assert shutil.which(PYTHON), "run make test-independent, which installs aics-tlog"
    done = subprocess.run(
        [PYTHON, str(Path(__file__).parent / "audit.py"), base, key, str(old), auditor],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "accepted: 600 entries, 4 tiles, 3 bundles, from 300\n"
