"""The drill, with the commands of docs/operations.md: keep, lose, restore, prove."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bootstrap.settings import Settings
from tests.postgres import binaries

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
STORY = ROOT / "cli" / "story" / "story.jsonl"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MATRIX = ["matrix", "--at", "2026-05-01", "--known-at", "40", "--format", "json"]
LATE = {"fact": "partner-added", "id": "late", "owner": "506914307656634", "partner": "99999"}


def _commands(dialect: str, part: str) -> str:
    """The block of the document that is marked so."""
    pattern = rf"<!-- drill: {dialect}, {part} -->\n```sh\n(.*?)```"
    (block,) = re.findall(pattern, OPERATIONS, re.DOTALL)
    return str(block)


class Machine:
    """A folder in which somebody types commands."""

    def __init__(self, folder: Path, safe: Path, **variables: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        program = folder / "bin"
        program.mkdir(exist_ok=True)
        command = program / "access-ledger"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
        command.chmod(0o755)
        path = f"{program}:{binaries()}:{os.environ['PATH']}"
        self.variables = {"PATH": path, "SAFE": str(safe), "PYTHONPATH": str(ROOT), **variables}

    def types(self, commands: str) -> subprocess.CompletedProcess[str]:
        """Run them, up to the first that fails."""
        return subprocess.run(
            ["bash", "-e", "-u", "-c", commands],
            cwd=self.folder, env=self.variables, text=True, capture_output=True, check=False,
        )  # fmt: skip

    def says(self, *arguments: str) -> str:
        """What a command of the program prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=self.folder, env=self.variables, text=True, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """Where copies are kept."""
    folder = tmp_path / "safe"
    folder.mkdir()
    return folder


@pytest.fixture
def spare(postgres_settings: Settings) -> Iterator[str]:
    """Another database of the same server, empty."""
    url = postgres_settings.database_url or ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS spare WITH (FORCE)")
        connection.execute("CREATE DATABASE spare TEMPLATE template0")
    yield psycopg.conninfo.make_conninfo(url, dbname="spare")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE spare WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, safe: Path
) -> tuple[str, Machine, Machine]:
    """The kind of database, the machine with the ledger, and the one it is restored on."""
    if request.param == "sqlite":
        return "sqlite", Machine(tmp_path / "old", safe), Machine(tmp_path / "new", safe)
    settings: Settings = request.getfixturevalue("postgres_settings")
    spare: str = request.getfixturevalue("spare")
    old = Machine(
        tmp_path / "old",
        safe,
        ACCESS_LEDGER_DATABASE_URL=settings.database_url or "",
        ACCESS_LEDGER_LOG_KEY_FILE=str(settings.log_key_file),
    )
    new = Machine(
        tmp_path / "new",
        safe,
        ACCESS_LEDGER_DATABASE_URL=spare,
        ACCESS_LEDGER_LOG_KEY_FILE=str(tmp_path / "new" / "log.key"),
    )
    return "postgresql", old, new


def test_a_ledger_that_is_lost_is_restored_and_proven(
    machines: tuple[str, Machine, Machine], safe: Path
) -> None:
    """It answers as before, extends the checkpoint that was kept, and goes on."""
    dialect, old, new = machines
    old.says("import", str(STORY))
    before = old.says(*MATRIX)
    kept = old.types(_commands(dialect, "keep"))
    assert (kept.returncode, kept.stderr) == (0, "")
    restored = new.types(_commands(dialect, "restore"))
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stdout
    assert "held: 1; the log extends the checkpoint over 40 entries" in restored.stdout
    assert "rebuilt from 40 entries" in restored.stdout
    assert restored.stdout.endswith("all in order\n")
    assert new.says(*MATRIX) == before
    new.says("record", json.dumps(LATE))
    assert "over 40 entries" in new.says("verify", "--against", str(safe / "checkpoint.txt"))


def test_an_older_backup_is_noticed_by_a_checkpoint_that_was_kept(
    machines: tuple[str, Machine, Machine], safe: Path
) -> None:
    """Whoever restores less than was sealed is told how much is missing, and the drill stops."""
    dialect, old, new = machines
    old.says("import", str(STORY))
    assert old.types(_commands(dialect, "keep")).returncode == 0
    old.says("record", json.dumps(LATE))
    (safe / "checkpoint.txt").write_text(old.says("log", "checkpoint"))
    restored = new.types(_commands(dialect, "restore"))
    assert restored.returncode == 5
    assert restored.stderr.endswith(
        "the checkpoint given is over 41 entries, and the store holds 40: "
        "entries are missing, or an older copy was restored; restore a backup that holds them\n"
    )
    assert "rebuilt" not in restored.stdout
    new.says("import", str(STORY))  # what clients send again is not written twice
    new.says("record", json.dumps(LATE))
    assert new.types("access-ledger verify").returncode == 0


def test_the_copy_is_of_one_moment_while_others_write(tmp_path: Path, safe: Path) -> None:
    """What is committed and still in the write-ahead log is in it; cp would have lost it."""
    machine = Machine(tmp_path / "old", safe)
    machine.says("import", str(STORY))
    with closing(sqlite3.connect(machine.folder / "access-ledger.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        said = machine.says("backup", str(safe / "copy"))
    assert "keep it with the key file and the newest checkpoint, elsewhere" in said
    assert (safe / "copy").stat().st_mode & 0o077 == 0
    assert [path.name for path in safe.iterdir()] == ["copy"]
    elsewhere = Machine(tmp_path / "new", safe, ACCESS_LEDGER_FILE=str(safe / "copy"))
    assert elsewhere.says(*MATRIX) == machine.says(*MATRIX)


def test_a_backup_writes_over_nothing(tmp_path: Path, safe: Path) -> None:
    """Neither over a file, nor from a ledger that is not there."""
    machine = Machine(tmp_path / "old", safe)
    done = machine.types('access-ledger backup "$SAFE/copy"')
    assert (done.returncode, list(safe.iterdir())) == (1, [])
    assert "there is no ledger at access-ledger.db yet" in done.stderr
    assert not (machine.folder / "access-ledger.db").exists()
    machine.says("import", str(STORY))
    (safe / "copy").write_text("older")
    done = machine.types('access-ledger backup "$SAFE/copy"')
    assert done.returncode == 1
    assert "is there already; a backup never writes over another file" in done.stderr
    assert (safe / "copy").read_text() == "older"


def test_a_backup_of_postgresql_is_its_own_tools(tmp_path: Path, safe: Path) -> None:
    """And the document says how."""
    url = "postgresql://someone@127.0.0.1:1/ledger"
    machine = Machine(tmp_path / "old", safe, ACCESS_LEDGER_DATABASE_URL=url)
    done = machine.types('access-ledger backup "$SAFE/copy"')
    assert done.returncode == 1
    assert "pg_dump, as in docs/operations.md" in done.stderr
