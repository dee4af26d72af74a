"""A judge that knows only the plain reading: slow, and by the letter of the design.

The append's voids applied to the book are the baseline; with all its facts in place no entry may
be an anomaly that was none in the baseline, nor before the append. And no new fact
may establish an owner over another, unless the entry that it replaces did so before the append.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.entry import Entry
from domain.events import EffectiveEvent, EntryVoided, OwnershipEstablished
from domain.facts import Fact
from domain.plain_reading import PlainReading, places_of, read_plainly, void_entries
from domain.refusals import (
    REFUSAL_OF,
    AlreadyVoid,
    InTheFuture,
    OwnedByAnother,
    Refused,
    UnknownEntry,
    WouldUndo,
)
from tests.histories import PaperBook, effective_numbers, unjudged


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the naive judge makes of an append."""

    refusal: type[Refused] | None
    number: int = 0
    """The entry that would be without effect, or override an owner."""
    entries: tuple[Entry, ...] = ()
    """What is to be written, if it is accepted."""
    lost: tuple[int, ...] = ()
    gained: tuple[int, ...] = ()


def judge_naively(book: PaperBook, facts: Sequence[Fact]) -> Verdict:
    """The verdict on one append to a book."""
    try:
        new = unjudged(book, facts)
    except LookupError:
        return Verdict(UnknownEntry)
    for index, entry in enumerate(new):
        event = entry.event
        if isinstance(event, EntryVoided):
            if event.entry in void_entries([*book.entries, *new[:index]]):
                return Verdict(AlreadyVoid, event.entry)
        elif event.effective_at > entry.recorded_at:
            return Verdict(InTheFuture, entry.number)
    return _judge(book, new)


def _judge(book: PaperBook, new: Sequence[Entry]) -> Verdict:
    def read(entries: Sequence[Entry]) -> PlainReading:
        return read_plainly(book.book, entries, book.newest + len(new))

    everything = [*book.entries, *new]
    voids = [entry for entry in new if isinstance(entry.event, EntryVoided)]
    before, after = read(book.entries), read(everything)
    excused = {a.number for a in (*before.anomalies, *read([*book.entries, *voids]).anomalies)}
    fresh = {a.number: a for a in after.anomalies if a.number not in excused}
    for number in sorted(fresh):
        if number > book.newest:
            return Verdict(REFUSAL_OF[fresh[number].objection], number)
    if fresh:
        return Verdict(WouldUndo, min(fresh))
    for number in sorted(overriding(everything, after) - set(range(book.newest + 1))):
        replaced = everything[number - 1].event.replaces
        if replaced not in overriding(book.entries, before):
            return Verdict(OwnedByAnother, number)
    had = effective_numbers(book.entries, before)
    have = effective_numbers(everything, after) - {entry.number for entry in new}
    return Verdict(
        None, entries=tuple(new), lost=tuple(sorted(had - have)), gained=tuple(sorted(have - had))
    )


def overriding(entries: Sequence[Entry], reading: PlainReading) -> set[int]:
    """The entries that establish an owner over a different one."""
    found = set()
    for asset, span in reading.ownerships:
        before = [s for key, s in reading.ownerships if key == asset and s.closed_by]
        opening = entries[span.opened_by - 1].event
        over = next((s.owner for s in before if s.closed_by == span.opened_by), None)
        if isinstance(opening, OwnershipEstablished) and over is not None:
            found.add(span.opened_by)
    return found


def effective_events(
    entries: Sequence[Entry], reading: PlainReading
) -> list[tuple[int, EffectiveEvent]]:
    """Number and event of every entry with an effect, in the order of the fold."""
    places = places_of(entries)
    numbers = effective_numbers(entries, reading)
    found = [
        (entry.event.effective_at, places[entry.number], entry.number, entry.event)
        for entry in entries
        if entry.number in numbers and isinstance(entry.event, EffectiveEvent)
    ]
    return [(number, event) for *_, number, event in sorted(found, key=lambda item: item[:2])]
