"""The measures: each gives rows of a name and figures with their ratio to a baseline."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.http import Asked, requests_per_second
from bench.importing import import_file
from bench.world import START, book_of_rank
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from domain.instants import Microseconds, to_microseconds
from domain.plain_reading import read_plainly
from ledger.sharing import usual_processes
from projections.answers import AssetRef
from projections.moments import AsOf

Row = tuple[str, str]
APPENDS = 400
QUESTIONS = 400
MATRICES = 20
TURNS = 5
"""So often is each question's turn, so that a machine that grows slower does so for all."""


def appends(settings: Settings, *, runs: int) -> Iterator[Row]:
    """One fact at a time through `Books.handle`, against raw inserts of bytes of the same size."""
    with open_services(settings) as services:
        ours, raw = [], []
        for run in range(runs):
            start = time.perf_counter()
            for number in range(APPENDS):
                fact = {
                    "fact": "partner-added", "id": f"{run}-{number}",
                    "owner": "506914307656634", "partner": str(10**14 + run * APPENDS + number),
                }  # fmt: skip
                services.books.handle("506914307656634", [parse_fact(fact)], recorded_by="bench")
            ours.append(APPENDS / (time.perf_counter() - start))
            raw.append(_raw_inserts(services))
        yield "appends through Books.handle", f"{statistics.median(ours):,.0f}/s"
        ratio = statistics.median(a / b for a, b in zip(ours, raw, strict=True))
        yield (
            "  raw inserts, one commit each",
            f"{statistics.median(raw):,.0f}/s; ratio {ratio:.2f}",
        )


def _raw_inserts(services: Services) -> float:
    database = services.database
    mark = "?" if database.dialect == "sqlite" else "%s"
    blob = "BLOB" if database.dialect == "sqlite" else "BYTEA"
    with database.writing() as connection:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS raw (book TEXT, number INTEGER, state {blob})"
        )
    state = b"x" * 420
    with database.reading() as connection:
        start = time.perf_counter()
        for number in range(APPENDS):
            connection.execute(
                f"INSERT INTO raw VALUES ({mark}, {mark}, {mark})",
                ("506914307656634", number, state),
            )
        return APPENDS / (time.perf_counter() - start)


def imports(settings: Settings, world: Path) -> Iterator[Row]:
    """An import end to end, then catching up, then a rebuild, each as a process that just began."""
    done = import_file(settings, world, processes=usual_processes())
    yield "import, facts: parse, decide, append", f"{done.facts_per_second:,.0f}/s"
    yield "  peak memory of its processes together", f"{done.peak_mebibytes:,.0f} MiB"
    for name in ("catch-up", "rebuild"):
        with open_services(settings) as services:
            work = services.projector.catch_up if name == "catch-up" else services.projector.rebuild
            start = time.perf_counter()
            taken = work()
            yield f"{name}, entries", f"{taken / (time.perf_counter() - start):,.0f}/s"


Latencies = dict[str, list[float]]
LOOKUP = "primary-key lookup of one entry"


