"""A question is answered with every entry there was when it was asked."""

from collections.abc import Callable
from typing import Any

import pytest

from bootstrap.services import Services
from projections.current import Behind
from projections.moments import UnknownBook
from projections.projector import ReadModelStale
from projections.questions import Questions
from tests.histories import OWNER, add, grant, own

PAGE = ("page", "50001")
QUESTIONS: dict[str, Callable[[Questions], Any]] = {
    "moment": lambda ask: ask.moment(OWNER),
    "who_had_access": lambda ask: ask.who_had_access(OWNER, PAGE),
    "what_could": lambda ask: ask.what_could(OWNER, "30001"),
    "what_could_on": lambda ask: ask.what_could_on(OWNER, PAGE, "30001"),
    "clocks": lambda ask: ask.clocks(OWNER),
    "owner_at": lambda ask: ask.owner_at(OWNER, PAGE),
    "asset_timeline": lambda ask: ask.asset_timeline(OWNER, PAGE),
    "partner_timeline": lambda ask: ask.partner_timeline(OWNER, "30001"),
    "offboarding_report": lambda ask: ask.offboarding_report(OWNER, "30001"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_takes_in_what_is_new(services: Services, name: str) -> None:
    """Unless it is to be asked of the read model as it is, which then says that it is behind."""
    ask, question = services.questions, QUESTIONS[name]
    with pytest.raises(UnknownBook):
        question(ask)
    facts = (add("A", at=1), own("page1", at=1), grant("A", "page1", "ANALYZE", at=2))
    for number, fact in enumerate(facts, start=1):
        services.books.handle(OWNER, [fact], recorded_by="test")
        with pytest.raises(Behind):
            question(ask.current)
        answer = question(ask)
        known = answer.known if name == "moment" else answer.known_at.entry
        assert known == number
        question(ask.current)


def test_a_read_model_of_entries_that_are_gone_answers_nothing(services: Services) -> None:
    """Also where it is not asked to catch up."""
    services.books.handle(OWNER, [add("A", at=1)], recorded_by="test")
    services.questions.moment(OWNER)
    mark = "x'00'" if services.database.dialect == "sqlite" else "'\\x00'"
    with services.database.writing() as connection:
        connection.execute(f"UPDATE projection SET last_entry = {mark}")
    for ask in (services.questions, services.questions.current):
        with pytest.raises(ReadModelStale):
            ask.moment(OWNER)
