"""Entries are all that bear on a question, or are refused: left out, added, moved or changed."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.completeness import check_complete, replaced_needed, subjects_needed
from evidence.deriving import derive
from evidence.entries import Entry
from evidence.errors import Incomplete
from evidence.questions import Question
from evidence.statements import Statement
from tests.depth import tries
from tests.evidence.books import (
    KINDS,
    Whole,
    as_read,
    ends_of,
    question_of,
    text,
    with_newest,
)
from tests.histories import (
    OTHER,
    OWNER,
    PARTNERS,
    PaperBook,
    add,
    appends,
    grant,
    instants_of_interest,
    own,
    record,
    revoke,
    transfer,
    void,
)

EXAMPLES = settings(
    max_examples=tries(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
HISTORIES = given(drawn=appends(max_drafts=12), seed=st.integers(0, 2**32))
PAGE = ("page", "50001")


def refused(question: Question, entries: Sequence[Entry], statement: Statement) -> str:
    """The sentence with which the entries are refused."""
    with pytest.raises(Incomplete) as found:
        check_complete(question, entries, statement)
    return str(found.value)


def told(book: PaperBook) -> Whole:
    """The book as the evidence reads it."""
    return Whole(book.book, as_read(book.entries))


def pack(
    whole: Whole, kind: Any, known_at: int | None = None, **about: Any
) -> tuple[Question, list[Entry], Statement]:
    """A question asked today, its entries and its statement."""
    known = len(whole.entries) if known_at is None else known_at
    question = Question(kind, whole.book, "2026-06-01T00:00:00.000000Z", known, **about)
    statement = whole.statement(question)
    return question, whole.gathered(question, statement), statement


def random_packs(drawn: Any, seed: int) -> list[tuple[Question, list[Entry], Statement]]:
    """A question of each kind about a random history, with what bears on it."""
    entries = record(drawn).entries
    if not entries:
        return []
    whole, chance = Whole(OWNER, as_read(entries)), Random(seed)
    moments = instants_of_interest(entries) or [0]
    found = []
    for kind in KINDS:
        question = question_of(kind, whole, chance, moments)
        statement = whole.statement(question)
        found.append((question, whole.gathered(question, statement), statement))
    return found


@HISTORIES
@EXAMPLES
def test_the_entries_of_the_chains_are_complete(drawn: Any, seed: int) -> None:
    """For every kind of question."""
    for question, entries, statement in random_packs(drawn, seed):
        check_complete(question, entries, statement)


@HISTORIES
@EXAMPLES
def test_no_entry_can_be_left_out_shown_twice_or_moved(drawn: Any, seed: int) -> None:
    for question, entries, statement in random_packs(drawn, seed):
        for at in range(len(entries)):
            refused(question, [*entries[:at], *entries[at + 1 :]], statement)
            refused(question, [*entries[: at + 1], *entries[at:]], statement)
            if at:
                before, this = entries[at - 1 : at + 1]
                refused(question, [*entries[: at - 1], this, before, *entries[at + 1 :]], statement)


@HISTORIES
@EXAMPLES
def test_no_entry_can_be_added_of_this_book_or_of_another(drawn: Any, seed: int) -> None:
    whole = Whole(OWNER, as_read(record(drawn).entries))
    for question, entries, statement in random_packs(drawn, seed):
        present = {entry.number for entry in entries}
        for entry in whole.entries:
            if entry.number not in present:
                more = sorted([*entries, entry], key=lambda entry: entry.number)
                refused(question, more, statement)
        for at, entry in enumerate(entries):
            other = replace(entry, book=OTHER)
            said = refused(question, [*entries[:at], other, *entries[at + 1 :]], statement)
            assert f"is one of book {OTHER}, not of {OWNER}" in said


@HISTORIES
@EXAMPLES
def test_no_number_of_the_statement_can_be_another(drawn: Any, seed: int) -> None:
    """Neither a newest entry, nor what was known; and no subject can be missing or one too many."""
    for question, entries, statement in random_packs(drawn, seed):
        for subject, newest in statement.newest.items():
            for number in {0, newest - 1, newest + 1, statement.size} - {newest, -1}:
                if number > statement.size:
                    continue
                changed = with_newest(statement, {**statement.newest, subject: number})
                refused(question, entries, changed)
            fewer = {name: at for name, at in statement.newest.items() if name != subject}
            assert subject in refused(question, entries, with_newest(statement, fewer))
        more = {**statement.newest, "asset:poster:none": 0}
        said = refused(question, entries, with_newest(statement, more))
        assert said == "the statement names asset:poster:none, which the question does not need"
        if statement.known_at:
            earlier = replace(statement, known_at=statement.known_at - 1) if (
                statement.known_at > 1
            ) else replace(statement, known_at=0, recorded_at=None)  # fmt: skip
            assert "as known at entry" in refused(question, entries, earlier)


@HISTORIES
@EXAMPLES
def test_a_subject_touched_cannot_be_left_out_or_added(drawn: Any, seed: int) -> None:
    """Nor can the entry that touched it before be another."""
    for question, entries, statement in random_packs(drawn, seed):
        needed = subjects_needed(question, entries, statement)
        for at, entry in enumerate(entries):
            for subject, before in entry.touches.items():
                if question.kind != "matrix" and needed.isdisjoint(entry.touches):
                    continue  # an entry that says where another stands
                others = {s: n for s, n in entry.touches.items() if s != subject}
                variants = [others, {**others, "asset:poster:none": 0}]
                if question.kind == "matrix" or subject in needed:
                    variants += [{**others, subject: n} for n in {0, before + 1} - {before}]
                for touches in variants:
                    if max(touches.values(), default=0) >= entry.number:
                        continue
                    changed = replace(entry, touches=touches)
                    refused(question, [*entries[:at], changed, *entries[at + 1 :]], statement)


@given(drawn=appends(max_drafts=12))
@EXAMPLES
def test_knowledge_cannot_end_inside_an_append_that_the_entries_show(drawn: Any) -> None:
    entries = record(drawn).entries
    whole = Whole(OWNER, as_read(entries))
    for known in {entry.number for entry in entries} - set(ends_of(whole.entries)):
        at = text(0)
        for portfolio in whole.portfolios:
            question = Question("partner-timeline", OWNER, at, known, partner=portfolio)
            statement = whole.statement(question)
            gathered = whole.gathered(question, statement)
            shared = whole.by_number[known].recorded_at
            if any(e.number > known and e.recorded_at == shared for e in gathered):
                said = refused(question, gathered, statement)
                assert f"so entry {known} is not the end of what was known then" in said


def test_the_sentences_name_the_entry_and_the_subject() -> None:
    book = PaperBook()
    for fact in (
        add("A"), own("page1"), grant("A", "page1"), own("ads1"), grant("A", "ads1"),
        revoke("A", "page1"), void("revoke-A-page1-5"), add("B"), grant("B", "page1"),
    ):  # fmt: skip
        book.append(fact)
    question, entries, statement = pack(told(book), "who", asset=PAGE)
    assert [entry.number for entry in entries] == [1, 2, 3, 6, 7, 8, 9]
    check_complete(question, entries, statement)

    def without(*numbers: int) -> list[Entry]:
        return [entry for entry in entries if entry.number not in numbers]

    assert refused(question, without(6), statement) == (
        "entry 6, by which entry 7 goes on in asset:page:50001, is missing"
    )
    assert refused(question, without(1), statement) == (
        f"entry 1, by which the statement goes on in episode:{OWNER}:{PARTNERS[0]}, is missing"
    )
    earlier = with_newest(statement, {**statement.newest, "asset:page:50001": 7})
    assert refused(question, entries, earlier) == (
        "entry 9 touches asset:page:50001 and is not in its chain"
    )
    elsewhere = with_newest(statement, {**statement.newest, "asset:page:50001": 8})
    assert refused(question, entries, elsewhere) == (
        "entry 8, by which the statement goes on in asset:page:50001, is not of it"
    )
    with_other = sorted([*entries, told(book).by_number[5]], key=lambda entry: entry.number)
    assert refused(question, with_other, statement) == "entry 5 does not bear on the question"
    later = replace(entries[-1], recorded_at="2020-01-01T00:00:00.000000Z")
    assert refused(question, [*entries[:-1], later], statement) == (
        "entry 9 was recorded before entry 8, which is older"
    )


def test_the_whole_book_is_needed_for_its_matrix() -> None:
    book = PaperBook()
    for fact in (add("A"), own("page1"), grant("A", "page1"), revoke("A", "page1")):
        book.append(fact)
    whole = told(book)
    question, entries, statement = pack(whole, "matrix", 3)
    check_complete(question, entries, statement)
    assert refused(question, entries[:2], statement) == "entry 3 of the book is missing"
    assert refused(question, entries[1:], statement) == "entry 1 of the book is missing"
    assert refused(question, whole.entries, statement) == "entry 4 does not bear on the question"


def test_what_is_claimed_of_a_partner_stands_in_entries() -> None:
    """That the claims are all there is cannot be shown; that they are not made up is."""
    book = PaperBook()
    for fact in (
        add("A"),
        own("page1"),
        grant("A", "page1"),
        own("ads1"),
        transfer("ads1", to="A"),
    ):
        book.append(fact)
    question, entries, statement = pack(told(book), "offboard", partner=PARTNERS[0])
    assert statement.owned == (("ad_account", "50002"),)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    check_complete(question, entries, statement)
    assert refused(question, entries, replace(statement, owned=())) == (
        "the statement names ownership:ad_account:50002, which the question does not need"
    )
    made_up = replace(statement, owned=(*statement.owned, PAGE))
    assert refused(question, entries, made_up) == (
        f"the statement says that {PARTNERS[0]} was recorded as the owner of page:50001, "
        "and no entry does"
    )
    newest = {**statement.newest, f"partner:{OTHER}:{PARTNERS[0]}": 0}
    made_up = with_newest(replace(statement, owners=(OWNER, OTHER)), newest)
    assert refused(question, entries, made_up) == (
        f"the statement names the owner {OTHER}, of whom there is no entry"
    )
    question, entries, statement = pack(told(book), "who", asset=PAGE)
    assert "names owners, and the question is about no partner" in refused(
        question, entries, replace(statement, owners=(OWNER,))
    )
    assert "names owned assets, and the question asks for none" in refused(
        question, entries, replace(statement, owned=(PAGE,))
    )


def _replaced_from_another_asset() -> Whole:
    """A grant on one asset stands in for one on another, at the moment of a second one."""
    book = PaperBook()
    for fact in (
        add("A"), add("B"), own("page1"), own("ads1"),
        grant("B", "ads1", at=2, id="wrong"),
        grant("A", "page1", at=2, id="right"),
        revoke("A", "page1", at=2, id="gone"),
        grant("A", "page1", "MANAGE", at=2, id="instead", replaces="wrong"),
    ):  # fmt: skip
        book.take(fact)
    return told(book)


def test_what_says_where_an_entry_stands_is_needed_and_nothing_else_of_its_chain() -> None:
    """The order of two events of one moment may rest on an entry about another asset."""
    whole = _replaced_from_another_asset()
    question, entries, statement = pack(whole, "who", asset=PAGE)
    numbers = [entry.number for entry in entries]
    assert 5 in numbers
    assert "ad_account:50002" in "".join(whole.by_number[5].touches)
    assert replaced_needed(question, entries, statement) == {5}
    check_complete(question, entries, statement)
    without = [entry for entry in entries if entry.number != 5]
    assert refused(question, without, statement) == (
        "entry 5 is missing, which another replaces that shares its moment: "
        "without it their order is open"
    )


def test_a_place_is_not_needed_where_no_moment_is_shared() -> None:
    """So a correction does not disclose what it corrects on another asset."""
    book = PaperBook()
    for fact in (
        add("A"), add("B"), own("page1"), own("ads1"),
        grant("B", "ads1", at=2, id="wrong"),
        grant("A", "page1", at=3, id="right", replaces="wrong"),
    ):  # fmt: skip
        book.append(fact)
    question, entries, statement = pack(told(book), "who", asset=PAGE)
    assert [entry.number for entry in entries] == [1, 3, 7]
    check_complete(question, entries, statement)


def test_what_a_replaced_entry_replaced_in_turn_is_needed_too() -> None:
    """A place is a path; the entries along it say what they touch, as all do."""
    book = PaperBook()
    for fact in (
        add("A"), add("B"), own("page1"), own("ads1"), own("page2"),
        grant("B", "ads1", at=2, id="first"),
        grant("B", "page2", at=2, id="second", replaces="first"),
        grant("A", "page1", at=2, id="right"),
        revoke("A", "page1", at=2, id="gone"),
        grant("A", "page1", "MANAGE", at=2, id="third", replaces="second"),
    ):  # fmt: skip
        book.take(fact)
    question, entries, statement = pack(told(book), "who", asset=PAGE)
    assert replaced_needed(question, entries, statement) == {6, 8}
    check_complete(question, entries, statement)
    for number in (6, 8):
        at = [entry.number for entry in entries].index(number)
        assert f"entry {number} is missing" in refused(
            question, [*entries[:at], *entries[at + 1 :]], statement
        )
        changed = replace(entries[at], touches={})
        said = refused(question, [*entries[:at], changed, *entries[at + 1 :]], statement)
        assert f"entry {number} does not touch 'asset:" in said


def test_what_was_known_was_recorded_when_the_statement_says() -> None:
    book = PaperBook()
    for fact in (own("page1"), add("A"), transfer("page1", to="X"), add("B")):
        book.append(fact)
    whole = told(book)
    question, entries, statement = pack(whole, "owner", 3, asset=PAGE)
    later = "2027-01-01T00:00:09.000000Z"
    assert refused(question, entries, replace(statement, recorded_at=later)) == (
        f"entry 3 was recorded at {whole.by_number[3].recorded_at}, and the statement says {later}"
    )
    question, entries, statement = pack(whole, "owner", 4, asset=PAGE)
    early = "2026-01-01T00:00:00.000000Z"
    assert refused(question, entries, replace(statement, recorded_at=early)) == (
        f"entry 1 was recorded at {whole.by_number[1].recorded_at}, after the moment that "
        "the statement gives to the later entry 4"
    )


def test_an_asset_that_the_partner_owns_cannot_be_left_out_of_what_is_claimed() -> None:
    """Where its entries are there for another reason, the claim is held against them."""
    book = PaperBook()
    for fact in (add("A"), own("page1"), grant("A", "page1"), transfer("page1", to="A")):
        book.append(fact)
    question, entries, statement = pack(told(book), "offboard", partner=PARTNERS[0])
    assert derive(question, entries, statement)["owned_by_partner"]
    with pytest.raises(Incomplete, match="entry 4 records 30001 as the owner of page:50001"):
        derive(question, entries, replace(statement, owned=()))
