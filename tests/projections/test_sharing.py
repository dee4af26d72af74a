"""A catch-up shared out to other processes: it comes to the same, whatever happens to them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from bootstrap.services import Services
from domain.facts import parse_fact
from ledger.stored_bytes import UnreadableEntry
from projections import projector as projecting
from projections import sharing
from projections.projector import Projector
from tests.projections.rows_by_name import rows_by_name

pytestmark = pytest.mark.long

ASSETS = [{"type": "page", "id": f"10485760000000{n}"} for n in range(3)]
BY_NUMBERS = (
    "access_window", "ownership", "episode", "anomaly", "fact", "line", "book_append",
)  # fmt: skip
OWNERS = [f"50000000000000{n}" for n in range(5)]


def _record(services: Services) -> int:
    """Some books with what can be in a book, each told in turns with the others."""
    told: list[dict[str, Any]] = [
        *({"fact": "ownership-established", "asset": asset} for asset in ASSETS),
        {"fact": "partner-added", "partner": "30001", "partner_name": "A\\B\tC\nD"},
        *({"fact": "access-granted", "partner": "30001", "asset": asset, "tasks": ["MANAGE"]}
          for asset in ASSETS),
        {"fact": "access-changed", "partner": "30001", "asset": ASSETS[0], "tasks": ["ANALYZE"]},
        {"fact": "access-revoked", "partner": "30001", "asset": ASSETS[1], "replaces": None},
        {"fact": "access-revoked", "partner": "30001", "asset": ASSETS[2], "replaces": 9},
        {"fact": "entry-voided", "entry": 8, "reason": "it was another"},
        {"fact": "partner-removed", "partner": "30001"},
    ]  # fmt: skip
    count = 0
    for nth, fields in enumerate(told):
        for owner in OWNERS:
            whose = {"book": owner} if fields["fact"] == "entry-voided" else {"owner": owner}
            fact = parse_fact({"id": f"f{nth}", **whose, **fields})
            services.books.handle(owner, [fact], recorded_by="test")
            count += 2 if fields.get("replaces") else 1
    return count


def _empty(services: Services) -> None:
    with services.database.writing() as connection:
        for table in (*BY_NUMBERS, "asset", "pair"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE projection SET position = 0, last_entry = NULL")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is shared out, and in small parts."""
    monkeypatch.setattr(projecting, "ALONE", 0)
    monkeypatch.setattr(projecting, "PROCESSES", 2)
    monkeypatch.setattr(projecting, "BATCH", 25)
    monkeypatch.setattr(sharing, "CHUNK", 4)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("kept", [1_000_000, 12])
@pytest.mark.parametrize("work", ["catch_up", "rebuild"])
def test_shared_out_it_comes_to_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch, kept: int, work: str
) -> None:
    """Also where the processes let go of books, which are then taken in by the one that writes."""
    count = _record(services)
    with monkeypatch.context() as alone:
        alone.setattr(projecting, "PROCESSES", 1)
        Projector(services.database).rebuild()
        expected = rows_by_name(services, BY_NUMBERS)
    monkeypatch.setattr(sharing, "KEPT_ENTRIES", kept)
    monkeypatch.setattr(projecting, "suppress", lambda _: nullcontext())  # not in vain
    if work == "catch_up":
        _empty(services)
    assert getattr(Projector(services.database), work)() == count
    assert rows_by_name(services, BY_NUMBERS) == expected
    assert not multiprocessing.active_children()
    services.books.handle(
        OWNERS[0],
        [parse_fact({"fact": "partner-added", "id": "n", "owner": OWNERS[0], "partner": "30002"})],
        recorded_by="test",
    )
    assert services.projector.catch_up() == 1
    assert len(rows_by_name(services, BY_NUMBERS)[2]) == len(expected[2]) + 1


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("work", ["catch_up", "rebuild"])
def test_when_a_process_is_lost_the_rest_is_taken_in_alone(
    services: Services, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    count = _record(services)
    Projector(services.database).rebuild()
    expected = rows_by_name(services, BY_NUMBERS)
    gathered, batches = sharing.gathered, []

    def gathered_until_killed(coming: list[Any]) -> Iterator[Any]:
        batches.append(coming)
        if len(batches) == 2:
            for child in multiprocessing.active_children():
                child.kill()
                child.join()
        yield from gathered(coming)

    monkeypatch.setattr(projecting, "gathered", gathered_until_killed)
    if work == "catch_up":
        _empty(services)
    assert getattr(Projector(services.database), work)() == count
    assert rows_by_name(services, BY_NUMBERS) == expected


@pytest.mark.usefixtures("shared")
def test_whoever_is_overtaken_goes_on_from_there(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes in what was shared out already; it is taken in once."""
    _record(services)
    services.projector.rebuild()
    expected = rows_by_name(services, BY_NUMBERS)
    _empty(services)
    projector, batches = Projector(services.database), []
    batch = projector._batch

    def overtaken() -> int:
        taken = batch()
        batches.append(taken)
        if len(batches) == 1:
            with monkeypatch.context() as alone:
                alone.setattr(projecting, "PROCESSES", 1)
                Projector(services.database).catch_up()
        return taken

    monkeypatch.setattr(projector, "_batch", overtaken)
    assert projector.catch_up() == batches[0] < len(expected[BY_NUMBERS.index("fact")])
    assert rows_by_name(services, BY_NUMBERS) == expected


@pytest.mark.usefixtures("shared")
def test_an_entry_that_cannot_be_read_is_named_as_if_alone(services: Services) -> None:
    _record(services)
    state = b'{"event":{"id":"x"},"format":"entry/v9"}'
    strange = StoredEvent(
        originator_id="60001", originator_version=1, topic="strange/v9", state=state
    )
    services.database.recorder.append([strange], clock=datetime.now(UTC))
    with pytest.raises(UnreadableEntry, match="entry 1 of book 60001"):
        services.projector.catch_up()
    assert not multiprocessing.active_children()


def test_the_processes_end_with_the_one_that_began_them() -> None:
    program = (
        "from projections.sharing import Helpers\n"
        "import time, multiprocessing\n"
        "helpers = Helpers('sqlite', 2)\n"
        "helpers.begin(0)\n"
        "print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.kill()
        parent.wait()
        until = time.monotonic() + 30
        while any(map(_is_there, children)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(map(_is_there, children))


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or " Z " not in stat.read_text()  # where it is, an ended one is told
