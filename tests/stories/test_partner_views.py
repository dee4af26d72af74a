"""Partners of two real organisations: what each sees, whatever is recorded of the others."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.instants import parse_instant
from evidence.archive import read_archive
from evidence.verifying import verify_pack
from ledger.importing import Rejected, import_lines
from projections.moments import AsOf, BadQuestion
from projections.packing import Wanted
from projections.questions import Questions
from tests.depth import LONG
from tests.stories.real import HISTORIES, facts_of

pytestmark = pytest.mark.long

Facts = Sequence[dict[str, Any]]


@contextmanager
def _opened(file: Path, facts: Facts) -> Iterator[Services]:
    """A ledger of these facts, by a clock that stands still: each append is a microsecond later."""
    moment = datetime(2027, 1, 1, tzinfo=UTC)

    def refuse(rejected: Rejected) -> None:
        raise AssertionError(rejected)

    with open_services(Settings(file=file), clock=lambda: moment) as services:
        lines = [json.dumps(fact).encode() for fact in facts]
        import_lines(services.books, lines, recorded_by="test", on_reject=refuse)
        yield services


def _largest(name: str) -> tuple[str, Facts, list[str]]:
    """The largest book of a history, its facts, and some partners: with much, and with little."""
    sizes = Counter(fact["owner"] for fact in facts_of(name))
    ((book, _),) = sizes.most_common(1)
    facts = [fact for fact in facts_of(name) if fact["owner"] == book]
    partners = [p for p, _ in Counter(f["partner"] for f in facts if "partner" in f).most_common()]
    return book, facts, [partners[0], partners[len(partners) // 2], partners[-1]]


def _with_other_others(facts: Facts, partner: str) -> Facts:
    """The same facts, of which all that are about other partners are about yet others."""
    names: dict[str, str] = {}
    found: list[dict[str, Any]] = []
    for fact in facts:
        if fact.get("partner", partner) != partner:
            stranger = names.setdefault(fact["partner"], f"6660000{len(names):08}")
            fact = {**fact, "partner": stranger, "partner_name": f"hush {stranger}"}  # noqa: PLW2901 - the fact in disguise
            fact["id"] = f"hush-{len(found)}"
            if "tasks" in fact:
                fact["tasks"] = ["HUSH"]
            fact.pop("actor", None)
        found.append(fact)
    return found


def _answers(ask: Questions, book: str, partner: str, facts: Facts) -> Iterator[BaseModel]:
    """Every question, at some moments of the history."""
    its = [fact for fact in facts if fact.get("partner") == partner and "asset" in fact]
    some = [fact["asset"] for fact in (*facts[::50], *its[:20]) if "asset" in fact]
    assets = {(asset["type"], asset["id"]) for asset in some}
    for at in (parse_instant(facts[len(facts) * part // 5]["effective_at"]) for part in range(5)):
        as_of = AsOf(at=at, known_at=len(facts))
        yield ask.matrix_at(book, as_of)
        yield ask.ownership_at(book, as_of)
        yield ask.partners(book, as_of)
        yield ask.what_could(book, partner, as_of)
        yield ask.offboarding_report(book, partner, as_of)
        for asset in sorted(assets):
            yield ask.who_had_access(book, asset, as_of)
            yield ask.owner_at(book, asset, as_of)
    for asset in sorted(assets):
        yield ask.asset_timeline(book, asset, as_of)
    yield ask.partner_timeline(book, partner, as_of)
    yield ask.entries(book)
    yield ask.anomalies(book)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", HISTORIES)
def test_a_partner_is_answered_the_same_whatever_is_recorded_of_the_others(
    tmp_path: Path, name: str
) -> None:
    """Byte for byte; and no answer and no pack names another partner."""
    book, facts, partners = _largest(name)
    everyone = {fact["partner"] for fact in facts if "partner" in fact}
    with _opened(tmp_path / "as-it-was.db", facts) as services:
        for at, partner in enumerate(partners if LONG else partners[::2]):
            ask = services.questions.seen_by(partner)
            told = [a.model_dump_json().encode() for a in _answers(ask, book, partner, facts)]
            others = [other.encode() for other in everyone - {partner, book}]
            assert not [other for other in others if any(other in answer for answer in told)]
            _check_entries(ask, book, partner, facts)
            _check_packs(services, book, partner, facts, others)
            with _opened(tmp_path / f"{at}.db", _with_other_others(facts, partner)) as disguised:
                ask = disguised.questions.seen_by(partner)
                again = [a.model_dump_json().encode() for a in _answers(ask, book, partner, facts)]
            assert told == again


def _check_entries(ask: Questions, book: str, partner: str, facts: Facts) -> None:
    """Its own facts, and the ownership facts of the assets that it was given access to."""
    its = [fact for fact in facts if fact.get("partner") == partner]
    assets = [fact["asset"]["id"] for fact in its if "asset" in fact]
    owners = [f for f in facts if "partner" not in f and f["asset"]["id"] in assets]
    shown = {entry.event["id"] for entry in ask.entries(book).entries}
    assert shown == {fact["id"] for fact in (*its, *owners)}


def _check_packs(
    services: Services, book: str, partner: str, facts: Facts, others: list[bytes]
) -> None:
    """Each kind of pack verifies, and names no other partner."""
    shown = {entry.number for entry in services.questions.seen_by(partner).entries(book).entries}
    its = [fact for fact in facts if fact.get("partner") == partner and "asset" in fact]
    asset = (its[-1]["asset"]["type"], its[-1]["asset"]["id"])
    for kind in ("what", "partner-timeline", "offboard", "line", "owner"):
        wanted = Wanted(
            kind=kind,
            book=book,
            asset=asset if kind in {"line", "owner"} else None,
            partner=None if kind == "owner" else partner,
        )
        pack = services.packer.pack(wanted, seen_by=partner)
        verified = verify_pack(pack, services.log.keyring().verifiers)
        assert {entry.number for entry in verified.entries} <= shown
        members = read_archive(pack)
        del members["verify.html"]
        for data in members.values():
            assert not [other for other in others if other in data]
    with pytest.raises(BadQuestion):
        services.packer.pack(Wanted(kind="who", book=book, asset=asset), seen_by=partner)
