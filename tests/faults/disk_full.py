"""The disk of an SQLite ledger fills up under load, and is made larger."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.settings import Settings
from tests.faults.load import Load
from tests.faults.stage import Process, Report, reported, staged, wait_for

SMALL_BYTES, STEP_BYTES = 2 << 20, 6 << 20
TIMES_LONG, TIMES_SHORT = 10, 2
REFUSED = 5
"""After so many failed requests the disk counts as full."""


def run(folder: Path, *, long: bool) -> list[Report]:
    """A real file system of a few megabytes where that is allowed, else a limit on file sizes."""
    times = TIMES_LONG if long else TIMES_SHORT
    with _disk(folder / "disk") as resize:
        where = folder / "disk"
        with staged(Settings(file=where / "ledger.db"), folder) as stage:
            api, port = stage.api()
            if resize is None:
                _limit(api, SMALL_BYTES)
            load = Load([port], stage.key, clients=2)
            with load.running():
                for nth in range(1, times + 1):
                    _wait_until_full(stage.processes[0].log, nth, load)
                    size = SMALL_BYTES + nth * STEP_BYTES
                    _limit(api, size) if resize is None else resize(size)
            stage.stop()
            if resize is not None:
                resize(1 << 30)
            kind = "a file system" if resize else "the largest file"
            return [reported("disk full", stage, load, f"{times} times {kind} was full")]


def _wait_until_full(log: Path, nth: int, load: Load) -> None:
    def full() -> bool:
        return log.read_text().count('"status":503') >= nth * REFUSED or bool(load.errors)

    wait_for(full, "the disk never was full", 120)


def _limit(api: Process, size: int) -> None:
    """No file of the process grows beyond this: writing fails with EFBIG."""
    _, hard = resource.prlimit(api.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(api.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def _disk(folder: Path) -> Iterator[Callable[[int], None] | None]:
    """A small file system and how to resize it, or None where none can be mounted."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "none", str(folder)]
    mounted = os.getuid() == 0 and _mount(*options)
    try:
        if not mounted:
            yield None
            return
        yield lambda size: _resize(folder, size)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _resize(folder: Path, size: int) -> None:
    if not _mount("-o", f"remount,size={size}", str(folder)):
        raise RuntimeError("the file system cannot be resized")


def _mount(*options: str) -> bool:
    done = subprocess.run(["mount", *options], check=False, capture_output=True)
    return done.returncode == 0
