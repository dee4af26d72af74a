"""Taking entries in: what is read from stored bytes, and where batches and memory end."""

import pytest
from hypothesis import given, settings

from bootstrap.services import Services
from domain.events import EntryVoided
from domain.facts import parse_fact
from domain.instants import to_microseconds
from domain.windows import lower_bound, terms_of
from ledger.importing import Rejected, import_lines
from ledger.stored_bytes import UnreadableEntry, to_stored
from projections import projector as projecting
from projections import shelf
from projections.placing import take
from projections.projector import Projector
from tests.cli.conftest import STORY
from tests.depth import tries
from tests.histories import Appends, appends, record
from tests.projections.rows_by_name import rows_by_name


@given(drawn=appends(max_drafts=14))
@settings(max_examples=tries(100), deadline=None)
def test_what_is_taken_from_stored_bytes_is_what_the_event_says(drawn: Appends) -> None:
    for entry in record(drawn).book.entries:
        event = entry.event
        taken = take(entry.book, entry.number, to_stored(entry).state)
        assert (taken.book, taken.number) == (entry.book, entry.number)
        if isinstance(event, EntryVoided):
            assert (taken.target, taken.replaces) == (event.entry, 0)
            continue
        assert (taken.target, taken.replaces) == (0, event.replaces or 0)
        placed = taken.placed((entry.number,))
        assert placed.kind is type(event)
        assert placed.owner == event.owner
        assert (placed.effective, placed.earliest) == (
            to_microseconds(event.effective_at),
            lower_bound(event),
        )
        assert placed.terms == terms_of(event)


def test_bytes_that_lack_a_part_are_unreadable() -> None:
    with pytest.raises(UnreadableEntry, match="entry 3 of book 10001 cannot be read"):
        take("10001", 3, b'{"format":"entry/v1"}')


BELIEFS = ("access_window", "ownership", "episode")


def _no_reject(rejected: Rejected) -> None:
    raise AssertionError(rejected)


@pytest.mark.parametrize(("batch", "kept"), [(1, 400_000), (3, 400_000), (7, 4), (1, 0)])
def test_neither_small_batches_nor_little_memory_change_what_is_believed(
    services: Services, monkeypatch: pytest.MonkeyPatch, batch: int, kept: int
) -> None:
    """Batches end at appends, and views that were dropped are loaded as they were."""
    with STORY.open("rb") as lines:
        import_lines(services.books, lines, recorded_by="test", on_reject=_no_reject)
    services.projector.catch_up()
    expected = rows_by_name(services, BELIEFS)
    assert all(expected)
    monkeypatch.setattr(projecting, "BATCH", batch)
    monkeypatch.setattr(shelf, "KEPT_ITEMS", kept)
    assert Projector(services.database).rebuild() == 40
    assert rows_by_name(services, BELIEFS) == expected


def test_once_all_is_taken_in_little_is_kept(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views and their entries are counted; the books used longest ago are let go of."""
    owners = [f"50000000000000{n}" for n in range(6)]
    monkeypatch.setattr(projecting, "KEPT_BETWEEN", 5)
    for nth in range(4):
        for owner in owners:
            fact = {"fact": "partner-added", "id": f"f{nth}", "owner": owner,
                    "partner": f"90000000000000{nth}"}  # fmt: skip
            services.books.handle(owner, [parse_fact(fact)], recorded_by="test")
            services.projector.catch_up()
            kept = services.projector._shelf
            assert kept._kept == sum(book.items for book in kept._books.values()) <= 5
    before = rows_by_name(services, BELIEFS)
    Projector(services.database).rebuild()
    assert rows_by_name(services, BELIEFS) == before
