"""Each entry names the entry before it on every subject, so that an omission shows."""
# The names are sentences; a docstring says what a name cannot.

from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, note, settings

from domain.entry import Entry, subjects
from domain.events import AccessEvent, EntryVoided, OwnershipEvent, PartnerEvent
from tests.depth import tries
from tests.domain.scenario import given as given_a_book
from tests.histories import (
    Appends,
    add,
    appends,
    change,
    grant,
    own,
    record,
    remove,
    revoke,
    transfer,
    void,
)


def _subjects(entries: Sequence[Entry], number: int) -> set[str]:
    """The subjects of an entry, as the design lists them; a void has those of what it voids."""
    event = entries[number - 1].event
    if isinstance(event, EntryVoided):
        return _subjects(entries, event.entry)
    if isinstance(event, PartnerEvent):
        pair = f"{event.owner}:{event.partner}"
        return {f"partner:{pair}", f"episode:{pair}"}
    assert isinstance(event, (OwnershipEvent, AccessEvent))
    asset = f"{event.asset.type}:{event.asset.id}"
    if isinstance(event, OwnershipEvent):
        return {f"asset:{asset}", f"ownership:{asset}"}
    pair = f"{event.owner}:{event.partner}"
    return {f"asset:{asset}", f"partner:{pair}", f"line:{pair}:{asset}"}


@given(drawn=appends(max_drafts=14, partners=3, assets=3))
@settings(max_examples=tries(200), deadline=None)
def test_the_chain_of_a_subject_visits_exactly_the_entries_that_touch_it(drawn: Appends) -> None:
    """From the newest down to 0, so whoever holds the newest can tell whether one was left out."""
    note(drawn)
    entries = record(drawn).entries
    expected: dict[str, list[int]] = defaultdict(list)
    for entry in reversed(entries):
        assert set(entry.touches) == _subjects(entries, entry.number)
        for subject in entry.touches:
            expected[subject].append(entry.number)
    for subject, numbers in expected.items():
        visited, number = [], numbers[0]
        while number:
            visited.append(number)
            number = entries[number - 1].touches[subject]
        assert visited == numbers


@given(drawn=appends(max_drafts=10))
@settings(max_examples=tries(50), deadline=None)
def test_the_subjects_of_an_event_are_those_that_its_entry_touches(drawn: Appends) -> None:
    note(drawn)
    for entry in record(drawn).entries:
        if isinstance(entry.event, (PartnerEvent, OwnershipEvent, AccessEvent)):
            assert set(subjects(entry.event)) == set(entry.touches)


STORY = (
    own("page1"),  # 1
    add("A"),  # 2
    grant("A", "page1"),  # 3
    change("A", "page1"),  # 4
    void(4),  # 5
    void(5),  # 6
    remove("A", at=8),  # 7
    transfer("page1", to="X", at=9),  # 8
    add("B", at=9),  # 9
)


@pytest.mark.parametrize(
    ("number", "touches"),
    [
        (1, {"asset:page:50001": 0, "ownership:page:50001": 0}),
        (2, {"partner:10001:30001": 0, "episode:10001:30001": 0}),
        (
            3,
            {
                "asset:page:50001": 1,
                "line:10001:30001:page:50001": 0,
                "partner:10001:30001": 2,
            },
        ),
        (
            6,
            {
                "asset:page:50001": 5,
                "line:10001:30001:page:50001": 5,
                "partner:10001:30001": 5,
            },
        ),
        (7, {"partner:10001:30001": 6, "episode:10001:30001": 2}),
        (8, {"asset:page:50001": 6, "ownership:page:50001": 1}),
        (9, {"partner:10001:30002": 0, "episode:10001:30002": 0}),
    ],
)
def test_an_entry_touches_its_own_subjects_and_a_void_those_of_what_it_voids(
    number: int, touches: dict[str, int]
) -> None:
    assert given_a_book(*STORY).book.entries[number - 1].touches == touches


def test_entries_of_one_append_follow_each_other_on_their_subjects() -> None:
    book = given_a_book(
        own("page1"),
        add("A"),
        grant("A", "page1"),
        [revoke("A", "page1", at=5), grant("A", "page1", at=6, id="back")],
    ).book
    assert [entry.touches["line:10001:30001:page:50001"] for entry in book.entries[2:]] == [0, 3, 4]
