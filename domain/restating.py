"""Whether a fact that is sent again says what it said the first time."""

from collections.abc import Mapping

from domain.entry import Entry
from domain.events import EntryVoided
from domain.facts import Fact, VoidEntry
from domain.judging import effective_event
from domain.refusals import Refused


def restates(fact: Fact, entry: Entry, numbers: Mapping[str, int]) -> bool:
    """Whether the fact has the content of the entry that took its id, normalised.

    A fact sent without a moment was recorded at the moment of its entry. `numbers` gives the entry
    of each fact id that the fact names.
    """

    def number(target: int | str | None) -> int | None:
        return numbers.get(target) if isinstance(target, str) else target

    event = entry.event
    if isinstance(fact, VoidEntry):
        target = number(fact.entry if fact.entry is not None else fact.fact_id)
        return isinstance(event, EntryVoided) and (
            (event.entry, event.replaces, event.reason, event.actor, event.source, event.authority)
            == (target, number(fact.replaces), fact.reason, fact.actor, fact.source, fact.authority)
        )
    try:
        return effective_event(fact, entry.recorded_at, number(fact.replaces)) == event
    except Refused:
        return False
