"""What a book means does not depend on how it was learned, and the faster readings say the same."""
# The names are sentences; a docstring says what a name cannot.

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from hypothesis import assume, event, given, note, settings
from hypothesis import strategies as st

from domain.entry import Entry
from domain.events import AccessEvent, OwnershipEvent, PartnerEvent
from domain.facts import Fact
from domain.folding import read_episodes, read_line, read_ownership
from domain.instants import to_microseconds
from domain.plain_reading import PlainReading, places_of, read_plainly, void_entries
from domain.refusals import Refused
from domain.windows import (
    Placed,
    lower_bound,
    terms_of,
)
from tests.depth import tries
from tests.histories import (
    Appends,
    PaperBook,
    Told,
    again,
    answers,
    appends,
    effective_numbers,
    instants_of_interest,
    record,
    valid_history,
)

# --- the readings of one pair, one asset, one line


def _placed(entries: Sequence[Entry]) -> dict[tuple[Any, ...], list[Placed]]:
    """The events that are not void, by pair, asset and line, in the order of the fold."""
    void, places = void_entries(entries), places_of(entries)
    subjects: dict[tuple[Any, ...], list[Placed]] = defaultdict(list)
    for entry in entries:
        event, number = entry.event, entry.number
        if number in void or not isinstance(event, (PartnerEvent, OwnershipEvent, AccessEvent)):
            continue
        match event:
            case PartnerEvent():
                key: tuple[Any, ...] = ("pair", event.pair)
            case OwnershipEvent():
                key = ("asset", event.asset.key)
            case AccessEvent():
                key = ("line", event.line)
        at, earliest = to_microseconds(event.effective_at), lower_bound(event)
        placed = Placed(
            at, places[number], number, earliest, type(event), event.owner, terms_of(event)
        )
        subjects[key].append(placed)
    return {key: sorted(events) for key, events in subjects.items()}


def _read_apart(book: str, entries: Sequence[Entry]) -> PlainReading:
    """The meaning of a book, put together from the readings of its pairs, assets and lines."""
    whole = PlainReading(book, len(entries))
    subjects = _placed(entries)
    episodes, owners = {}, {}
    for (kind, key), events in subjects.items():
        if kind == "pair":
            pair = read_episodes(events)
            episodes[key] = pair.effective
            whole.episodes += [(*key, episode) for episode in pair.spans]
            whole.anomalies += pair.anomalies
        elif kind == "asset":
            asset = read_ownership(events)
            owners[key] = asset.effective
            whole.ownerships += [(key, span) for span in asset.spans]
            whole.anomalies += asset.anomalies
    for (kind, key), events in subjects.items():
        if kind == "line":
            line = read_line(
                key[0],
                sorted([*episodes.get(key[:2], []), *owners.get(key[2:], []), *events]),
            )
            whole.windows += [(key, window) for window in line.spans]
            whole.anomalies += line.anomalies
    return whole


