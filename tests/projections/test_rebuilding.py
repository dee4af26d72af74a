"""A read model made anew, or damaged, beside a process that goes on."""

from itertools import count
from typing import Any

import pytest

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from evidence.verifying import verify_pack
from projections.packing import PackDiffers, Wanted

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
