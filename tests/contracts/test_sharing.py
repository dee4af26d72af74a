"""A large import that several processes judge comes to what one process would come to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import orjson
import pytest

from bootstrap.services import Services, open_books, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from ledger import sharing
from ledger.book import Books, Write
from ledger.importing import Rejected, Summary, import_lines
from ledger.processes import ProcessLost
from ledger.sharing import import_shared
from ledger.store_errors import StoreUnavailable
from ledger.stored_bytes import event_fields

pytestmark = pytest.mark.long

OWNERS = [f"1000{n}" for n in range(7)]
PROCESSES = 2


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred lines are a large file here, and are handed out by the dozen."""
    monkeypatch.setattr(sharing, "ALONE_LINES", 20)
    monkeypatch.setattr(sharing, "CHUNK_FACTS", 12)


def _told(owner: str) -> Iterator[dict[str, Any] | list[dict[str, Any]]]:
    """Facts that apply and that do not, one told twice, one that replaces, one that voids."""
    base = {"owner": owner, "effective_at": "2026-01-01T00:00:00Z"}
    for nth in range(4):
        yield {**base, "fact": "partner-added", "id": f"p{nth}", "partner": str(900_000 + nth)}
    for nth in range(12):
        asset = {**base, "asset": {"type": "page", "id": str(70_000 + nth)}}
        line = {**asset, "partner": str(900_000 + nth % 5), "tasks": ["ANALYZE"]}
        yield {**asset, "fact": "ownership-established", "id": f"o{nth}"}
        yield [  # the fifth partner was never added
            {**line, "fact": "access-granted", "id": f"g{nth}"},
            {**line, "fact": "access-changed", "id": f"c{nth}", "tasks": ["MANAGE"]},
        ]
    replaced = {"tasks": ["ADVERTISE"], "replaces": "c0", "partner": "900000"}
    yield {**base, "asset": {"type": "page", "id": "70000"}, **replaced,
           "fact": "access-changed", "id": "again"}  # fmt: skip
    yield {**base, "fact": "partner-added", "id": "p0", "partner": "900000"}
    yield {"fact": "entry-voided", "id": "void", "book": owner, "fact_id": "g1", "reason": "wrong"}


def _file() -> list[bytes]:
    """The owners by turns, with lines among them that state no facts."""
    lines = [orjson.dumps(fact) for told in zip(*map(_told, OWNERS), strict=True) for fact in told]
    two_books = orjson.dumps([adding("10000", "x"), adding("10001", "y")])
    oddities = (b"{", b"", b"[]", b"7", b"[[]]", b'{"owner":{}}', two_books, b"\xff")
    for nth, line in enumerate(oddities):
        lines.insert(nth * 13, line)
    return lines


def adding(owner: str, id: str) -> dict[str, str]:
    """A partner that nobody else adds."""
    return {"fact": "partner-added", "id": id, "owner": owner, "partner": "999999"}


def _entries(books: Books) -> dict[str, list[Any]]:
    return {
        book: [
            (w.entry.number, event_fields(w.entry), w.entry.touches) for w in books.entries(book)
        ]
        for book in books.books()
    }


def _shared(
    settings: Settings,
    lines: Iterable[bytes] | None = None,
    *,
    dry_run: bool = False,
    on_progress: Callable[[Summary], None] = lambda _: None,
    rejected: list[Rejected] | None = None,
) -> tuple[Summary, list[Rejected]]:
    rejected = [] if rejected is None else rejected
    summary = import_shared(
        partial(open_books, settings),
        _file() if lines is None else lines,
        processes=PROCESSES,
        recorded_by="test",
        on_reject=rejected.append,
        on_progress=on_progress,
        dry_run=dry_run,
    )
    return summary, rejected


def _again(services: Services) -> dict[str, list[Any]]:
    """What the books hold once the file was imported again, which completes them."""
    import_lines(services.books, _file(), recorded_by="test", on_reject=lambda _: None)
    return _entries(services.books)


@pytest.fixture
def alone(tmp_path: Path) -> tuple[Summary, list[Rejected], dict[str, list[Any]]]:
    """What one process comes to."""
    rejected: list[Rejected] = []
    with open_services(Settings(file=tmp_path / "alone.db")) as services:
        summary = import_lines(
            services.books, _file(), recorded_by="test", on_reject=rejected.append
        )
        assert rejected == sorted(rejected, key=lambda refusal: refusal.line)
        return summary, rejected, _entries(services.books)


def test_a_shared_import_comes_to_what_one_process_comes_to(
    settings: Settings,
    services: Services,
    alone: tuple[Summary, list[Rejected], dict[str, list[Any]]],
) -> None:
    """The entries of each book, the counts, and the refusals in the order of the file."""
    summary, rejected, entries = alone
    assert summary.rejected > 20
    assert summary.already == len(OWNERS)
    assert _shared(settings, dry_run=True) == (summary, rejected)
    assert services.books.books() == {}
    assert _shared(settings) == (summary, rejected)
    assert _entries(services.books) == entries
    assert _again(services) == entries


def test_what_others_write_meanwhile_is_judged_with(settings: Settings, services: Services) -> None:
    """A number that is taken has its part judge its batch again."""
    to_tell, written = list(OWNERS), []

    def meanwhile(_: Summary) -> None:
        if to_tell:
            owner = to_tell.pop()
            fact = parse_fact(adding(owner, "other"))
            written.append(services.books.handle(owner, [fact], recorded_by="other"))

    summary, _ = _shared(settings, on_progress=meanwhile)
    assert len(written) == len(OWNERS)
    counts = services.books.books()
    assert sum(counts.values()) == summary.entries + len(written)
    for book, newest in counts.items():
        assert [w.entry.number for w in services.books.entries(book)] == list(range(1, newest + 1))


