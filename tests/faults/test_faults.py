"""The short form of each fault: what was acknowledged is found, once, and nothing else."""

from pathlib import Path

import pytest

from tests.faults.__main__ import FAULTS
from tests.faults.soak import soaked

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", FAULTS)
def test_what_was_acknowledged_is_found(name: str, tmp_path: Path) -> None:
    """After a few seconds of it; `make faults` takes longer."""
    for report in FAULTS[name](tmp_path, long=False):
        print(report)
        assert report.sound, str(report)


def test_a_short_soak_reports_its_figures(tmp_path: Path) -> None:
    """Memory, files and latency at the start, in the middle and at the end; the facts counted."""
    report, figures = soaked(tmp_path, seconds=4, warming=2)
    assert report.sound, str(report)
    assert [name for name, _ in figures] == [
        "API: memory, MiB", "API: files open", "worker: memory, MiB", "worker: files open",
        "latency p50, ms", "latency p99, ms",
    ]  # fmt: skip
    assert all(value > 0 for _, values in figures for value in values)
