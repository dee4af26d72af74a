"""`decide` and `evolve` agree with the plain reading, whatever is sent and in whatever order."""
# The names are sentences; a docstring says what a name cannot.

from contextlib import suppress

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from domain.events import AccessEvent, AccessRevoked, EntryVoided
from domain.evolving import evolve
from domain.facts import Fact
from domain.judging import Decision
from domain.plain_reading import void_entries
from domain.refusals import AccessNotHeld, OwnedByAnother, Refused, WouldUndo
from domain.state import BookState
from tests.depth import tries
from tests.domain.naive_judge import Verdict, effective_events, judge_naively
from tests.domain.scenario import anomalies, owners
from tests.domain.scenario import given as given_a_book
from tests.histories import (
    Appends,
    PaperBook,
    add,
    answers,
    appends,
    change,
    grant,
    own,
    revoke,
    valid_history,
    void,
)


def _judged(book: PaperBook, facts: tuple[Fact, ...]) -> Decision | Refused:
    try:
        return book.judge(*facts)
    except Refused as refusal:
        return refusal


def _check_verdict(book: PaperBook, facts: tuple[Fact, ...], naive: Verdict) -> None:
    """What `decide` makes of an append is what the naive judge makes of it."""
    decided = _judged(book, facts)
    if isinstance(decided, Refused):
        assert type(decided) is naive.refusal
        if isinstance(decided, WouldUndo):
            assert str(decided).startswith(f"entry {naive.number} ")
        return
    assert naive.refusal is None
    assert decided.events == [entry.event for entry in naive.entries]
    assert (decided.lost, decided.gained) == (naive.lost, naive.gained)


@given(drawn=appends(max_drafts=14))
@settings(max_examples=tries(500), deadline=None)
def test_an_append_is_accepted_exactly_where_the_plain_reading_has_nothing_against_it(
    drawn: Appends,
) -> None:
    """So the path for facts that come in order and the judgement of a whole append agree."""
    note(drawn)
    book = PaperBook()
    for facts in drawn:
        naive = judge_naively(book, facts)
        _check_verdict(book, facts, naive)
        event(f"{(len(facts) > 1 and 'array') or 'single'}: {naive.refusal or 'accepted'}")
        if naive.refusal is None:
            book.append(*facts)


def _seen(state: BookState) -> list[object]:
    """All that a state holds, its tails read."""
    pairs = [
        (pair.key, pair.events, state.pair_tail(pair), pair.lines, pair.latest_access,
         pair.episode_touched, pair.partner_touched)
        for pair in state.pairs.values()
    ]  # fmt: skip
    assets = [
        (asset.key, asset.events, state.asset_tail(asset), asset.lines, asset.latest_access,
         asset.ownership_touched, asset.asset_touched)
        for asset in state.assets.values()
    ]  # fmt: skip
    lines = [
        (key, line.events, state.line_tail(line), line.touched) for key, line in state.lines.items()
    ]
    return [state.newest, state.newest_recorded_at, pairs, assets, lines]


@given(drawn=appends(max_drafts=14))
@settings(max_examples=tries(300), deadline=None)
def test_a_state_that_took_what_judging_had_found_equals_one_that_found_it_itself(
    drawn: Appends,
) -> None:
    book = PaperBook()
    arrived = 0
    for facts in drawn:
        with suppress(Refused):
            arrived += book.append(*facts).arrival is not None
    event(f"{min(arrived, 3)} or more arrived")
    alone = BookState(book.book)
    for entry in book.entries:
        evolve(alone, entry)
    assert _seen(book.state) == _seen(alone)


@given(drawn=appends(max_drafts=10), data=st.data())
@settings(max_examples=tries(150), deadline=None)
def test_the_same_holds_in_a_book_whose_entries_were_written_without_judging(
    drawn: Appends, data: st.DataObject
) -> None:
    """Observed facts are always written; a book with any anomalies is judged by the same rule."""
    note(drawn)
    book = PaperBook()
    for facts in drawn:
        naive = judge_naively(book, facts)
        _check_verdict(book, facts, naive)
        structural = naive.refusal is not None and naive.refusal.__name__ in (
            "UnknownEntry",
            "AlreadyVoid",
        )
        if not structural and (naive.refusal is None or data.draw(st.booleans())):
            book.take(*facts)
    _check_state(book)


