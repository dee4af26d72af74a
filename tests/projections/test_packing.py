"""What it takes to make a pack: room for it, and its turn."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from evidence import archive
from ledger.deadline import TookTooLong, deadline_in
from projections import packing
from projections.packing import PackTooLarge, Wanted

BOOK, PARTNER = "506914307656634", "563920174410288"
MATRIX, WHAT = Wanted(kind="matrix", book=BOOK), Wanted(kind="what", book=BOOK, partner=PARTNER)


@pytest.fixture
def services(sqlite_settings: Settings) -> Iterator[Services]:
    """A ledger with one entry."""
    added = {"fact": "partner-added", "id": "1", "owner": BOOK, "partner": PARTNER}
    with open_services(sqlite_settings) as opened:
        opened.books.handle(BOOK, [parse_fact(added)], recorded_by="test")
        yield opened


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (packing, "MAX_ARCHIVE_BYTES"),
        (packing, "MAX_STATEMENT_BYTES"),
        (archive, "MAX_ARCHIVE_BYTES"),
    ],
)
def test_a_pack_that_would_be_too_large_is_no_damage(
    services: Services, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    """It is seen before the proofs are made, or at the latest where the archive is written."""
    monkeypatch.setattr(where, name, 100)
    with pytest.raises(PackTooLarge, match=r"no pack for what of book .*: 1 entries bear on it"):
        services.packer.pack(WHAT)


def test_packs_of_a_book_are_made_one_after_the_other(services: Services) -> None:
    """Those of other books do not wait."""
    held, done = Event(), Event()

    def hold() -> None:
        with services.books.locked(f"packs of {BOOK}"):
            held.set()
            done.wait()

    thread = Thread(target=hold)
    thread.start()
    held.wait()
    try:
        with deadline_in(0.05), pytest.raises(TookTooLong):
            services.packer.pack(MATRIX)
    finally:
        done.set()
        thread.join()
    assert services.packer.pack(MATRIX)
