"""``make soak``: mixed load at half of the top rate for SOAK_SECONDS, and what it does.

On PostgreSQL with fsync, one API process and a worker; on SQLite with SOAK_STORE=sqlite.
"""

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bootstrap.settings import Settings
from tests.faults.load import Load
from tests.faults.stage import Process, Report, fresh_database, reported, staged
from tests.postgres import own_server

CLIENTS = 4
PART = 0.1
"""The first, the middle and the last tenth of the requests are compared."""

Figure = tuple[str, list[float]]
"""What is measured, at the start, in the middle and at the end."""


def main() -> int:
    """Run, and print."""
    seconds = float(os.environ.get("SOAK_SECONDS", "1800"))
    with tempfile.TemporaryDirectory(prefix="al-soak-") as folder:
        report, figures = soaked(Path(folder), seconds=seconds, warming=20)
    print(report)
    print(f"  {'':<24}{'start':>12}{'middle':>12}{'end':>12}")
    for name, values in figures:
        print(f"  {name:<24}" + "".join(f"{value:>12.1f}" for value in values))
    return 0 if report.sound else 1


def soaked(folder: Path, *, seconds: float, warming: float) -> tuple[Report, list[Figure]]:
    """First the top rate, which also warms up, then half of it for a long time."""
    with ExitStack() as stack:
        if os.environ.get("SOAK_STORE") == "sqlite":
            settings = Settings(file=folder / "ledger.db")
        else:
            settings = fresh_database(stack.enter_context(own_server(durable=True)).url)
        stage = stack.enter_context(staged(settings, folder))
        (api, port), worker = stage.api(), stage.worker(check_hours=0.25)
        top = Load([port], stage.key, clients=CLIENTS)
        with top.running():
            time.sleep(warming)
        rate = _appends(top) / warming / 2
        load = Load([port], stage.key, clients=CLIENTS, rate=rate, offset=CLIENTS)
        processes = {"API": api, "worker": worker}
        with load.running():
            found = [_sizes(processes)]
            for _ in range(2):
                time.sleep(seconds / 2)
                found.append(_sizes(processes))
        stage.stop()
        load.acknowledged += top.acknowledged
        happened = f"{seconds:.0f} s at {rate:.0f} appends/s, half of {2 * rate:.0f}"
        figures = [(name, [sizes[name] for sizes in found]) for name in found[0]]
        return reported("soak", stage, load, happened), figures + _latencies(load)


def _appends(load: Load) -> int:
    return len({fact.partition("-")[2] for _, fact in load.acknowledged})


def _sizes(processes: dict[str, Process]) -> dict[str, float]:
    """Resident memory and open files, from the operating system."""
    found: dict[str, float] = {}
    for name, process in processes.items():
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        found[f"{name}: memory, MiB"] = pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        found[f"{name}: files open"] = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
    return found


def _latencies(load: Load) -> list[Figure]:
    milliseconds = [seconds * 1000 for _, seconds in sorted(load.latencies)]
    length = max(2, int(len(milliseconds) * PART))
    middle = (len(milliseconds) - length) // 2
    parts = [milliseconds[begin:][:length] for begin in (0, middle, len(milliseconds) - length)]
    return [
        ("latency p50, ms", [statistics.median(part) for part in parts]),
        ("latency p99, ms", [_p99(part) for part in parts]),
    ]


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


if __name__ == "__main__":
    sys.exit(main())
