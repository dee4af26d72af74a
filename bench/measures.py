"""The measures: each gives rows of a name and figures with their ratio to a baseline."""

import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.world import START, fact_lines, largest_book
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from domain.plain_reading import read_plainly
from ledger.importing import Rejected, import_lines
from projections.moments import AsOf

Row = tuple[str, str]
APPENDS = 400
QUESTIONS = 400


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


def imports(settings: Settings, entries: int) -> Iterator[Row]:
    """An import end to end, then catching up, then a rebuild."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_services(settings) as services:
        start = time.perf_counter()
        summary = import_lines(
            services.books, fact_lines(entries), recorded_by="bench", on_reject=_no_reject
        )
        seconds = time.perf_counter() - start
        yield "import, facts (generating them included)", f"{summary.written / seconds:,.0f}/s"
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        yield "  peak memory of the process grew by", f"{grown:.0f} MiB"
        start = time.perf_counter()
        taken = services.projector.catch_up()
        yield "catch-up, entries", f"{taken / (time.perf_counter() - start):,.0f}/s"
    with open_services(settings) as services:
        start = time.perf_counter()
        taken = services.projector.rebuild()
        yield "rebuild, entries", f"{taken / (time.perf_counter() - start):,.0f}/s"


def _no_reject(rejected: Rejected) -> None:
    raise AssertionError(rejected)


def questions(settings: Settings) -> Iterator[Row]:
    """Questions about the largest book, against a lookup by primary key and a naive replay."""
    with open_services(settings) as services:
        book, ask = largest_book(), services.questions
        chance = random.Random(7)
        newest = ask.books()[book]
        timeline = ask.ownership_at(book).ownerships
        assets = [(own.asset.type, own.asset.id) for own in timeline]
        partners = sorted({episode.partner for episode in ask.partners(book).episodes})

        def moment() -> AsOf:
            at = START + chance.random() * timedelta(days=3650)
            return AsOf(at=at, known_at=chance.randrange(newest // 2, newest + 1))

        lookup = _latencies(lambda: _lookup(services, book, chance.randrange(1, newest + 1)))
        statement = _latencies(lambda: _statement(services, book, chance.choice(assets), newest))
        yield "primary-key lookup of one entry", _figures(lookup)
        yield "who_had_access, the statement alone", _figures(statement, lookup)
        who = _latencies(lambda: ask.who_had_access(book, chance.choice(assets), moment()))
        yield "who_had_access, the whole question", _figures(who, lookup)
        what = _latencies(lambda: ask.what_could(book, chance.choice(partners), moment()))
        yield "what_could", _figures(what, lookup)
        matrix = _latencies(lambda: ask.matrix_at(book, moment()), QUESTIONS // 20)
        cells = len(ask.matrix_at(book).cells)
        yield f"matrix_at ({cells:,} cells now)", _figures(matrix, lookup)
        start = time.perf_counter()
        read_plainly(book, [w.entry for w in services.books.entries(book)], newest)
        replay = time.perf_counter() - start
        ratio = replay / statistics.median(who)
        yield "replaying the book", f"{replay * 1000:,.0f} ms; {ratio:,.0f} times who_had_access"


def _lookup(services: Services, book: str, number: int) -> None:
    mark = "?" if services.database.dialect == "sqlite" else "%s"
    with services.database.reading() as connection:
        connection.execute(
            "SELECT state FROM stored_events "
            f"WHERE originator_id = {mark} AND originator_version = {mark}",
            (book, number),
        ).fetchall()


def _statement(services: Services, book: str, asset: tuple[str, str], known: int) -> None:
    sql: Any = services.questions._sql  # noqa: SLF001 - the statement without the question
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    with services.database.reading() as connection:
        list(
            sql.who_had_access(
                connection, book=book, asset_type=asset[0], asset_id=asset[1], at=now, known=known
            )
        )


def _latencies(run: Callable[[], object], times: int = QUESTIONS) -> list[float]:
    for _ in range(max(3, times // 20)):
        run()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return found


def _figures(latencies: list[float], baseline: list[float] | None = None) -> str:
    p50 = statistics.median(latencies)
    p99 = statistics.quantiles(latencies, n=100)[98]
    text = f"p50 {p50 * 1000:.3f} ms, p99 {p99 * 1000:.3f} ms"
    return f"{text}; ratio {p50 / statistics.median(baseline):.1f}" if baseline else text
