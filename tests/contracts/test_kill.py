"""An import that is killed at any moment has written whole chunks; run again, it is complete."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from bootstrap.clock import now
from bootstrap.services import all_migrations, open_database
from bootstrap.settings import Settings
from ledger import importing
from ledger.book import Books
from ledger.database import Database
from ledger.importing import Rejected, Summary, import_lines
from ledger.migrate import migrate
from ledger.stored_bytes import event_fields, from_stored
from tests.contracts.samples import rows

pytestmark = pytest.mark.long

KILLS = 20
CHUNK_FACTS = 50
"""Small chunks, so that the file has many places to be killed at."""
OWNERS = ("10001", "10002", "10003")
ASSETS = 400
PARTNERS = 5

IMPORT = """
import sys
from pathlib import Path
from bootstrap.clock import now
from bootstrap.services import open_database
from bootstrap.settings import Settings
from ledger.book import Books
from ledger import importing

def refuse(rejected):
    sys.exit(f"line {rejected.line}: {rejected.reason}")

books = Books(open_database(Settings()), now)
lines = Path(sys.argv[1]).read_bytes().splitlines()
importing.CHUNK_FACTS = int(sys.argv[2])
importing.import_lines(
    books, lines, recorded_by="import", on_reject=refuse,
    on_progress=lambda summary: print("chunk", flush=True),
)
"""


@dataclass(frozen=True)
class Undisturbed:
    """What an import comes to that nobody interrupts."""

    entries: list[Any]
    """Book, number, event and touches of each entry, in order."""
    boundaries: list[int]
    """How many entries there are before the first chunk, and after each."""


def _facts() -> Iterator[dict[str, Any] | list[dict[str, Any]]]:
    """Three books told by turns: single facts, arrays, replacements."""
    at = {"effective_at": "2026-01-01T00:00:00Z"}
    for owner in OWNERS:
        for nth in range(PARTNERS):
            partner = str(900_000 + nth)
            fact = {"fact": "partner-added", "id": f"p{nth}", "owner": owner, "partner": partner}
            yield fact | at
    for nth in range(ASSETS):
        asset = {"asset": {"type": "page", "id": str(70_000 + nth)}}
        for owner in OWNERS:
            told = {"owner": owner, **asset, **at}
            line = {**told, "partner": str(900_000 + nth % PARTNERS), "tasks": ["ADVERTISE"]}
            yield {"fact": "ownership-established", "id": f"o{nth}", **told}
            yield [
                {"fact": "access-granted", "id": f"g{nth}", **line},
                {"fact": "access-changed", "id": f"c{nth}", **line, "tasks": ["ANALYZE"]},
            ]
            if nth % 5 == 0:
                changed = {**line, "tasks": ["MANAGE"], "replaces": f"c{nth}"}
                yield {"fact": "access-changed", "id": f"r{nth}", **changed}


def _entries(database: Database) -> list[Any]:
    entries = [from_stored(row.book, row.number, row.state) for row in rows(database)]
    return [(e.book, e.number, event_fields(e), e.touches) for e in entries]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of facts."""
    path = tmp_path_factory.mktemp("facts") / "told.facts.jsonl"
    path.write_bytes(b"".join(orjson.dumps(fact) + b"\n" for fact in _facts()))
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Undisturbed:
    """The ledger that the file makes when nobody disturbs it."""
    settings = Settings(file=tmp_path_factory.mktemp("undisturbed") / "ledger.db")
    with closing(open_database(settings)) as database:
        migrate(database, all_migrations(database))
        boundaries = [0]
        _import(database, file, boundaries)
        return Undisturbed(_entries(database), boundaries)


@pytest.fixture(scope="module", autouse=True)
def _small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "CHUNK_FACTS", CHUNK_FACTS)
        yield


def _import(database: Database, file: Path, boundaries: list[int]) -> Summary:
    def refuse(rejected: Rejected) -> None:
        raise AssertionError(rejected)

    def note(summary: Summary) -> None:
        boundaries.append(summary.entries)

    lines = file.read_bytes().splitlines()
    books = Books(database, now)
    return import_lines(books, lines, recorded_by="import", on_reject=refuse, on_progress=note)


def _kill_an_import(settings: Settings, file: Path, *, chunks: int, then_seconds: float) -> bool:
    """Start an import and kill it that long after so many chunks; whether it was still at work."""
    named = {"ACCESS_LEDGER_DATABASE_URL": settings.database_url or ""}
    if not settings.database_url:
        named = {"ACCESS_LEDGER_FILE": str(settings.file)}
    environment = {**os.environ, **named, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", IMPORT, str(file), str(CHUNK_FACTS)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for _ in range(chunks):
            process.stdout.readline()
        time.sleep(then_seconds)
        process.kill()
        code = process.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0


@pytest.mark.timeout(180)
def test_an_import_killed_at_random_moments_and_run_again_equals_an_undisturbed_one(
    settings: Settings, database: Database, file: Path, undisturbed: Undisturbed
) -> None:
    """After each kill the ledger is the beginning of the whole one, cut between two chunks."""
    chance = random.Random(20)
    cuts = [0]
    kills = 0
    for _ in range(KILLS):
        done = undisturbed.boundaries.index(cuts[-1])
        kills += _kill_an_import(
            settings,
            file,
            chunks=done + chance.randint(0, 2),
            then_seconds=chance.uniform(0, 0.02),
        )
        entries = _entries(database)
        assert entries == undisturbed.entries[: len(entries)]
        assert len(entries) in undisturbed.boundaries
        cuts.append(len(entries))
    assert cuts == sorted(cuts)
    assert kills > KILLS // 2, "most imports were over before they were killed"
    assert len(set(cuts)) > KILLS // 4, "few kills came while an import wrote"
    again = _import(database, file, [])
    assert again.already + again.written == again.lines
    assert _entries(database) == undisturbed.entries
    once_more = _import(database, file, [])
    assert (once_more.written, once_more.already) == (0, once_more.lines)