def _check_state(book: PaperBook) -> None:
    """The tails and the voids of the state say what the plain reading says."""
    state, reading, entries = book.state, book.reading(), book.entries
    void = void_entries(entries)
    assert {entry.number for entry in entries if entry.number in state.voids} == void
    for number in void:
        by = state.voids.voided_by(number)
        assert by is not None
        assert by not in void
        voiding = entries[by - 1].event
        assert isinstance(voiding, EntryVoided)
        assert voiding.entry == number
    open_episodes = {
        (owner, partner): episode.opened_by
        for owner, partner, episode in reading.episodes
        if not episode.closed_by
    }
    for key, pair in state.pairs.items():
        tail = [placed.number for placed in state.pair_tail(pair)]
        assert tail == [number for at, number in open_episodes.items() if at == key]
    for asset_key, asset in state.assets.items():
        last = [span for key, span in reading.ownerships if key == asset_key][-1:]
        held = [(placed.owner, placed.number) for placed in state.asset_tail(asset)]
        assert held == [(span.owner, span.opened_by) for span in last if span.owner]
    effective = effective_events(entries, reading)
    for line_key, line in state.lines.items():
        access = [
            (number, event)
            for number, event in effective
            if isinstance(event, AccessEvent) and event.line == line_key
        ][-1:]
        tail = [placed.number for placed in state.line_tail(line)]
        assert tail == [n for n, event in access if not isinstance(event, AccessRevoked)]


@given(drawn=appends(max_drafts=14), data=st.data())
@settings(max_examples=tries(200), deadline=None)
def test_the_tails_and_the_voids_of_the_state_agree_with_the_plain_reading(
    drawn: Appends, data: st.DataObject
) -> None:
    """Also where the tails are looked at now and then, and so are kept from there on."""
    note(drawn)
    book = PaperBook()
    for facts in drawn:
        if judge_naively(book, facts).refusal is None:
            book.append(*facts)
            if data.draw(st.booleans(), label="look"):
                _check_state(book)
    _check_state(book)


@given(facts=valid_history(max_drafts=12))
@settings(max_examples=tries(100), deadline=None)
def test_a_history_told_in_order_is_accepted_fact_by_fact_and_also_as_one_array(
    facts: list[Fact],
) -> None:
    note(facts)
    one_by_one, at_once = PaperBook(), PaperBook()
    for fact in facts:
        one_by_one.append(fact)
    at_once.append(*facts)
    assert answers(one_by_one.reading()) == answers(at_once.reading())
    assert one_by_one.reading().anomalies == at_once.reading().anomalies == []
    fold = effective_events(one_by_one.entries, one_by_one.reading())
    assert [number for number, _ in fold] == list(range(1, len(facts) + 1))


def test_an_entry_without_effect_leaves_what_follows_as_it_was() -> None:
    """A change that was observed where nothing was held opens nothing that could be revoked."""
    story = given_a_book(own("page1"), add("A")).observed(change("A", "page1", at=3))
    with pytest.raises(AccessNotHeld):
        story.book.judge(revoke("A", "page1", at=5))


# --- what the properties turned up


def test_an_entry_that_gains_effect_without_any_void_is_named_too() -> None:
    """A late grant gives effect to the revoke that a void had left without."""
    story = given_a_book(
        own("page1"), add("A"), grant("A", "page1", at=2), revoke("A", "page1", at=5), void(3)
    )
    assert anomalies(story.book) == [(4, "access_not_held", 0)]
    decision = story.book.append(grant("A", "page1", at=3))
    assert anomalies(story.book) == []
    assert decision.gained == (4,)


def test_only_what_replaces_an_overriding_establishment_may_override() -> None:
    """Not also what replaces an entry that merely has the same place in the fold."""
    story = given_a_book(
        own("page1", owner="X", at=5),  # 1
        own("page1", at=3),  # 2: entry 1 overrides since
        [
            own("page1", owner="X", at=5, id="stays", replaces=1),  # 3 void, 4
            own("ads1", owner="X", at=5, id="beside", replaces=1),  # 5
        ],
    )
    assert owners(story.book)[-1] == "ads1 X unknown 2026-01-05.. #5-"
    fact = own("page1", at=8, id="over", replaces="beside")
    with pytest.raises(OwnedByAnother):
        story.book.judge(fact)
