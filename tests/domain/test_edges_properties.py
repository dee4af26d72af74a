"""Edges say what a brute force over all possible worlds says.

A world gives every event of a line a moment between its bounds, in the order of the fold. What
holds in all worlds is certain, what holds in some is possible. The brute force knows nothing of
`domain.windows`: only the events, their bounds and what each does.
"""
# The names are sentences; a docstring says what a name cannot.

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import event, given, note, settings

from domain.events import (
    AccessChanged,
    AccessEvent,
    AccessGranted,
    EffectiveEvent,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipEvent,
    OwnershipTransferred,
    PartnerEvent,
    PartnerRemoved,
)
from domain.facts import Fact
from domain.instants import Microseconds, to_microseconds
from domain.plain_reading import Certainty, Coverage, PlainReading, certainty_at
from domain.windows import Window
from tests.depth import tries
from tests.histories import OWNER, PaperBook, Told, instants_of_interest, valid_history

Line = tuple[str, str, str, str]
Numbered = tuple[int, EffectiveEvent]
World = tuple[Microseconds, ...]


def _worlds(events: Sequence[Numbered]) -> Iterator[World]:
    """Every placement of the events between their bounds that keeps their order."""

    def place(index: int, not_before: Microseconds) -> Iterator[World]:
        if index == len(events):
            yield ()
            return
        change = events[index][1]
        last = to_microseconds(change.effective_at)
        first = to_microseconds(change.effective_after) + 1 if change.effective_after else last
        for at in range(max(first, not_before), last + 1):
            for rest in place(index + 1, at):
                yield (at, *rest)

    return place(0, -(2**62))


def _window_at(line: Line, events: Sequence[Numbered], world: World, at: Microseconds) -> int:
    """The entry by which the line's window is open at a moment of one world; 0 for none."""
    opened = 0
    for (number, change), moment in zip(events, world, strict=True):
        if moment > at:
            break
        match change:
            case AccessGranted() | AccessChanged():
                opened = number
            case AccessEvent() | PartnerRemoved() | OwnershipEnded():
                opened = 0
            case OwnershipTransferred() if change.to_owner != line[0]:
                opened = 0
            case OwnershipEstablished() if change.owner != line[0]:
                opened = 0
    return opened


def _verdict(found: Sequence[bool]) -> Certainty | None:
    if all(found):
        return "certain"
    return "possible" if any(found) else None


def _bears_on(change: EffectiveEvent, line: Line) -> bool:
    match change:
        case PartnerEvent():
            return change.pair == line[:2]
        case OwnershipEvent():
            return change.asset.key == line[2:]
        case AccessEvent():
            return change.line == line
    raise AssertionError(change)


def _read(facts: Sequence[Fact]) -> tuple[PlainReading, list[Numbered], list[Microseconds]]:
    book = PaperBook()
    for fact in facts:
        book.append(fact)
    events: list[Numbered] = [
        (entry.number, entry.event)
        for entry in book.entries
        if isinstance(entry.event, EffectiveEvent)
    ]
    return book.reading(), events, instants_of_interest(book.entries)


def _held_at_all(reading: PlainReading, line: Line, at: Microseconds) -> Certainty | None:
    """Whether the line held anything: windows that changes join are one access."""
    joined: list[Window] = []
    for window in (window for key, window in reading.windows if key == line):
        if joined and joined[-1].closed_by == window.opened_by:
            first = joined.pop()
            joined.append(replace(window, start=first.start, start_earliest=first.start_earliest))
        else:
            joined.append(window)
    found = [certainty_at(access, at) for access in joined]
    return "certain" if "certain" in found else "possible" if "possible" in found else None


@given(facts=valid_history(max_drafts=9, partners=1, assets=1, bounded=4))
@settings(max_examples=tries(250), deadline=None)
def test_a_window_is_certain_where_it_is_open_in_every_world_and_possible_where_in_some(
    facts: Told[Fact],
) -> None:
    note(facts)
    reading, entries, moments = _read(facts)
    for line in {line for line, _ in reading.windows}:
        events = [numbered for numbered in entries if _bears_on(numbered[1], line)]
        worlds = list(_worlds(events))
        event(f"worlds: {'one' if len(worlds) == 1 else 'many'}")
        opened_by = [number for number, e in events if isinstance(e, AccessEvent)]
        for at in moments:
            opened = [_window_at(line, events, world, at) for world in worlds]
            expected = {n: _verdict([o == n for o in opened]) for n in opened_by}
            told = {
                window.opened_by: certainty
                for key, window, certainty in reading.holders(at)
                if key == line
            }
            assert told == {number: sure for number, sure in expected.items() if sure}


@given(facts=valid_history(max_drafts=9, partners=1, assets=1, bounded=4))
@settings(max_examples=tries(250), deadline=None)
def test_access_at_all_is_certain_inside_a_bounded_change_and_where_every_world_has_it(
    facts: Told[Fact],
) -> None:
    """Which of the two windows it was is only possible there."""
    note(facts)
    reading, entries, moments = _read(facts)
    for line in {line for line, _ in reading.windows}:
        events = [numbered for numbered in entries if _bears_on(numbered[1], line)]
        worlds = list(_worlds(events))
        for at in moments:
            held = [bool(_window_at(line, events, world, at)) for world in worlds]
            assert _held_at_all(reading, line, at) == _verdict(held)


def _coverage(events: Sequence[Numbered], world: World, at: Microseconds) -> Coverage:
    """What the owner's book can say of the asset at a moment of one world."""
    coverage: Coverage = "unknown"
    for (_, change), moment in zip(events, world, strict=True):
        if moment > at:
            break
        match change:
            case OwnershipEnded():
                coverage = "known" if change.reason == "asset_deleted" else "unknown"
            case OwnershipTransferred():
                coverage = "known" if change.to_owner == OWNER else "own_access_only"
            case OwnershipEstablished():
                coverage = "known" if change.owner == OWNER else "own_access_only"
    return coverage


@given(facts=valid_history(max_drafts=9, partners=1, assets=1, bounded=4))
@settings(max_examples=tries(150), deadline=None)
def test_coverage_is_the_least_that_any_world_allows(facts: Told[Fact]) -> None:
    note(facts)
    reading, entries, moments = _read(facts)
    weakest_first: tuple[Coverage, ...] = ("unknown", "own_access_only", "known")
    for asset in {asset for asset, _ in reading.ownerships}:
        events = [
            (number, change)
            for number, change in entries
            if isinstance(change, OwnershipEvent) and change.asset.key == asset
        ]
        worlds = list(_worlds(events))
        for at in moments:
            found = [_coverage(events, world, at) for world in worlds]
            assert reading.asset_coverage(asset, at) == min(found, key=weakest_first.index)


@given(facts=valid_history(max_drafts=10))
@settings(max_examples=tries(100), deadline=None)
def test_a_bound_widens_the_edges_of_an_answer_and_changes_nothing_else(facts: Told[Fact]) -> None:
    """The spans of a history are those of the same history with exact times."""
    note(facts)
    bounded, _, _ = _read(facts)
    exact, _, _ = _read([fact.model_copy(update={"effective_after": None}) for fact in facts])

    def told(reading: PlainReading) -> list[tuple[object, ...]]:
        return [
            (key, window.start, window.end, window.opened_by, window.closed_by, window.cause)
            for key, window in reading.windows
        ]

    assert told(bounded) == told(exact)
    for _, window in bounded.windows:
        assert window.start_earliest <= window.start <= window.end
        assert window.start_earliest <= window.end_earliest <= window.end
    for _, window in exact.windows:
        assert (window.start_earliest, window.end_earliest) == (window.start, window.end)
