"""A book without a database, and what is read in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.entry import Entry
from domain.events import AnyEvent, EffectiveEvent, EntryVoided
from domain.evolving import Arrival, evolve
from domain.facts import EffectiveCommand, EndOwnership, Fact, VoidEntry
from domain.instants import Microseconds, to_microseconds
from domain.judging import Append, Decision, decide
from domain.plain_reading import PlainReading, read_plainly, void_entries
from domain.refusals import Refused
from domain.state import BookState
from tests.histories.facts import FIRST_RECORDED_AT, OWNER


class PaperBook:
    """A book kept in memory by `decide` and `evolve` alone, with a clock of its own."""

    def __init__(self, book: str = OWNER) -> None:
        self.state = BookState(book)
        self.entries: list[Entry] = []
        self.appends: list[list[Entry]] = []
        self.numbers: dict[str, int] = {}
        """The entry of each fact id."""

    @property
    def book(self) -> str:
        """The portfolio whose book it is."""
        return self.state.book

    @property
    def newest(self) -> int:
        """The number of the newest entry."""
        return len(self.entries)

    def now(self) -> datetime:
        """The moment at which the next append is recorded, a second after the one before."""
        return FIRST_RECORDED_AT + timedelta(seconds=len(self.appends))

    def judge(self, *facts: Fact) -> Decision:
        """What `decide` makes of an append; the book stays as it is."""
        append = Append(facts=facts, recorded_at=self.now(), numbers=self.numbers)
        return decide(self.state, append)

    def append(self, *facts: Fact) -> Decision:
        """Judge an append and write its events; raises `Refused`."""
        decision = self.judge(*facts)
        self.write(decision.events, decision.arrival)
        return decision

    def take(self, *facts: Fact) -> None:
        """Write facts without judging them, as observed ones will be."""
        self.write([entry.event for entry in unjudged(self, facts)])

    def write(self, events: Iterable[AnyEvent], arrival: Arrival | None = None) -> None:
        """Write the events of one append."""
        recorded_at, written = self.now(), []
        for event in events:
            assert event.id not in self.numbers, f"the fact id {event.id} is used twice"
            entry = Entry(
                book=self.book,
                number=self.newest + 1,
                recorded_at=recorded_at,
                recorded_by="test",
                event=event,
                touches=self.state.touches(event),
            )
            evolve(self.state, entry, arrival)
            self.entries.append(entry)
            self.numbers[event.id] = entry.number
            written.append(entry)
        self.appends.append(written)

    def reading(self, known: int | None = None) -> PlainReading:
        """The plain reading of the book, as known at an entry (default: the newest)."""
        return read_plainly(self.book, self.entries, self.newest if known is None else known)

    def event(self, fact_id: str) -> AnyEvent:
        """The event of a fact."""
        return self.entries[self.numbers[fact_id] - 1].event


def unjudged(book: PaperBook, facts: Sequence[Fact]) -> list[Entry]:
    """The entries that an append would come to if nobody judged it; they touch nothing.

    Raises LookupError where a fact names an entry that the book does not hold.
    """
    events: list[AnyEvent] = []
    replaced: set[int] = set()

    def number_of(target: int | str) -> int:
        number = book.numbers[target] if isinstance(target, str) else target
        if not 1 <= number <= book.newest:
            raise LookupError(target)
        return number

    def voiding(fact: Fact, target: int, id: str, replaces: int | None = None) -> None:
        replaced.add(target)
        in_words = None if isinstance(fact, EndOwnership) else fact.reason
        why = in_words or f"replaced by {fact.id}"
        provenance = {"actor": fact.actor, "source": fact.source, "authority": fact.authority}
        stated = {"id": id, "book": book.book, "entry": target, "replaces": replaces}
        events.append(EntryVoided(**stated, reason=why, **provenance))

    for fact in facts:
        stands_for = None if fact.replaces is None else number_of(fact.replaces)
        if stands_for is not None and stands_for not in replaced:
            voiding(fact, stands_for, f"{fact.id}~void")
        if isinstance(fact, VoidEntry):
            target = number_of(fact.entry or fact.fact_id or 0)
            voiding(fact, target, fact.id, stands_for)
        else:
            events.append(_event_of(fact, book.now(), stands_for))
    return [
        Entry(
            book=book.book,
            number=book.newest + index,
            recorded_at=book.now(),
            recorded_by="test",
            event=event,
            touches={},
        )
        for index, event in enumerate(events, start=1)
    ]


def _event_of(fact: EffectiveCommand, recorded_at: datetime, replaces: int | None) -> Any:
    stated = fact.model_dump(exclude={"fact", "book", "replaces", "effective_at"})
    at = fact.effective_at or recorded_at
    return fact.EVENT(**stated, replaces=replaces, effective_at=at)


@dataclass(slots=True)
class Recording:
    """What became of a list of appends: the book, and what it refused."""

    book: PaperBook
    refused: list[tuple[tuple[Fact, ...], Refused]] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """The accepted entries, 1, 2, 3 ..."""
        return self.book.entries

    @property
    def appends(self) -> list[list[Entry]]:
        """The accepted entries, grouped by append."""
        return self.book.appends


def record(appends: Iterable[Sequence[Fact]], book: str = OWNER) -> Recording:
    """Judge the appends one after the other and write those that are accepted."""
    recording = Recording(PaperBook(book))
    for facts in appends:
        try:
            recording.book.append(*facts)
        except Refused as refusal:
            recording.refused.append((tuple(facts), refusal))
    return recording


def effective_numbers(entries: Sequence[Entry], reading: PlainReading) -> set[int]:
    """The entries that have an effect of their own: neither void nor anomalies nor voids."""
    believed = [entry for entry in entries if entry.number <= reading.known]
    without = void_entries(believed) | {anomaly.number for anomaly in reading.anomalies}
    return {
        entry.number
        for entry in believed
        if isinstance(entry.event, EffectiveEvent) and entry.number not in without
    }


def answers(reading: PlainReading, names: Mapping[int, Any] | None = None) -> Any:
    """Episodes, ownerships and windows of a reading, to be compared with those of another.

    With `names` the entries that open and close are told by these instead of by their numbers.
    """

    def told(key: tuple[Any, ...], span: Any) -> tuple[Any, ...]:
        ends: tuple[Any, ...] = (span.opened_by, span.closed_by)
        if names is not None:
            ends = tuple(names[end] if end else None for end in ends)
        rest = {**asdict(span), "opened_by": None, "closed_by": None}
        return (type(span).__name__, key, ends, *rest.values())

    spans: list[tuple[tuple[Any, ...], Any]] = [
        *(((owner, partner), span) for owner, partner, span in reading.episodes),
        *reading.ownerships,
        *reading.windows,
    ]
    return sorted((told(key, span) for key, span in spans), key=repr)


def instants_of_interest(entries: Iterable[Entry]) -> list[Microseconds]:
    """Every moment at which an answer may change, and the ones next to it."""
    found: set[Microseconds] = set()
    for entry in entries:
        if isinstance(entry.event, EffectiveEvent):
            for at in (entry.event.effective_at, entry.event.effective_after):
                if at is not None:
                    found |= {to_microseconds(at) + step for step in (-1, 0, 1, 2)}
    return sorted(found)
