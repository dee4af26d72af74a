"""Packs from a real history: each kind verifies, and its derived answer is the ledger's own."""

import gzip
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.instants import parse_instant
from evidence.verifying import Verified, verify_pack
from ledger.importing import Rejected, import_lines
from projections.moments import AsOf
from projections.packing import Wanted
from tests.stories.real import facts_of, path_of

KINDS = ("who", "owner", "asset-timeline", "what", "partner-timeline", "offboard", "matrix")


@pytest.fixture(scope="module")
def moj(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A real history in an embedded ledger."""
    path = path_of("moj")
    settings = Settings(file=tmp_path_factory.mktemp("moj") / "ledger.db")

    def refuse(rejected: Rejected) -> None:
        raise AssertionError(rejected)

    with open_services(settings) as services:
        with gzip.open(path, "rb") as lines:
            import_lines(services.books, lines, recorded_by="test", on_reject=refuse)
        yield services


def _verified(services: Services, wanted: Wanted) -> Verified:
    pack = services.packer.pack(wanted)
    verified = verify_pack(pack, services.log.keyring().verifiers)
    assert verified.signer_known
    return verified


def _subject(fact: dict[str, Any]) -> dict[str, Any]:
    return {
        "asset": (fact["asset"]["type"], fact["asset"]["id"]),
        "partner": fact["partner"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_pack_of_a_real_history_verifies(moj: Services, kind: str) -> None:
    """Of the smaller books too, whose matrix is small."""
    chance = random.Random(kind)
    granted = [fact for fact in facts_of("moj") if fact["fact"] == "access-granted"]
    books = moj.questions.books()
    if kind == "matrix":
        books = dict(sorted(books.items(), key=lambda item: item[1])[:50])
        granted = [fact for fact in granted if fact["owner"] in books]
    for fact in chance.sample(granted, 3):
        subject = _subject(fact)
        about_asset = kind in {"who", "owner", "asset-timeline"}
        wanted = Wanted(
            kind=kind,
            book=fact["owner"],
            asset=subject["asset"] if about_asset else None,
            partner=None if about_asset or kind == "matrix" else subject["partner"],
            as_of=AsOf(at=parse_instant(fact["effective_at"])),
        )
        assert _verified(moj, wanted).question.kind == kind


def test_two_hundred_answers_follow_from_their_packs(moj: Services) -> None:
    """Each at a random asset, moment and state of knowledge, equal to what is asked directly."""
    chance = random.Random(200)
    granted = [fact for fact in facts_of("moj") if fact["fact"] == "access-granted"]
    books = moj.questions.books()
    held = 0
    for _ in range(200):
        fact, moment = chance.choice(granted), chance.choice(granted)["effective_at"]
        book, asset = fact["owner"], _subject(fact)["asset"]
        as_of = AsOf(at=parse_instant(moment), known_at=chance.randint(0, books[book]))
        verified = _verified(moj, Wanted(kind="who", book=book, asset=asset, as_of=as_of))
        answer = moj.questions.who_had_access(book, asset, as_of)
        assert verified.answer == json.loads(answer.model_dump_json(by_alias=True))
        held += bool(answer.holders)
    assert held > 20, "some of the answers say that somebody held access"
