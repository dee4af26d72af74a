"""The random histories are what they say they are: a test of what other tests lean on."""
# The names are sentences; a docstring says what a name cannot.

from contextlib import suppress
from itertools import pairwise

from hypothesis import HealthCheck, Phase, find, given, note, settings
from hypothesis.errors import NoSuchExample

from domain.events import EffectiveEvent, EntryVoided
from domain.facts import Fact
from tests.depth import tries
from tests.histories import (
    Appends,
    PaperBook,
    Told,
    appends,
    effective_numbers,
    record,
    valid_history,
)


@given(facts=valid_history())
@settings(max_examples=tries(100), deadline=None)
def test_a_valid_history_is_recorded_in_order_with_nothing_refused(facts: Told[Fact]) -> None:
    note(facts)
    recording = record([(fact,) for fact in facts])
    assert recording.refused == []
    reading = recording.book.reading()
    assert effective_numbers(recording.entries, reading) == set(range(1, len(facts) + 1))


@given(facts=valid_history(ties=False))
@settings(max_examples=tries(100), deadline=None)
def test_without_ties_every_moment_is_later_than_the_one_before(facts: Told[Fact]) -> None:
    note(facts)
    events = [entry.event for entry in record([(fact,) for fact in facts]).entries]
    times = [event.effective_at for event in events if isinstance(event, EffectiveEvent)]
    assert len(times) == len(facts)
    assert all(one < other for one, other in pairwise(times))


@given(drawn=appends())
@settings(max_examples=tries(100), deadline=None)
def test_every_append_is_either_recorded_or_refused(drawn: Appends) -> None:
    note(drawn)
    recording = record(drawn)
    assert len(recording.appends) + len(recording.refused) == len(drawn)
    assert [entry.number for entry in recording.entries] == list(
        range(1, recording.book.newest + 1)
    )
    moments = [entries[0].recorded_at for entries in recording.appends]
    assert all(one < other for one, other in pairwise(moments))
    for entries in recording.appends:
        assert len({entry.recorded_at for entry in entries}) == 1


def _traits(book: PaperBook) -> set[str]:
    """What can be said of a history."""
    traits = {str(window.cause) for _, window in book.reading().windows}
    for entry in book.entries:
        event = entry.event
        if isinstance(event, EntryVoided):
            voided = book.entries[event.entry - 1].event
            traits.add("void of a void" if isinstance(voided, EntryVoided) else "void")
        elif event.effective_after is not None:
            traits.add("bounded")
        if event.replaces and len(book.state.place(event.replaces)) > 1:
            traits.add("replacement of a replacement")
    return traits | {"anomaly"} if book.reading().anomalies else traits


TRAITS = {
    "void of a void",
    "replacement of a replacement",
    "bounded",
    "anomaly",
    "access_revoked",
    "access_changed",
    "partner_removed",
    "ownership_changed",
    "ownership_ended",
    "asset_deleted",
}


def test_whatever_can_happen_does_in_some_random_history() -> None:
    """Within three thousand of them each trait turns up."""
    many = settings(
        max_examples=3000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    missing = set(TRAITS)

    def was_the_last(drawn: Appends) -> bool:
        missing.difference_update(_traits(record(drawn).book))
        return not missing

    with suppress(NoSuchExample):
        find(appends(), was_the_last, settings=many)
    assert not missing