def questions(settings: Settings, book: str) -> tuple[Latencies, float]:
    """Seconds of questions about a book and of their baselines, by name; they take turns.

    The baselines are a lookup by primary key and, apart, reading the whole book naively.
    """
    with open_services(settings) as services:
        ask = services.questions
        chance = random.Random(7)
        newest, now = ask.books()[book], to_microseconds(datetime.now(UTC))
        owned = ask.ownership_at(book).ownerships
        assets = [(own.asset.type, own.asset.id) for own in owned]
        partners = sorted({episode.partner for episode in ask.partners(book).episodes})

        def moment() -> AsOf:
            at = START + chance.random() * timedelta(days=3650)
            return AsOf(at=at, known_at=chance.randrange(newest // 2, newest + 1))

        def asset() -> tuple[str, str]:
            return chance.choice(assets)

        def partner() -> str:
            return chance.choice(partners)

        short: dict[str, Callable[[], object]] = {
            LOOKUP: lambda: _lookup(services, book, chance.randrange(1, newest + 1)),
            "who_had_access, the statement alone": (
                lambda: _statement(services, book, asset(), newest, now)
            ),
            "who_had_access, now": lambda: ask.who_had_access(book, asset()),
            "who_had_access, both clocks": lambda: ask.who_had_access(book, asset(), moment()),
            "what_could, now": lambda: ask.what_could(book, partner()),
            "what_could, both clocks": lambda: ask.what_could(book, partner(), moment()),
            "asset_timeline, now": lambda: ask.asset_timeline(book, asset()),
        }
        long: dict[str, Callable[[], object]] = {
            "partner_timeline, now": lambda: ask.partner_timeline(book, partner()),
            "matrix_at, now": lambda: ask.matrix_at(book),
            "matrix_at, both clocks": lambda: ask.matrix_at(book, moment()),
        }
        found: Latencies = {name: [] for name in (*short, *long)}
        for _ in range(TURNS):
            for name, run in short.items():
                found[name] += _seconds(run, QUESTIONS // TURNS)
            for name, run in long.items():
                found[name] += _seconds(run, MATRICES // TURNS)
        start = time.perf_counter()
        read_plainly(book, [written.entry for written in services.books.entries(book)], newest)
        return found, time.perf_counter() - start


def told(latencies: Latencies, replay: float, smaller: Latencies | None = None) -> Iterator[Row]:
    """The rows of the questions, against the lookup and against a smaller ledger."""
    baseline = statistics.median(latencies[LOOKUP])
    for name, seconds in latencies.items():
        p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
        text = f"p50 {p50 * 1000:8.3f} ms, p99 {p99 * 1000:8.3f} ms"
        if name != LOOKUP:
            text += f"; {p50 / baseline:6.1f} lookups"
        if smaller:
            growth = p50 / statistics.median(smaller[name])
            text += f"; {growth:.2f} of the small ledger"
            if name != LOOKUP:
                of_lookups = growth * statistics.median(smaller[LOOKUP]) / baseline
                text += f", in lookups {of_lookups:.2f}"
        yield name, text
    ratio = replay / statistics.median(latencies["who_had_access, both clocks"])
    yield "replaying the book", f"{replay * 1000:,.0f} ms; {ratio:,.0f} times who_had_access"


def over_http(settings: Settings, runs: int) -> Iterator[Row]:
    """Who had access over HTTP, one worker: against a route that does nothing, and bare."""
    book = book_of_rank(1)
    with open_services(settings) as services:
        owned = services.questions.ownership_at(book).ownerships
        holders = Counter(cell.asset for cell in services.questions.matrix_at(book).cells)
    [(heaviest, most)] = holders.most_common(1)
    assets = [own.asset for own in owned]
    mean = holders.total() / len(assets)

    def address(asset: AssetRef) -> str:
        return f"/v1/portfolios/{book}/assets/{asset.type}/{asset.id}/access"

    any_asset = [address(asset) for asset in assets]
    asked = [
        Asked(["/"], "nothing"),
        Asked(["/livez"]),
        Asked(any_asset),
        Asked([address(heaviest)]),
        Asked(any_asset, "bare"),
    ]
    found = requests_per_second(settings, book, asked, runs)
    if found is None:
        yield "requests/s", "not measured: wrk is not installed"
        return
    trivial, alive, whole, heavy, bare = found
    yield "a route of FastAPI that does nothing, wrk -c8", f"{statistics.median(trivial):,.0f}/s"
    yield "GET /livez, one worker", _against(alive, trivial)
    yield (
        "GET .../access of any asset",
        f"{_against(whole, trivial)}; {mean:.1f} holders on average",
    )
    yield (
        "GET .../access of the one with the most holders",
        f"{_against(heavy, trivial)}; {most} holders",
    )
    yield (
        "GET .../access of any asset, without keys, limits and logs",
        f"{_against(bare, trivial)}; with them {_ratio(whole, bare)} of it",
    )


def _against(figures: list[float], trivial: list[float]) -> str:
    return f"{statistics.median(figures):,.0f}/s; ratio {_ratio(figures, trivial)}"


def _ratio(figures: list[float], to: list[float]) -> str:
    """The median of the ratios of runs that took turns, and their spread."""
    ratios = sorted(a / b for a, b in zip(figures, to, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def _lookup(services: Services, book: str, number: int) -> None:
    mark = "?" if services.database.dialect == "sqlite" else "%s"
    with services.database.reading() as connection:
        connection.execute(
            "SELECT state FROM stored_events "
            f"WHERE originator_id = {mark} AND originator_version = {mark}",
            (book, number),
        ).fetchall()


def _statement(
    services: Services, book: str, asset: tuple[str, str], known: int, at: Microseconds
) -> None:
    sql: Any = services.questions._sql  # noqa: SLF001 - the statement without the question
    given = {
        "book": book, "asset_type": asset[0], "asset_id": asset[1], "known": known, "at": at
    }  # fmt: skip
    with services.database.reading() as connection:
        connection.execute(sql.who_had_access.sql, given).fetchall()


def _seconds(run: Callable[[], object], times: int) -> list[float]:
    for _ in range(max(1, times // 20)):
        run()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return found
