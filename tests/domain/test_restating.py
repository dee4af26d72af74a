"""A fact that is sent again: the same content under the same id, or other content."""
# The names are sentences; a docstring says what a name cannot.

from typing import Any

import pytest

from domain.facts import Fact
from domain.restating import restates
from tests.histories import PaperBook, add, end, grant, own, revoke, transfer, void

BOOK = (own("page1"), add("A"), grant("A", "page1", at=2))


def said_again(first: Fact, second: Fact) -> bool:
    """Whether the second fact restates the first, which was recorded."""
    book = PaperBook()
    for fact in BOOK:
        book.append(fact)
    book.append(first)
    entry = next(entry for entry in book.entries if entry.event.id == first.id)
    return restates(second, entry, book.numbers)


@pytest.mark.parametrize(
    "fact",
    [
        add("B", at=3, after=2, partner_name="South", reason="a pitch", authority="contract 3"),
        transfer("page1", to="X", at=5, basis="claimed"),
        end("page1", at=5, reason="released"),
        revoke("A", "page1", at=None),
        grant("A", "page1", at=3, id="right", replaces=3),
        void(3, id="v", actor={"kind": "person", "id": "7"}),
    ],
    ids=lambda fact: str(fact.fact),
)
def test_a_fact_restates_itself(fact: Fact) -> None:
    assert said_again(fact, fact)


def test_tasks_moments_and_targets_are_compared_for_what_they_mean() -> None:
    one = {"at": "2026-01-03T02:00:00+02:00", "id": "g"}
    other = {"at": "2026-01-03T00:00:00.000Z", "id": "g"}
    assert said_again(
        grant("A", "page1", "ADVERTISE", "ANALYZE", replaces=3, **one),
        grant("A", "page1", "ANALYZE", "ADVERTISE", replaces="grant-A-page1-2", **other),
    )
    assert said_again(void(3, id="v"), void("grant-A-page1-2", id="v"))


def test_what_was_sent_without_a_moment_was_recorded_at_its_entrys() -> None:
    assert said_again(add("B", at=None, id="b"), add("B", at="2027-01-01T00:00:03Z", id="b"))
    assert not said_again(add("B", at=None, id="b"), add("B", at=3, id="b"))


@pytest.mark.parametrize(
    "other",
    [
        {"at": 4},
        {"after": 1},
        {"owner": "X"},
        {"partner_name": "South"},
        {"reason": "a pitch"},
        {"authority": "contract 3"},
        {"source": {"kind": "imported"}},
        {"actor": {"kind": "unknown"}},
        {"replaces": 2},
        {"at": "2030-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_any_other_content_does_not_restate(other: dict[str, Any]) -> None:
    assert not said_again(add("B", at=3, id="b"), add("B", **{"at": 3, "id": "b", **other}))


def test_a_fact_of_another_kind_does_not_restate() -> None:
    assert not said_again(add("B", at=3, id="b"), own("ads1", at=3, id="b"))
    assert not said_again(add("B", at=3, id="b"), void(3, id="b"))
    assert not said_again(void(3, id="b"), add("B", at=3, id="b"))


@pytest.mark.parametrize(
    "other", [{"reason": "another"}, {"authority": "contract 3"}, {"entry": 2}, {"replaces": 2}]
)
def test_a_void_with_other_content_does_not_restate(other: dict[str, Any]) -> None:
    assert not said_again(void(3, id="v"), void(3, **{"id": "v", **other}))
