"""The answers derived from entries alone equal the ledger's own."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from cli.storytelling import BRAND, NOW, ScriptedClock, tell
from domain.facts import Fact, parse_fact
from domain.instants import Microseconds, to_microseconds
from domain.refusals import Refused
from evidence.canonical import parse_canonical, write_canonical
from evidence.completeness import check_complete
from evidence.deriving import derive
from evidence.questions import Kind, Question, read_question
from evidence.statements import parse_statement
from ledger.book import Clock
from ledger.importing import import_lines
from ledger.migrate import migrate
from tests.depth import tries
from tests.evidence.books import KINDS, Whole, as_read, asked, ends_of, question_of, text
from tests.histories import (
    OWNER,
    add,
    appends,
    change,
    end,
    grant,
    instants_of_interest,
    own,
    remove,
    revoke,
    transfer,
    void,
)
from tests.stories.real import path_of

ON_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

_books = count(80_000)


def agree(services: Services, whole: Whole, question: Question) -> None:
    """Derived from a pack's entries, checked complete, the answer is what the ledger says."""
    statement = parse_statement(str(whole.statement(question)))
    question = read_question(question.as_json())
    entries = whole.gathered(question, statement)
    check_complete(question, entries, statement)
    derived = derive(question, entries, statement)
    assert derived == asked(services.questions, question), question
    assert parse_canonical(write_canonical(derived)) == derived


def in_book(facts: Sequence[Fact], book: str) -> list[Fact]:
    """The same facts, told of another owner in a book of its own."""
    told = json.dumps([fact.model_dump(mode="json", exclude_none=True) for fact in facts])
    return [parse_fact(fields) for fields in json.loads(told.replace(f'"{OWNER}"', f'"{book}"'))]


@ON_SQLITE
@given(drawn=appends(max_drafts=14), seed=st.integers(0, 2**32))
@settings(
    max_examples=tries(120),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_answer_about_a_random_history_is_derived_from_its_entries(
    services: Services, drawn: Any, seed: int
) -> None:
    """Every kind of question, at random moments of both clocks."""
    book = str(next(_books))
    for facts in drawn:
        try:
            services.books.handle(book, in_book(facts, book), recorded_by="test")
        except Refused:
            continue
    written = [one.entry for one in services.books.entries(book)]
    if not written:
        return
    whole, chance = Whole(book, as_read(written)), Random(seed)
    moments = instants_of_interest(written) or [0]
    for kind in KINDS * 2:
        agree(services, whole, question_of(kind, whole, chance, moments))


@contextmanager
def opened(file: Path, clock: Clock) -> Iterator[Services]:
    """A fresh ledger in a file."""
    found = Settings(file=file, database_url=None)
    database = open_database(found)
    migrate(database, all_migrations(database))
    database.close()
    with open_services(found, clock=clock) as services:
        yield services


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Services]:
    """The demo story, told."""
    clock = ScriptedClock()
    with opened(tmp_path / "story.db", clock) as services:
        tell(services, clock)
        yield services


