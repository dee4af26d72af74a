"""What a process keeps in memory has a bound, and what it let go of changes no verdict."""

import ast
from importlib import import_module
from pathlib import Path

import orjson
import pytest

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from ledger.importing import Rejected, import_lines
from ledger.sqlite import MOST_CACHED_BYTES

ROOMS = ("api", "bootstrap", "cli", "domain", "evidence", "keys", "ledger", "projections")
BOOKS = [f"50000000000{n:04}" for n in range(12)]


def _fact(book: str, nth: int) -> dict[str, object]:
    return {
        "fact": "partner-added", "id": f"f{nth}", "owner": book,
        "partner": f"9{int(book) % 10**4:04}{nth:09}",
    }  # fmt: skip


def _record(services: Services, book: str, nth: int) -> int:
    receipt = services.books.handle(book, [parse_fact(_fact(book, nth))], recorded_by="test")
    return receipt.facts[0].written.entry.number


def test_small_books_are_let_go_of_as_large_ones_are(settings: Settings) -> None:
    """The one in use stays, however large; those used longest ago are read again when wanted."""
    few = settings.model_copy(update={"kept_entries": 10})
    with open_services(few) as services:
        for nth in range(4):
            for book in BOOKS:
                assert _record(services, book, nth) == nth + 1
                hand = services.books._hand
                held = sum(state.newest for state, _ in hand._states.values())
                assert held == hand.entries <= 10
        for nth in range(4, 20):
            _record(services, BOOKS[0], nth)
        assert (len(services.books._hand), services.books._hand.entries) == (1, 20)
        assert len(services.books._locks) == 0
        assert services.books.books() == {BOOKS[0]: 20} | dict.fromkeys(BOOKS[1:], 4)


def test_an_import_that_is_larger_than_what_is_kept_judges_as_any_other(
    settings: Settings,
) -> None:
    """A chunk keeps its own books, so that none is let go of between two of its lines."""
    lines = [orjson.dumps(_fact(book, nth)) for nth in range(5) for book in BOOKS]
    twice = [*lines, *lines[:3], orjson.dumps({**_fact(BOOKS[0], 99), "id": "f1"})]
    rejected: list[Rejected] = []
    with open_services(settings.model_copy(update={"kept_entries": 3})) as services:
        for dry_run in (True, False):
            done = import_lines(
                services.books, twice, recorded_by="test", on_reject=rejected.append,
                dry_run=dry_run,
            )  # fmt: skip
            assert (done.written, done.already, done.rejected) == (60, 3, 1)
        assert services.books.books() == dict.fromkeys(BOOKS, 5)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_pages_of_all_connections_together_have_a_bound(services: Services) -> None:
    with services.database.reading() as connection:
        row = connection.execute("PRAGMA soft_heap_limit").fetchone()
    assert row[0] == MOST_CACHED_BYTES


@pytest.mark.parametrize("room", ROOMS)
def test_no_cache_of_a_function_is_without_end(room: str) -> None:
    """`functools.cache`, or `lru_cache` without a size, keeps one value where nothing is given."""
    for path in Path(room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("lru_cache"):
                module = vars(import_module(".".join(path.with_suffix("").parts)))
                (size,) = (word.value for word in node.keywords if word.arg == "maxsize")
                most = module[size.id] if isinstance(size, ast.Name) else ast.literal_eval(size)
                assert 0 < most <= 20_000, path
            if isinstance(node, ast.FunctionDef):
                kept = {ast.unparse(name) for name in node.decorator_list}
                endless = kept & {"lru_cache", "cache", "functools.cache"}
                assert not (endless and ast.unparse(node.args)), (path, node.name)