@given(drawn=appends(max_drafts=14), unjudged=st.booleans())
@settings(max_examples=tries(300), deadline=None)
def test_pairs_assets_and_lines_read_one_by_one_are_the_plain_reading(
    drawn: Appends, *, unjudged: bool
) -> None:
    """Windows, ownerships, episodes and anomalies, also of a book in which much does not apply."""
    note(drawn)
    book = PaperBook()
    for facts in drawn:
        try:
            book.append(*facts)
        except Refused:
            if unjudged and not any(fact.replaces or fact.fact == "entry-voided" for fact in facts):
                book.take(*facts)
    for known in {len(book.entries), len(book.entries) // 2}:
        entries = book.entries[:known]
        plain, apart = book.reading(known), _read_apart(book.book, entries)
        assert answers(apart) == answers(plain)
        assert sorted(apart.anomalies, key=repr) == sorted(plain.anomalies, key=repr)


# --- what was known stays known


@given(drawn=appends(max_drafts=10))
@settings(max_examples=tries(100), deadline=None)
def test_what_is_recorded_later_changes_no_answer_with_an_earlier_known(drawn: Appends) -> None:
    note(drawn)
    book, readings = PaperBook(), []
    for facts in drawn:
        try:
            book.append(*facts)
        except Refused:
            continue
        readings.append(book.reading())
    for reading in readings:
        assert read_plainly(book.book, book.entries, reading.known) == reading
        assert read_plainly(book.book, book.entries[: reading.known], reading.known) == reading


# --- how it was learned


def _told(book: PaperBook) -> Any:
    """The answers of a book, its entries by their fact ids."""
    reading = book.reading()
    assert reading.anomalies == []
    return answers(reading, {entry.number: entry.event.id for entry in book.entries})


def _recorded(facts: Sequence[Fact]) -> PaperBook:
    book = PaperBook()
    for fact in facts:
        book.append(fact)
    return book


@given(facts=valid_history(max_drafts=10, ties=False), data=st.data())
@settings(max_examples=tries(150), deadline=None)
def test_facts_that_were_withheld_and_come_late_in_one_array_change_no_answer(
    facts: Told[Fact], data: st.DataObject
) -> None:
    """One to three are withheld, and with them what cannot be recorded without."""
    note(facts)
    index = st.integers(0, len(facts) - 1)
    withheld = data.draw(st.sets(index, min_size=1, max_size=3), label="withheld")
    book, late = PaperBook(), []
    for number, fact in enumerate(facts):
        try:
            if number in withheld:
                raise Refused("withheld")
            book.append(fact)
        except Refused:
            late.append(fact)
    event(f"withheld: {len(late)}")
    book.append(*data.draw(st.permutations(late), label="late"))
    assert _told(book) == _told(_recorded(facts))


@given(facts=valid_history(max_drafts=8, ties=False), data=st.data())
@settings(max_examples=tries(150), deadline=None)
def test_the_order_in_which_facts_are_recorded_changes_no_answer(
    facts: Told[Fact], data: st.DataObject
) -> None:
    """Each is recorded as soon as it can be, together with those that wait for it."""
    note(facts)
    book = PaperBook()
    waiting: list[Fact] = []
    for fact in data.draw(st.permutations(facts), label="order"):
        waiting.append(fact)
        try:
            book.append(*waiting)
        except Refused:
            continue
        waiting = []
    event(f"arrays: {sum(len(entries) > 1 for entries in book.appends)}")
    assert waiting == []
    assert _told(book) == _told(_recorded(facts))


# --- a correction that corrects nothing


@given(drawn=appends(max_drafts=12), data=st.data())
@settings(max_examples=tries(300), deadline=None)
def test_a_fact_that_replaces_itself_changes_no_answer(drawn: Appends, data: st.DataObject) -> None:
    """At no moment, for no pair, asset or line; only the entry has another number."""
    note(drawn)
    book = record(drawn).book
    before = book.reading()
    effective = effective_numbers(book.entries, before)
    assume(effective)
    number = data.draw(st.sampled_from(sorted(effective)), label="replaced")
    moments = instants_of_interest(book.entries)
    fact = again(book.entries[number - 1].event, id="again", replaces=number)
    book.append(fact)
    after = book.reading()
    same: dict[int, int] = {entry.number: entry.number for entry in book.entries}
    assert answers(before, same | {number: book.newest}) == answers(after, same)
    for at in moments:
        holders = [
            [(line, window.tasks, certainty) for line, window, certainty in reading.holders(at)]
            for reading in (before, after)
        ]
        assert holders[0] == holders[1]
    assert {anomaly.number for anomaly in before.anomalies} == {
        anomaly.number for anomaly in after.anomalies
    }


@given(facts=valid_history(max_drafts=8), data=st.data())
@settings(max_examples=tries(100), deadline=None)
def test_in_a_book_without_anomalies_every_fact_can_replace_itself(
    facts: Told[Fact], data: st.DataObject
) -> None:
    note(facts)
    book = _recorded(facts)
    before = book.reading()
    number = data.draw(st.integers(1, book.newest), label="replaced")
    decision = book.append(again(book.entries[number - 1].event, id="again", replaces=number))
    assert (decision.lost, decision.gained) == ((number,), ())
    same: dict[int, int] = {entry.number: entry.number for entry in book.entries}
    assert answers(before, same | {number: book.newest}) == answers(book.reading(), same)
