"""The second reading, rule by rule: voids, places, windows with their edges, and obstacles."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.plain_reading import places_of, read_plainly
from evidence import reading as second
from evidence.deriving import derive
from evidence.entries import Entry
from evidence.errors import Incomplete, VerificationError
from evidence.reading import read
from tests.depth import tries
from tests.evidence.books import KINDS, Whole, as_read, question_of
from tests.histories import (
    OWNER,
    PaperBook,
    Told,
    add,
    appends,
    change,
    end,
    grant,
    instants_of_interest,
    own,
    record,
    remove,
    revoke,
    transfer,
    void,
)


def unjudged(*facts: Fact) -> list[Entry]:
    """The entries of facts that nobody judged."""
    book = PaperBook()
    for fact in facts:
        book.take(fact)
    return as_read(book.entries)


def folded(entries: list[Entry]) -> second.Reading:
    """All of them, read."""
    return read(entries, {entry.number: entry for entry in entries})


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (
            (add("A", at=1), add("A", at=2)),
            "30001 is already a partner of 10001 on 2026-01-02 (entry 1)",
        ),
        ((remove("A", at=2),), "30001 is not a partner of 10001 on 2026-01-02"),
        (
            (own("page1", at=1), own("page1", at="2026-01-02T10:00:00Z")),
            "10001 is already the owner of page:50001 on 2026-01-02T10:00:00.000000Z (entry 1)",
        ),
        (
            (own("page1", at=1), end("page1", owner="X", at=2)),
            "20002 is not the owner of page:50001 on 2026-01-02: 10001 is (entry 1)",
        ),
        (
            (own("page1", at=1), end("page1", at=2), transfer("page1", to="X", at=3)),
            "10001 is not known to own page:50001 on 2026-01-03",
        ),
        ((grant("A", "page1", at=3),), "30001 is not a partner of 10001 on 2026-01-03"),
        (
            (add("A", at=1), grant("A", "page1", at=3)),
            "10001 is not known to own page:50001 on 2026-01-03",
        ),
        (
            (add("A", at=1), own("page1", owner="X", at=1), grant("A", "page1", at=3)),
            "10001 is not the owner of page:50001 on 2026-01-03: 20002 is (entry 2)",
        ),
        (
            (add("A"), own("page1"), grant("A", "page1", at=2), grant("A", "page1", at=3)),
            "30001 already holds access to page:50001 on 2026-01-03 (entry 3)",
        ),
        (
            (change("A", "page1", at=3),),
            "30001 holds no access to page:50001 from 10001 on 2026-01-03",
        ),
        (
            (revoke("A", "page1", at=3),),
            "30001 holds no access to page:50001 from 10001 on 2026-01-03",
        ),
    ],
)
def test_what_has_no_effect_says_why(facts: tuple[Fact, ...], why: str) -> None:
    """Of the last fact, in the words of the ledger's own timelines."""
    assert folded(unjudged(*facts)).without_effect == {len(facts): why}


def _spans(found: list[Any]) -> list[tuple[Any, ...]]:
    """Spans of either reading, to be compared."""
    return sorted(
        (
            s.opened_by,
            s.start_earliest if hasattr(s, "start_earliest") else s.since_earliest,
            s.start if hasattr(s, "start") else s.since,
            s.end_earliest if hasattr(s, "end_earliest") else s.until_earliest,
            s.until if hasattr(s, "until") else s.end,
            s.closed_by,
            s.cause,
        )
        for s in found
    )


@given(drawn=appends(max_drafts=14, partners=3, assets=3), judged=st.booleans())
@settings(max_examples=tries(150), deadline=None)
def test_the_two_readings_agree_on_any_history(drawn: Told[tuple[Fact, ...]], judged: Any) -> None:
    """Also where nobody judged what was written, as it will be for what is observed."""
    if judged:
        entries = record(drawn).entries
    else:
        book = PaperBook()
        for facts in drawn:
            try:
                book.take(*facts)
            except LookupError:
                continue
        entries = book.entries
    read_entries = as_read(entries)
    for known in range(len(entries) + 1):
        first, found = read_plainly(OWNER, entries, known), folded(read_entries[:known])
        assert _spans(found.windows) == _spans([window for _, window in first.windows])
        assert _spans(found.ownerships) == _spans([own for _, own in first.ownerships])
        assert _spans(found.episodes) == _spans([episode for *_, episode in first.episodes])
        assert sorted(found.without_effect) == sorted(a.number for a in first.anomalies)


@given(drawn=appends(max_drafts=14))
@settings(max_examples=tries(60), deadline=None)
def test_places_are_in_the_order_of_the_ledgers(drawn: Any) -> None:
    """Worked out without the voids that made room."""
    entries = record(drawn).entries
    theirs = places_of(entries)
    read_entries = as_read(entries)
    by_number = {entry.number: entry for entry in read_entries}
    mine = sorted(read_entries, key=lambda entry: second.place(entry, by_number))
    assert [entry.number for entry in mine] == sorted(theirs, key=theirs.__getitem__)


def test_the_entry_by_which_another_is_void_is_the_first_of_its_voids_that_stands() -> None:
    book = PaperBook()
    for fact in (
        add("A"), void(1, id="v1"), void(2, id="v2"), void(1, id="v3"), void(3, id="v4"),
    ):  # fmt: skip
        book.take(fact)
    assert folded(as_read(book.entries)).void == {1: 2, 3: 5}


def test_a_chain_of_corrections_without_its_first_entry_leaves_the_order_open() -> None:
    book = PaperBook()
    for fact in (
        add("A"), own("page1"), grant("A", "page1", at=2, id="g"), revoke("A", "page1", at=2),
        grant("A", "page1", "MANAGE", at=2, id="h", replaces="g"),
    ):  # fmt: skip
        book.take(fact)
    entries = as_read(book.entries)
    with pytest.raises(Incomplete, match="entry 3, which entry 6 replaces, is missing"):
        folded([entry for entry in entries if entry.number != 3])


def test_a_chain_of_corrections_has_a_length() -> None:
    first = unjudged(add("A"))[0]
    length = second.MAX_REPLACEMENTS + 5
    chain = [first] + [
        replace(first, number=number, event={**first.event, "replaces": number - 1})
        for number in range(2, length)
    ]
    by_number = {entry.number: entry for entry in chain}
    assert second.place(chain[100], by_number)[0] == 1
    with pytest.raises(Incomplete, match="too long a chain of corrections"):
        second.place(chain[-1], by_number)


@given(drawn=appends(max_drafts=12), seed=st.integers(0, 2**32))
@settings(max_examples=tries(60), deadline=None)
def test_any_entries_of_a_book_give_an_answer_or_a_refusal(drawn: Any, seed: int) -> None:
    """Also where most are missing: nothing else is ever raised."""
    entries = record(drawn).entries
    if not entries:
        return
    whole, chance = Whole(OWNER, as_read(entries)), Random(seed)
    for kind in KINDS:
        question = question_of(kind, whole, chance, instants_of_interest(entries) or [0])
        statement = whole.statement(question)
        some = [entry for entry in whole.entries if chance.random() < 0.6]
        try:
            assert derive(question, some, statement)["book"] == OWNER
        except VerificationError:
            continue
