"""What the store knows of fact ids, and which facts are new by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from domain.entry import Entry
from domain.events import AnyEvent
from domain.facts import Fact, VoidEntry
from domain.judging import replacing_void_id
from domain.refusals import IdTaken
from domain.restating import restates


@dataclass(frozen=True, slots=True)
class Written:
    """An entry with its position in the whole ledger."""

    entry: Entry
    position: int


@dataclass(slots=True)
class Lookup:
    """What the store knows of the fact ids that an append carries or names."""

    taken: dict[str, Written] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """The entry number of each fact id."""

    def note(self, written: Written) -> None:
        """Take in an entry by the id of its fact."""
        self.taken[written.entry.event.id] = written
        self.numbers[written.entry.event.id] = written.entry.number

    def learn(self, other: "Lookup") -> None:
        """Take in what another one knows."""
        self.taken |= other.taken
        self.numbers |= other.numbers


def names(fact: Fact) -> Iterator[str]:
    """The ids that a fact takes, and those of other facts that it names."""
    yield fact.id
    if fact.replaces is not None:
        yield replacing_void_id(fact.id)
    yield from others(fact)


def others(fact: Fact) -> Iterator[str]:
    """The ids of other facts that a fact names."""
    if isinstance(fact.replaces, str):
        yield fact.replaces
    if isinstance(fact, VoidEntry) and fact.fact_id is not None:
        yield fact.fact_id


def new_facts(facts: Sequence[Fact], lookup: Lookup) -> list[Fact]:
    """The facts whose ids are free. Raises IdTaken where an id stands for other content."""
    new: dict[str, Fact] = {}
    numbers = lookup.numbers
    for fact in facts:
        known = lookup.taken.get(fact.id)
        twin = new.get(fact.id)
        same = restates(fact, known.entry, numbers) if known else twin is None or twin == fact
        if not same:
            refusal = IdTaken(fact.id, known.entry.number if known else None)
            refusal.fact_id = fact.id
            raise refusal
        if not known:
            new[fact.id] = fact
    return list(new.values())


def refuse_taken_ids(events: Sequence[AnyEvent], lookup: Lookup) -> None:
    """Raise IdTaken where the void of a replacement would have an id that another entry has."""
    fresh: set[str] = set()
    for event in events:
        holder = lookup.taken.get(event.id)
        if holder or event.id in fresh:
            raise IdTaken(event.id, holder.entry.number if holder else None)
        fresh.add(event.id)
