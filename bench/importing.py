"""One import in a process of its own, so that its memory is its own."""

import re
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from bench.world import fact_lines
from bootstrap.services import open_books
from bootstrap.settings import Settings
from ledger.importing import Rejected
from ledger.sharing import import_shared


class Imported(NamedTuple):
    """What an import took."""

    facts_per_second: float
    """Parsed, decided and appended."""
    peak_mebibytes: float
    """The largest size that all its processes had together, at most."""


def write_world(file: Path, entries: int) -> None:
    """A file of that many fact lines."""
    with file.open("wb") as lines:
        for line in fact_lines(entries):
            lines.write(line + b"\n")


def import_file(settings: Settings, file: Path, *, processes: int) -> Imported:
    """Import a file in a fresh process, and in others that it shares the file out to."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_import, settings, file, processes).result()


def _import(settings: Settings, file: Path, processes: int) -> Imported:
    books = partial(open_books, settings)
    with file.open("rb") as lines:
        start = time.perf_counter()
        summary = import_shared(
            books, lines, processes=processes, recorded_by="bench", on_reject=_refused
        )
        seconds = time.perf_counter() - start
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    others = processes * largest if processes > 1 else 0
    return Imported(summary.written / seconds, _peak() + others)


def _peak() -> float:
    """The largest size of this process alone; getrusage begins with the size of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (kilobytes,) = re.findall(r"VmHWM:\s+([0-9]+) kB", status.read_text())
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _refused(rejected: Rejected) -> None:
    raise AssertionError(rejected)
