"""A ledger file of its own for each test, and the program run in this process."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run

STORY = Path(__file__).resolve().parents[2] / "cli" / "story" / "story.jsonl"


@dataclass(frozen=True)
class Ran:
    """What a run of the program came to."""

    code: int
    out: str
    err: str


class Program:
    """The program, with its output captured."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str) -> Ran:
        """Run one command."""
        self._capfd.readouterr()
        code = run(arguments)
        out, err = self._capfd.readouterr()
        return Ran(code, out, err)


@pytest.fixture(autouse=True)
def own_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of the machine is seen, and the working directory is a fresh one."""
    for name in [name for name in os.environ if name.startswith("ACCESS_LEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str]) -> Program:
    """The program on an empty ledger."""
    return Program(capfd)


@pytest.fixture
def told(program: Program) -> Program:
    """The program on a ledger that holds the demo story."""
    assert program("import", str(STORY)).code == 0
    return program
