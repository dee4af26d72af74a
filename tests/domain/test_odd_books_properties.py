"""Late, voided, replaced and without effect: what holds of tidy histories holds of odd books too.

The brute force of the edges is run on books whose entries came in any order, over several pairs
and assets at once; and a refusal names the fact and the entry that the plain reading has in mind.
"""
# The names are sentences; a docstring says what a name cannot.

from collections.abc import Sequence
from math import prod

from hypothesis import assume, event, given, note, settings

from domain.entry import Entry
from domain.events import EffectiveEvent, OwnershipEvent
from domain.instants import to_microseconds
from domain.plain_reading import Coverage, read_plainly
from domain.refusals import DoesNotApply, OwnedByAnother, Refused, WouldUndo
from domain.windows import lower_bound
from tests.depth import tries
from tests.domain.naive_judge import effective_events, judge_naively
from tests.domain.scenario import given as given_a_book
from tests.domain.test_edges_properties import (
    Numbered,
    _bears_on,
    _coverage,
    _held_at_all,
    _verdict,
    _window_at,
    _worlds,
)
from tests.histories import (
    Appends,
    PaperBook,
    add,
    appends,
    instants_of_interest,
    own,
    transfer,
    unjudged,
)

_MANY_WORLDS = 2000


def _odd_book(drawn: Appends) -> PaperBook:
    """A book of all that was accepted, and of what was refused but voids nothing."""
    book = PaperBook()
    for facts in drawn:
        try:
            book.append(*facts)
        except Refused:
            if not any(fact.replaces or fact.fact == "entry-voided" for fact in facts):
                book.take(*facts)
    return book


def _placements(events: Sequence[Numbered]) -> int:
    """How many worlds there are at most."""
    return prod(to_microseconds(e.effective_at) - lower_bound(e) + 1 for _, e in events)


@given(drawn=appends(max_drafts=12))
@settings(max_examples=tries(100), deadline=None)
def test_edges_are_those_of_all_possible_worlds_in_an_odd_book(drawn: Appends) -> None:
    note(drawn)
    book = _odd_book(drawn)
    reading = book.reading()
    everything = effective_events(book.entries, reading)
    event(f"anomalies: {bool(reading.anomalies)}")
    for line in {line for line, _ in reading.windows}:
        events = [numbered for numbered in everything if _bears_on(numbered[1], line)]
        if _placements(events) > _MANY_WORLDS:
            event("too many worlds")
            continue
        worlds = list(_worlds(events))
        event(f"worlds: {'one' if len(worlds) == 1 else 'many'}")
        for at in instants_of_interest(book.entries):
            opened = [_window_at(line, events, world, at) for world in worlds]
            expected = {number: _verdict([o == number for o in opened]) for number in set(opened)}
            told = {
                window.opened_by: certainty
                for key, window, certainty in reading.holders(at)
                if key == line
            }
            assert told == {number: sure for number, sure in expected.items() if number}
            assert _held_at_all(reading, line, at) == _verdict([bool(o) for o in opened])


@given(drawn=appends(max_drafts=12))
@settings(max_examples=tries(60), deadline=None)
def test_coverage_is_the_least_of_all_possible_worlds_in_an_odd_book(drawn: Appends) -> None:
    note(drawn)
    book = _odd_book(drawn)
    reading = book.reading()
    everything = effective_events(book.entries, reading)
    weakest_first: tuple[Coverage, ...] = ("unknown", "own_access_only", "known")
    for asset in {asset for asset, _ in reading.ownerships}:
        events = [
            (number, change)
            for number, change in everything
            if isinstance(change, OwnershipEvent) and change.asset.key == asset
        ]
        assume(_placements(events) <= _MANY_WORLDS)
        worlds = list(_worlds(events))
        for at in instants_of_interest(book.entries):
            found = [_coverage(events, world, at) for world in worlds]
            assert reading.asset_coverage(asset, at) == min(found, key=weakest_first.index)


@given(drawn=appends(max_drafts=14))
@settings(max_examples=tries(150), deadline=None)
def test_a_refusal_names_the_fact_and_the_entry_that_the_plain_reading_names(
    drawn: Appends,
) -> None:
    """And an accepted append tells all entries that gain effect, also where it voids none."""
    note(drawn)
    book = PaperBook()
    for facts in drawn:
        naive = judge_naively(book, facts)
        try:
            decision = book.judge(*facts)
        except Refused as refusal:
            event(f"refused: {type(refusal).__name__}")
            if isinstance(refusal, (DoesNotApply, OwnedByAnother, WouldUndo)):
                _check_naming(book, [*book.entries, *unjudged(book, facts)], naive.number, refusal)
        else:
            assert decision.gained == naive.gained
            book.append(*facts)


def _check_naming(book: PaperBook, entries: list[Entry], number: int, refusal: Refused) -> None:
    named = entries[number - 1].event
    assert isinstance(named, EffectiveEvent)
    assert refusal.fact_id == (None if isinstance(refusal, WouldUndo) else named.id)
    plain = read_plainly(book.book, entries, len(entries))
    if isinstance(refusal, OwnedByAnother):
        [before] = [span for _, span in plain.ownerships if span.closed_by == number]
        assert f"is owned by {before.owner} on" in str(refusal)
        return
    [anomaly] = [found for found in plain.anomalies if found.number == number]
    message = str(refusal).partition("would lose its effect")[2] or str(refusal)
    nobody_owns_it = anomaly.objection == "not_the_owner" and not anomaly.actual_owner
    if anomaly.blocker and not nobody_owns_it:
        assert f"(entry {anomaly.blocker})" in message
    else:
        assert "(entry " not in message
    if anomaly.objection == "not_the_owner" and anomaly.actual_owner:
        assert f": {anomaly.actual_owner} is" in message


# --- what random histories seldom come to


def test_the_owner_that_an_array_overrides_is_the_one_of_that_moment() -> None:
    """Not the first that the asset had."""
    given_a_book(own("page1"), transfer("page1", to="X", at=3)).when(
        [add("B"), own("page1", owner="A", at=5)]
    ).then_refused(
        OwnedByAnother,
        "page:50001 is owned by 20002 on 2026-01-05; record an ownership-transferred "
        "from 20002 to 30001, or end its ownership first",
    )
