"""Imports: what is known already is found, however the lines fall into chunks."""

import itertools

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.services import Services
from domain.facts import parse_fact
from ledger import importing
from ledger.importing import Summary, import_lines
from tests.contracts.samples import BOOK
from tests.depth import tries

LINES = 12
WAS_SAID_BEFORE = st.sets(st.integers(0, LINES - 1))
_owners = map(str, itertools.count(10**15))


def _facts(mark: str) -> list[dict[str, object]]:
    """A partner who comes and goes: each line applies again, so only its id says `already`."""
    return [
        {
            "fact": "partner-added" if nth % 2 == 0 else "partner-removed",
            "id": f"{mark}-{nth}",
            "owner": BOOK,
            "partner": "20002",
            "effective_at": f"2026-01-{nth + 1:02}T00:00:00Z",
            "source": {"kind": "imported", "reference": "test"},
        }
        for nth in range(LINES)
    ]


def _import(
    services: Services, facts: list[dict[str, object]], *, dry_run: bool = False
) -> Summary:
    refused: list[str] = []
    summary = import_lines(
        services.books,
        map(orjson.dumps, facts),
        recorded_by="test",
        on_reject=lambda rejected: refused.append(rejected.reason),
        dry_run=dry_run,
    )
    assert len(refused) == summary.rejected
    return summary


@given(size=st.integers(1, LINES), before=WAS_SAID_BEFORE)
@settings(
    max_examples=tries(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_an_import_knows_what_was_recorded_before_in_whatever_chunks(
    services: Services, monkeypatch: pytest.MonkeyPatch, size: int, before: set[int]
) -> None:
    """A chunk of new facts makes the next one be taken for new; what is not so is noticed."""
    monkeypatch.setattr(importing, "CHUNK_FACTS", size)
    book = next(_owners)
    facts = [{**fact, "owner": book} for fact in _facts("a")]
    for nth, fact in enumerate(facts):  # each partner comes and goes once
        fact["partner"] = str(30_000 + nth // 2)
    said = [nth for nth in range(LINES) if nth in before and (nth % 2 == 0 or nth - 1 in before)]
    for nth in said:
        services.books.handle(book, [parse_fact(facts[nth])], recorded_by="test")
    tried = _import(services, facts, dry_run=True)
    done = _import(services, facts)
    assert (tried.written, tried.already, tried.rejected) == (LINES - len(said), len(said), 0)
    assert (done.written, done.already, done.rejected) == (LINES - len(said), len(said), 0)
    assert services.books.books()[book] == LINES
    again = _import(services, facts)
    assert (again.written, again.already) == (0, LINES)


def test_an_id_that_is_taken_is_noticed_where_its_fact_would_apply_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing refuses the line but its id, which a chunk of new facts before it left unread."""
    monkeypatch.setattr(importing, "CHUNK_FACTS", 2)
    first, second = _facts("a")[:4], _facts("b")[4:10]
    _import(services, first)
    services.books.handle(BOOK, [parse_fact(second[0])], recorded_by="test")
    services.books.handle(BOOK, [parse_fact(second[1])], recorded_by="test")
    elsewhere = [{**fact, "owner": "10009", "id": f"c-{fact['id']}"} for fact in _facts("c")[:2]]
    taken = {**second[0], "effective_at": "2026-02-01T00:00:00Z"}
    summary = _import(services, [*elsewhere, taken, second[1]])
    assert (summary.written, summary.already, summary.rejected) == (2, 1, 1)
    assert services.books.books()[BOOK] == len(first) + 2
