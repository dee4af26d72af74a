"""One import in a process of its own, so that its memory is its own."""

import re
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from bench.world import fact_lines
from bootstrap.services import open_services
from bootstrap.settings import Settings
from ledger.importing import Rejected, import_lines


class Imported(NamedTuple):
    """What an import took."""

    facts_per_second: float
    """Parsed, decided and appended."""
    peak_mebibytes: float
    """The largest size of the process."""


def write_world(file: Path, entries: int) -> None:
    """A file of that many fact lines."""
    with file.open("wb") as lines:
        for line in fact_lines(entries):
            lines.write(line + b"\n")


def import_file(settings: Settings, file: Path) -> Imported:
    """Import a file in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_import, settings, file).result()


def _import(settings: Settings, file: Path) -> Imported:
    with open_services(settings) as services, file.open("rb") as lines:
        start = time.perf_counter()
        summary = import_lines(services.books, lines, recorded_by="bench", on_reject=_refused)
        seconds = time.perf_counter() - start
    return Imported(summary.written / seconds, _peak())


def _peak() -> float:
    """The largest size of this process alone; getrusage begins with the size of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (kilobytes,) = re.findall(r"VmHWM:\s+([0-9]+) kB", status.read_text())
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _refused(rejected: Rejected) -> None:
    raise AssertionError(rejected)