@contextmanager
def _failing(settings: Settings, *, of: int = 1, write: Write | None = None) -> Iterator[Books]:
    """Books that the third chunk cannot be written to."""
    with open_books(settings, of=of, write=write) as books:
        if write is None:  # where it is written, and not where it is judged
            chunks, to_database = iter(range(99)), books.write

            def writing(stored: Any, also: Any) -> list[int]:
                if next(chunks) == 2:
                    raise StoreUnavailable("db.example", "gone")
                return to_database(stored, also)

            books.write = writing
        yield books


def test_what_the_database_says_to_a_part_is_said_as_if_there_were_none(
    settings: Settings, services: Services, alone: tuple[Summary, list[Rejected], dict[str, Any]]
) -> None:
    """That part writes nothing more, so that no line is missing before another; then it goes on."""
    rejected: list[Rejected] = []
    with pytest.raises(StoreUnavailable, match=r"db\.example does not answer") as failure:
        import_shared(
            partial(_failing, settings),
            _file(),
            processes=PROCESSES,
            recorded_by="test",
            on_reject=rejected.append,
        )
    assert "db.example" not in failure.value.to_others
    assert rejected == sorted(rejected, key=lambda refusal: refusal.line)
    assert {line.line for line in rejected} <= {line.line for line in alone[1]}
    written = _entries(services.books)
    assert sum(map(len, written.values())) < sum(map(len, alone[2].values()))
    for book, entries in written.items():
        assert entries == alone[2][book][: len(entries)]
    assert _again(services) == alone[2]


def test_a_part_that_is_killed_is_told_and_the_import_can_be_run_again(
    settings: Settings, services: Services, alone: tuple[Summary, list[Rejected], dict[str, Any]]
) -> None:
    def kill_one(_: Summary) -> None:
        active_children()[0].kill()

    with pytest.raises(ProcessLost, match="do the same again"):
        _shared(settings, on_progress=kill_one)
    assert active_children() == []
    assert _again(services) == alone[2]


def test_refusals_do_not_wait_for_a_part_that_has_few_lines(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much of the file is of one book: what was refused is told while it is read."""
    monkeypatch.setattr(sharing, "FAR_BEHIND", 40)
    few = [orjson.dumps(adding(owner, "few")) for owner in OWNERS]
    told: list[Rejected] = []
    given: list[bytes] = []

    def lines() -> Iterator[bytes]:
        yield from few
        while len(told) < 300 and len(given) < 50_000:  # the other part may be long in beginning
            given.append(b"{")
            yield given[-1]

    summary, _ = _shared(sqlite_settings, lines(), rejected=told)
    assert (summary.written, summary.rejected) == (len(OWNERS), len(given))
    assert [refusal.line - len(OWNERS) for refusal in told] == list(range(1, len(given) + 1))
    assert len(given) < 50_000


IMPORT = """
import sys
from tests.contracts import test_sharing
from ledger import sharing
from bootstrap.settings import Settings

if __name__ == "__main__":
    sharing.ALONE_LINES, sharing.CHUNK_FACTS = 20, 12
    test_sharing._shared(Settings(), on_progress=lambda _: print("chunk", flush=True))
"""


def test_the_parts_end_when_the_import_is_killed(
    settings: Settings,
    services: Services,
    tmp_path: Path,
    alone: tuple[Summary, list[Rejected], dict[str, Any]],
) -> None:
    """None goes on by itself, and what was written is the beginning of each book."""
    named = {"ACCESS_LEDGER_DATABASE_URL": settings.database_url or ""}
    if not settings.database_url:
        named = {"ACCESS_LEDGER_FILE": str(settings.file)}
    environment = {**os.environ, **named, "PYTHONPATH": str(Path(__file__).parents[2])}
    script = tmp_path / "importing.py"
    script.write_text(IMPORT)
    with subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        for _ in range(3):
            assert process.stdout.readline() == b"chunk\n"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    _wait_until_nobody_is_in(process.pid)
    for book, entries in _entries(services.books).items():
        assert entries == alone[2][book][: len(entries)]
    assert _again(services) == alone[2]


@pytest.mark.parametrize("seconds", [0, 0.3, 1, 2])
def test_an_import_that_is_interrupted_says_so_and_nothing_else(
    sqlite_settings: Settings, tmp_path: Path, seconds: float
) -> None:
    """Ctrl-C reaches all its processes at once, also while they begin."""
    large = tmp_path / "large.jsonl"
    lines = (adding(OWNERS[n % 7], f"n{n}") | {"partner": str(10**6 + n)} for n in range(60_000))
    large.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    program = [sys.executable, "-m", "cli", "import", str(large), "--processes", "2"]
    environment = {**os.environ, "ACCESS_LEDGER_FILE": str(sqlite_settings.file)}
    # Whoever runs the tests in the background has them ignore Ctrl-C, and what they begin too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        begun = subprocess.Popen(
            program, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with begun as process:
        _wait_for_children(process.pid)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert said.startswith("access-ledger: stopped; what was recorded until then stays"), said
    assert (said.count("\n"), process.returncode) == (1, 130)
    _wait_until_nobody_is_in(process.pid)


def _wait_for_children(pid: int) -> None:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not children.read_text():
        time.sleep(0.01)


def _wait_until_nobody_is_in(group: int) -> None:
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    raise AssertionError("a part went on without the import")
