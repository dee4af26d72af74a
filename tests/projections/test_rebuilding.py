"""A read model made anew, or damaged, beside a process that goes on."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from bootstrap.services import Services, all_migrations, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from evidence.verifying import verify_pack
from ledger.database import Database
from ledger.migrate import migrate
from projections.packing import PackDiffers, Wanted
from projections.projector import Projector, ReadModelStale
from tests.contracts.samples import stored

ASSET = {"type": "page", "id": "104857600219483"}
KEY = ("page", "104857600219483")
_ids = count(1)


def _record(services: Services, book: str, kind: str, **fields: Any) -> None:
    fact = {"fact": kind, "id": f"f{next(_ids)}", "owner": book, **fields}
    services.books.handle(book, [parse_fact(fact)], recorded_by="test")
    services.projector.catch_up()


def _begin(services: Services) -> None:
    """Two books whose assets and pairs get their numbers in turn."""
    for book in ("50001", "40001"):
        _record(services, book, "ownership-established", asset=ASSET)
    for book in ("50001", "40001"):
        _record(services, book, "partner-added", partner="30001")


def _grant(services: Services) -> None:
    _record(services, "50001", "access-granted", partner="30001", asset=ASSET, tasks=["MANAGE"])


def test_a_process_goes_on_after_another_has_made_the_read_model_anew(settings: Settings) -> None:
    """The numbers of assets and pairs are others then; the views in hand must not keep theirs."""
    with open_services(settings) as serving, open_services(settings) as rebuilding:
        _begin(serving)
        rebuilding.projector.rebuild()
        _grant(serving)
        (holder,) = serving.questions.who_had_access("50001", KEY).holders
        assert holder.partner == "30001"
        wanted = Wanted(kind="who", book="50001", asset=KEY)
        verified = verify_pack(serving.packer.pack(wanted), serving.log.keyring().verifiers)
        assert verified.statement.newest[f"asset:{':'.join(KEY)}"] == 3


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(kind="who", book="50001", asset=KEY),
        Wanted(kind="what", book="50001", partner="30001"),
        Wanted(kind="line", book="50001", partner="30001", asset=KEY),
    ],
    ids=lambda wanted: wanted.kind,
)
def test_what_is_signed_does_not_rest_on_the_read_model(services: Services, wanted: Wanted) -> None:
    """A read model that lost the newest entry of a subject leads to no pack that hides it."""
    _begin(services)
    _grant(services)
    services.packer.pack(wanted)
    with services.database.writing() as connection:
        connection.execute("DELETE FROM fact WHERE asset > 0 AND pair > 0")
    with pytest.raises(PackDiffers, match="access-ledger rebuild"):
        services.packer.pack(wanted)


GONE = (
    "at position 4 that is not there any more: entries were deleted or replaced .*; run "
    "access-ledger verify, .* then run: access-ledger rebuild"
)


def _tamper(services: Services, statement: str) -> None:
    """As the owner of the tables, with the guards taken away."""
    with services.database.writing() as connection:
        if services.database.dialect == "sqlite":
            for what in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS stored_events_refuse_{what}")
        else:
            connection.execute("ALTER TABLE stored_events DISABLE TRIGGER ALL")
        connection.execute(statement)


@pytest.mark.parametrize("others", [0, 1, 3])
def test_a_read_model_of_entries_that_are_gone_answers_nothing(
    settings: Settings, others: int
) -> None:
    """Nothing, one or more came in place of the newest entry; a rebuild fits what is there."""
    with open_services(settings) as services:
        _begin(services)
        _tamper(services, "DELETE FROM stored_events WHERE originator_id = '40001' AND "
                          "originator_version = 2")  # fmt: skip
    with open_services(settings) as services:
        for number in range(others):
            fact = {"fact": "partner-added", "id": f"o{number}", "owner": "60001"}
            facts = [parse_fact({**fact, "partner": f"3000{number}"})]
            services.books.handle("60001", facts, recorded_by="test")
        for _ in range(2):
            with pytest.raises(ReadModelStale, match=GONE):
                services.questions.what_could("40001", "30001")
        with pytest.raises(ReadModelStale):
            services.projector.catch_up()
        assert services.projector.progress().fits is False
        services.projector.rebuild()
        assert services.questions.what_could("40001", "30001").coverage == "unknown"
        assert services.questions.what_could("50001", "30001").coverage == "known"


def test_a_last_entry_with_other_bytes_is_noticed(services: Services) -> None:
    """The one that the read model took in last, of as many bytes as it had."""
    _begin(services)
    assert services.projector.progress().fits
    sqlite = services.database.dialect == "sqlite"
    text = "CAST(state AS TEXT)" if sqlite else "convert_from(state, 'UTF8')"
    changed = f"replace({text}, '30001', '30002')"
    bytes_ = f"CAST({changed} AS BLOB)" if sqlite else f"convert_to({changed}, 'UTF8')"
    _tamper(
        services,
        f"UPDATE stored_events SET state = {bytes_} "
        "WHERE originator_id = '40001' AND originator_version = 2",
    )
    with pytest.raises(ReadModelStale):
        services.projector.catch_up()


def test_a_read_model_from_before_it_kept_its_last_entry_goes_on(empty: Database) -> None:
    """The migration takes the entry that is there for the one that was taken in."""
    migrations = all_migrations(empty)
    before = [one for one in migrations if one.name < "projections/0006"]
    assert len(before) < len(migrations)
    migrate(empty, before)
    empty.recorder.append([stored(number) for number in (1, 2, 3)], clock=datetime.now(UTC))
    with empty.writing() as connection:
        connection.execute("UPDATE projection SET position = 2")
    migrate(empty, migrations)
    assert Projector(empty).progress() == (3, 2, True)
