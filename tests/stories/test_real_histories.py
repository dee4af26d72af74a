"""Two real histories: imported whole, late, and again, and asked at thousands of moments."""

import gzip
import json
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bootstrap.services import Services
from domain.facts import parse_fact
from domain.instants import format_instant, parse_instant
from ledger.importing import Rejected, Summary, import_lines
from projections.moments import AsOf
from tests.depth import tries
from tests.stories.real import (
    HISTORIES,
    Cell,
    facts_of,
    golden_of,
    naive_fold,
    naive_folds,
    path_of,
)

pytestmark = pytest.mark.long

MICROSECOND = timedelta(microseconds=1)


def _refuse(rejected: Rejected) -> None:
    raise AssertionError(f"line {rejected.line} was refused: {rejected.reason}")


def _import(services: Services, lines: Iterable[bytes]) -> Summary:
    return import_lines(services.books, lines, recorded_by="test", on_reject=_refuse)


def _import_file(services: Services, name: str) -> Summary:
    with gzip.open(path_of(name), "rb") as file:
        return _import(services, file)


def _lines(facts: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(fact).encode() for fact in facts]


def _matrix(
    services: Services, at: datetime, known: Callable[[str], int | None] = lambda _: None
) -> set[Cell]:
    cells: set[Cell] = set()
    for book in services.questions.books():
        matrix = services.questions.matrix_at(book, AsOf(at=at, known_at=known(book)))
        cells |= {(c.owner, c.partner, c.asset.type, c.asset.id, c.tasks) for c in matrix.cells}
    return cells


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_imported_whole_and_gives_the_true_matrices(
    services: Services, name: str
) -> None:
    """No line is refused; at each golden instant the matrix is the organisation's own."""
    facts = facts_of(name)
    summary = _import_file(services, name)
    assert (summary.lines, summary.written, summary.rejected) == (len(facts), len(facts), 0)
    for at, cells in golden_of(name):
        assert _matrix(services, parse_instant(at)) == cells

    again = _import_file(services, name)
    assert (again.written, again.already, again.entries) == (0, len(facts), 0)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", HISTORIES)
def test_answers_equal_a_naive_fold_of_the_file(services: Services, name: str) -> None:
    """At 200 random instants, and around every boundary of 100 random lines, in a long run."""
    facts = facts_of(name)
    _import_file(services, name)
    chance = random.Random(2026)
    first, last = (parse_instant(fact["effective_at"]) for fact in (facts[0], facts[-1]))
    instants = sorted(first + chance.random() * (last - first) for _ in range(tries(200)))
    expected_cells = naive_folds(facts, map(format_instant, instants))
    for at, cells in zip(instants, expected_cells, strict=True):
        assert _matrix(services, at) == cells

    lines = sorted({_line(fact) for fact in facts if "tasks" in fact})
    for line in chance.sample(lines, tries(100)):
        owner, partner, asset = line[0], line[1], line[2:]
        touching = tuple(
            fact
            for fact in facts
            if _line(fact) == line
            or (fact["fact"].startswith("partner") and (fact["owner"], fact["partner"]) == line[:2])
            or (fact["fact"].startswith("ownership") and _line(fact)[2:] == asset)
        )
        moments = {parse_instant(fact["effective_at"]) for fact in touching}
        for at in sorted(
            moment + step
            for moment in moments
            for step in (-MICROSECOND, 0 * MICROSECOND, MICROSECOND)
        ):
            answer = services.questions.who_had_access(owner, asset, AsOf(at=at))
            told = {
                (h.owner, h.partner, *asset, h.tasks)
                for h in answer.holders
                if h.partner == partner
            }
            expected = naive_fold(touching, format_instant(at))
            assert told == {cell for cell in expected if cell[:4] == line}


def _line(fact: dict[str, Any]) -> tuple[str, str, str, str]:
    asset = fact.get("asset", {"type": "", "id": ""})
    return (fact["owner"], fact.get("partner", ""), asset["type"], asset["id"])


@pytest.mark.parametrize("name", HISTORIES)
def test_late_knowledge_completes_the_matrices_and_leaves_the_earlier_ones(
    services: Services, name: str
) -> None:
    """Every tenth line is learned later; what was answered before stays answerable."""
    facts = facts_of(name)
    lines = sorted({_line(fact) for fact in facts if _line(fact)[1] and _line(fact)[2]})
    late = set(lines[::10])
    _import(services, _lines(fact for fact in facts if _line(fact) not in late))
    noted = services.questions.books()
    before = {at: _matrix(services, parse_instant(at)) for at, _ in golden_of(name)}

    _import(services, _lines(fact for fact in facts if _line(fact) in late))
    for at, cells in golden_of(name):
        moment = parse_instant(at)
        assert _matrix(services, moment) == cells
        assert _matrix(services, moment, lambda book: noted.get(book, 0)) == before[at]

    _void_some_and_see_both_beliefs(services, facts)


def _void_some_and_see_both_beliefs(services: Services, facts: tuple[dict[str, Any], ...]) -> None:
    """Revokes that nothing follows on their line: without them the access goes on."""
    last_of_line = {_line(fact): fact for fact in facts if "tasks" in fact}
    revokes = [f for f in last_of_line.values() if f["fact"] == "access-revoked"][-5:]
    for revoke in revokes:
        book, partner, *asset = _line(revoke)
        void = parse_fact(
            {
                "fact": "entry-voided",
                "id": f"void of {revoke['id']}".replace(" ", "-"),
                "book": book,
                "fact_id": revoke["id"],
                "reason": "it was another line",
            }
        )
        known = services.questions.books()[book]
        services.books.handle(book, [void], recorded_by="test")
        at = parse_instant(revoke["effective_at"])

        def holders(
            known_at: int | None,
            book: str = book,
            key: tuple[str, str] = (asset[0], asset[1]),
            at: datetime = at,
        ) -> set[str]:
            answer = services.questions.who_had_access(book, key, AsOf(at=at, known_at=known_at))
            return {holder.partner for holder in answer.holders}

        assert partner not in holders(known)
        assert partner in holders(None)