PAIR_AND_PAGE = (add("A", partner_name="Agency"), own("page1"), own("ads1"))
TOLD: dict[str, tuple[tuple[Fact, ...] | Fact, ...]] = {
    "names come from the partnership and the ownership": (
        *PAIR_AND_PAGE,
        grant("A", "page1", asset={"type": "page", "id": "50001"}),
        grant("A", "ads1", partner_name="Other name"),
    ),
    "a window cannot have ended before it can have begun": (
        *PAIR_AND_PAGE, grant("A", "page1", at=5), grant("A", "ads1", at=3),
        remove("A", at=9, after=2, removed_by="meta"),
    ),
    "an asset is unknown until its first owner is certain": (
        own("page1", at=5, after=2), add("A"), grant("A", "page1", at=6),
        end("page1", at=12, after=8, reason="asset_deleted"),
    ),
    "windows of no length": (
        *PAIR_AND_PAGE, grant("A", "page1", at=3), revoke("A", "page1", at=3, id="r"),
        grant("A", "page1", at=6, id="again"), change("A", "page1", at=6),
    ),
    "what replaces last comes first": (
        *PAIR_AND_PAGE, grant("A", "page1", "ANALYZE", id="g"),
        grant("A", "page1", "MANAGE", id="h", replaces="g"),
        (void("h", id="no-h"), void("h~void", id="no-void")),
        grant("A", "page1", "ADVERTISE", id="k", replaces="g"),
        void("no-h", id="h-again"),
    ),
    "changes of one moment in a chain": (
        *PAIR_AND_PAGE, grant("A", "page1", "ANALYZE"),
        change("A", "page1", at=6, after=3, id="one"),
        change("A", "page1", "ADVERTISE", at=6, after=3, id="two"),
        change("A", "page1", "ANALYZE", at=6, after=3, id="three", replaces="one"),
    ),
    "assets that the partner turns out to own": (
        *PAIR_AND_PAGE, grant("A", "page1", planned_end="2026-01-05"),
        grant("A", "ads1", planned_end="2026-02-28"),
        transfer("ads1", to="A", at=7, after=4), revoke("A", "page1", at=9, after=8),
        void("transfer-ads1-7"), add("A", at=11, owner="X", book=OWNER),
    ),
}  # fmt: skip
"""Books in which something matters that chance seldom draws."""


@pytest.mark.parametrize("name", TOLD)
def test_every_answer_about_a_told_history_is_derived_from_its_entries(
    tmp_path: Path, name: str
) -> None:
    """At every moment of interest, as known now; and at many moments as known before."""
    with opened(tmp_path / "told.db", lambda: NOW) as services:
        for at, facts in enumerate(TOLD[name]):
            append = facts if isinstance(facts, tuple) else (facts,)
            assert services.books.handle(OWNER, append, recorded_by="test").facts, at
        written = [one.entry for one in services.books.entries(OWNER)]
        whole, chance = Whole(OWNER, as_read(written)), Random(2026)
        moments = instants_of_interest(written)
        for kind in KINDS:
            for at in moments:
                asked_now = question_of(kind, whole, chance, [at])
                agree(services, whole, replace(asked_now, known_at=len(written)))
                agree(services, whole, question_of(kind, whole, chance, moments))


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_about_the_demo_story_is_derived_from_its_entries(
    story: Services, kind: Kind
) -> None:
    """About every asset and partner, as known at every append, at many moments."""
    written = [one.entry for one in story.books.entries(BRAND)]
    whole = Whole(BRAND, as_read(written))
    moments = [*instants_of_interest(written), to_microseconds(NOW)]
    chance = Random(2026)
    subjects: list[dict[str, Any]] = [{"asset": asset} for asset in whole.assets]
    if kind == "matrix":
        subjects = [{}]
    elif kind == "line":
        subjects = [{**on, "partner": one} for on in subjects for one in whole.portfolios]
    elif kind in {"what", "offboard", "partner-timeline"}:
        subjects = [{"partner": portfolio} for portfolio in whole.portfolios]
    for about in subjects:
        for known_at in ends_of(whole.entries):
            at = text(chance.choice(moments))
            agree(story, whole, Question(kind, BRAND, at, known_at, **about))


@ON_SQLITE
def test_answers_about_a_real_history_are_derived_from_its_entries(services: Services) -> None:
    """A sample of every kind, from the largest books of the organisation."""
    with gzip.open(path_of("moj"), "rb") as file:
        import_lines(services.books, file, recorded_by="test", on_reject=lambda _: None)
    sizes = sorted(services.questions.books().items(), key=lambda item: -item[1])
    chance = Random(2026)
    for book, _ in sizes[:2]:
        written = [one.entry for one in services.books.entries(book)]
        whole = Whole(book, as_read(written))
        moments = _moments_of(whole)
        for kind in KINDS:
            for _ in range(2 if kind == "matrix" else 12):
                agree(services, whole, question_of(kind, whole, chance, moments))


def _moments_of(whole: Whole) -> list[Microseconds]:
    found = {entry.effective_at for entry in whole.entries if not entry.is_void}
    return sorted(moment + step for moment in found for step in (-1, 0, 1))
