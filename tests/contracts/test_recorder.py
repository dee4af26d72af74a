"""The append: whole or not at all, in order, and refused where another came first."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from bootstrap.clock import now
from bootstrap.services import Services
from domain.entry import Entry
from domain.refusals import ClockAstray, Conflict
from ledger.book import Books
from ledger.database import Database, EntryTaken
from ledger.importing import CHUNK_FACTS, Rejected, import_lines
from ledger.lookups import Written
from tests.contracts.samples import BOOK, adding, rows, stored


def _append(database: Database, *entries: StoredEvent) -> list[int]:
    return database.recorder.append(entries, clock=datetime.now(UTC))


def test_positions_rise_in_the_order_given(database: Database) -> None:
    """An append over several books answers with one position for each entry, in its order."""
    first = _append(database, stored(1), stored(1, book="20002"), stored(2))
    second = _append(database, stored(2, book="20002"))
    assert first == sorted(first)
    assert second[0] > first[-1]
    found = rows(database)
    assert [row.position for row in found] == first + second
    assert [(row.book, row.number) for row in found] == [
        (BOOK, 1),
        ("20002", 1),
        (BOOK, 2),
        ("20002", 2),
    ]


def test_the_bytes_come_back_as_they_went_in(database: Database) -> None:
    """What is stored is what was handed over, to the byte."""
    entries = [stored(number) for number in range(1, 4)]
    _append(database, *entries)
    assert [row.state for row in rows(database)] == [entry.state for entry in entries]


@pytest.mark.parametrize(
    "second",
    [stored(2, id="another"), stored(3, id="added-1")],
    ids=["number taken", "fact id taken"],
)
def test_a_conflict_raises_and_writes_nothing(database: Database, second: StoredEvent) -> None:
    """An append that fails at its second entry leaves nothing of its first."""
    _append(database, stored(1), stored(2))
    before = rows(database)
    fresh = stored(1, book="20002")
    with pytest.raises(IntegrityError):
        _append(database, fresh, second)
    assert rows(database) == before
    _append(database, fresh)  # the connection is of use after it


def test_books_judge_again_when_overtaken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes between judging and appending: it is judged anew."""
    slow, quick = Books(database, now), Books(database, now)
    append = slow.append
    overtaken_at: list[int] = []

    def overtaken(entries: Sequence[Entry], _also: None) -> list[Written]:
        if not overtaken_at:
            quick.handle(BOOK, [adding(2)], recorded_by="quick")
        try:
            return append(entries)
        except EntryTaken:
            overtaken_at.append(len(rows(database)))
            raise

    monkeypatch.setattr(slow, "append", overtaken)
    receipt = slow.handle(BOOK, [adding(1)], recorded_by="slow")
    assert overtaken_at == [1]
    assert [taken.written.entry.number for taken in receipt.facts] == [2]


def test_a_conflict_without_end_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overtaken at every attempt, the append is given up, and nothing of it is written."""
    books = Books(database, now)

    def always_overtaken(entries: Sequence[Entry], _also: None) -> list[Written]:
        raise EntryTaken(str(entries[0].number))

    monkeypatch.setattr(books, "append", always_overtaken)
    with pytest.raises(Conflict) as raised:
        books.handle(BOOK, [adding(1)], recorded_by="tests")
    assert str(raised.value) == (
        f"book {BOOK} was written to by others during all 12 attempts; "
        "nothing was recorded, send the same facts again"
    )
    assert rows(database) == []


def test_an_empty_append_writes_nothing(database: Database) -> None:
    """Nothing in, nothing out."""
    assert database.recorder.insert_events([]) == []
    assert rows(database) == []


def test_an_append_of_a_thousand_facts(database: Database) -> None:
    """The largest append there is goes in as one whole, numbered without gaps."""
    books = Books(database, now)
    facts = [adding(nth) for nth in range(1, 1001)]
    receipt = books.handle(BOOK, facts, recorded_by="tests")
    assert [taken.written.entry.number for taken in receipt.facts] == list(range(1, 1001))
    assert len({taken.written.entry.recorded_at for taken in receipt.facts}) == 1
    assert [row.position for row in rows(database)] == [
        taken.written.position for taken in receipt.facts
    ]


@pytest.mark.timeout(60)
def test_two_thousand_entries_in_one_append(database: Database) -> None:
    """A thousand replacements are two thousand entries, and no socket is choked by them."""
    entries = [stored(number) for number in range(1, 2001)]
    assert len(_append(database, *entries)) == len(entries)
    assert len(rows(database)) == len(entries)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_astray_is_refused_by_postgresql(postgres_database: Database, minutes: int) -> None:
    """More than five minutes off the database's clock: nothing is written."""
    with pytest.raises(ClockAstray, match="more than five minutes off the clock of the database"):
        postgres_database.recorder.append(
            [stored(1)], clock=datetime.now(UTC) + timedelta(minutes=minutes)
        )
    assert rows(postgres_database) == []


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_a_little_off_is_accepted_by_postgresql(
    postgres_database: Database, minutes: int
) -> None:
    """Clocks differ; four minutes are no reason to refuse."""
    clock = datetime.now(UTC) + timedelta(minutes=minutes)
    assert len(postgres_database.recorder.append([stored(1)], clock=clock)) == 1


def test_a_read_sees_what_was_committed_before_it(database: Database) -> None:
    """The library's own way of reading finds the same entries, by book and by position."""
    _append(database, stored(1), stored(1, book="20002"), stored(2))
    of_book = database.recorder.select_events(BOOK)
    assert [event.originator_version for event in of_book] == [1, 2]
    first, *_ = rows(database)
    later = database.recorder.select_notifications(first.position, 10, inclusive_of_start=False)
    assert [(event.originator_id, event.originator_version) for event in later] == [
        ("20002", 1),
        (BOOK, 2),
    ]


def test_a_chunk_of_an_import_may_be_as_large_as_it_gets(services: Services) -> None:
    """As many facts as fit, each a replacement that brings a void, go in with one append."""
    fact = {"fact": "partner-added", "owner": BOOK, "partner_name": "x" * 80}
    facts = [{**fact, "id": f"a{n}", "partner": str(30_000 + n)} for n in range(CHUNK_FACTS)]
    again = [{**new, "id": f"b{n}", "replaces": f"a{n}"} for n, new in enumerate(facts)]
    for lines in (facts, again):
        summary = import_lines(
            services.books, map(orjson.dumps, lines), recorded_by="test", on_reject=_no_reject
        )
        assert summary.written == CHUNK_FACTS
    assert services.books.books()[BOOK] == 3 * CHUNK_FACTS


def _no_reject(rejected: Rejected) -> None:
    raise AssertionError(rejected)
