"""Books: the only way in. A fact is judged against its book, then appended or refused."""

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, RLock
from typing import Any, Literal
from weakref import WeakValueDictionary

from eventsourcing.persistence import StoredEvent

from domain.entry import Entry
from domain.events import AnyEvent
from domain.evolving import evolve
from domain.facts import MAX_FACTS_IN_APPEND, Fact, book_of
from domain.judging import Append, Decision, decide
from domain.refusals import (
    BookMovedOn,
    BooksDiffer,
    Conflict,
    KeyInProgress,
    TooMuchAtOnce,
)
from domain.state import BookState
from ledger.database import APPEND_LIMIT_BYTES, Database, EntryTaken, load_sql, store_errors
from ledger.deadline import TookTooLong, remaining_seconds
from ledger.figures import APPEND_SECONDS
from ledger.hand import BooksInHand
from ledger.idempotency import IdempotencyKey, Outcome, bind, bound, digest_of
from ledger.lookups import Lookup, Written, names, new_facts, others, refuse_taken_ids
from ledger.stored_bytes import canonical_json, from_stored, to_stored

Clock = Callable[[], datetime]
"""The ledger's own clock, in UTC."""
Write = Callable[[Sequence[StoredEvent], Callable[[Any], None] | None], list[int]]
"""Writes entries, with what else is to be there with them, in one transaction."""

ATTEMPTS = 12
"""How often an append is judged anew when others write to its book meanwhile."""
KEPT_ENTRIES = 1_000_000
"""Books are kept in memory while they hold no more entries than this together."""
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Taken:
    """One fact of an append and the entry that holds it."""

    fact_id: str
    written: Written
    status: Literal["written", "already"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of an append: each fact's entry, and what its voids did to other entries."""

    book: str
    facts: list[Taken]
    outcome: Outcome
    replayed: bool = False
    """Whether an idempotency key brought back what an earlier request had done."""

    @property
    def lost(self) -> tuple[int, ...]:
        """The entries that had effect and no longer have."""
        return self.outcome.lost

    @property
    def gained(self) -> tuple[int, ...]:
        """The earlier entries that now have effect."""
        return self.outcome.gained


class Books:
    """The books of one ledger."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        kept_entries: int = KEPT_ENTRIES,
        write: Write | None = None,
    ) -> None:
        """`write` takes the place of writing to the database here."""
        self._database = database
        self._clock = clock
        self.write = write or self._write
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self._hand = BooksInHand(kept_entries)
        self._locks: WeakValueDictionary[str, RLock] = WeakValueDictionary()  # while in use
        self._lock = Lock()
        self._in_hand: set[tuple[str, IdempotencyKey]] = set()

    # --- writing

    def handle(
        self,
        book: str,
        facts: Sequence[Fact],
        *,
        recorded_by: str,
        key: IdempotencyKey | None = None,
        only_after: Collection[int] | None = None,
    ) -> Receipt:
        """Record the facts as one append, or raise `Refused` and record nothing.

        Sent again with the same `key` and facts it gives what it gave the first time. With
        `only_after` the newest entry of the book must be one of these, unless nothing is new.
        """
        check_one_append(book, facts)
        digest = digest_of(facts) if key else ""
        with self._in_progress(book, key), self.locked(book):
            for attempt in range(ATTEMPTS):
                outcome = self._bound(book, key, digest)
                state = self.state(book)
                lookup = self.look_up({book: facts})[book]
                if outcome is not None:
                    return _receipt(book, facts, lookup, [], outcome, replayed=True)
                entries, decision = self.judge(state, facts, lookup, recorded_by=recorded_by)
                if entries and only_after is not None and state.newest not in only_after:
                    raise BookMovedOn(book, state.newest, only_after)
                outcome = self._outcome(state, entries, decision)
                try:
                    written = self.append(entries, self._binding(book, key, digest, outcome))
                except EntryTaken:
                    time.sleep(random.uniform(0, 0.004 * 2 ** min(attempt, 5)))  # noqa: S311
                    continue
                for entry in entries:
                    evolve(state, entry, decision.arrival)
                self._hand.keep(book, state)
                return _receipt(book, facts, lookup, written, outcome)
        raise Conflict(book, ATTEMPTS)

    def _outcome(self, state: BookState, entries: Sequence[Entry], decision: Decision) -> Outcome:
        """What the append does once it is written."""
        if not entries:
            state = self.state(state.book)  # others may have written what was looked up since
        recorded_at = entries[-1].recorded_at if entries else state.newest_recorded_at
        assert recorded_at is not None
        return Outcome(
            lost=decision.lost,
            gained=decision.gained,
            newest=state.newest + len(entries),
            recorded_at=recorded_at,
        )

    @contextmanager
    def _in_progress(self, book: str, key: IdempotencyKey | None) -> Iterator[None]:
        """Have an idempotency key to oneself; raises KeyInProgress where another request has it."""
        if key is None:
            yield
            return
        with self._lock:
            if (book, key) in self._in_hand:
                raise KeyInProgress(key.text)
            self._in_hand.add((book, key))
        try:
            yield
        finally:
            with self._lock:
                self._in_hand.remove((book, key))

    def _bound(self, book: str, key: IdempotencyKey | None, digest: str) -> Outcome | None:
        if key is None:
            return None
        with self._database.reading() as connection:
            return bound(self._sql, connection, book, key, digest)

    def _binding(
        self, book: str, key: IdempotencyKey | None, digest: str, outcome: Outcome
    ) -> Callable[[Any], None] | None:
        """What binds the key within the transaction of its append."""
        if key is None:
            return None
        return lambda connection: bind(self._sql, connection, book, key, digest, outcome)

    @contextmanager
    def locked(self, *books: str) -> Iterator[None]:
        """Have the books to oneself within this process; in order, so no two wait in a ring."""
        with self._lock:
            locks = [self._locks.setdefault(book, RLock()) for book in sorted(set(books))]
        with ExitStack() as held:
            for lock in locks:
                left = remaining_seconds()
                if not lock.acquire(timeout=-1 if left is None else max(left, 0)):
                    raise TookTooLong
                held.callback(lock.release)
            yield

    def judge(
        self, state: BookState, facts: Sequence[Fact], lookup: Lookup, *, recorded_by: str
    ) -> tuple[list[Entry], Decision]:
        """The entries that the new ones among the facts come to; taken ids are left out."""
        new = new_facts(facts, lookup)
        if not new:
            return [], Decision(events=[])
        recorded_at = self._clock()
        if state.newest_recorded_at is not None:
            recorded_at = max(recorded_at, state.newest_recorded_at + timedelta(microseconds=1))
        append = Append(facts=tuple(new), recorded_at=recorded_at, numbers=lookup.numbers)
        decision = decide(state, append)
        refuse_taken_ids(decision.events, lookup)
        return _entries(state, decision.events, recorded_at, recorded_by), decision

    def append(
        self, entries: Sequence[Entry], also: Callable[[Any], None] | None = None
    ) -> list[Written]:
        """Write judged entries, and what else is to be there with them, in one transaction.

        Raises EntryTaken, and then writes nothing.
        """
        if not entries and also is None:
            return []
        positions = self.write([to_stored(entry) for entry in entries], also)
        return [Written(*pair) for pair in zip(entries, positions, strict=True)]

    def _write(
        self, stored: Sequence[StoredEvent], also: Callable[[Any], None] | None = None
    ) -> list[int]:
        """Write entries in their stored form; returns their positions. Raises EntryTaken."""
        size = sum(len(event.state) for event in stored)
        if size > APPEND_LIMIT_BYTES:
            raise TooMuchAtOnce(f"{size} bytes of entries", f"{APPEND_LIMIT_BYTES} bytes")
        with store_errors(self._database.where), APPEND_SECONDS.time():
            return self._database.recorder.append(stored, clock=self._clock(), also=also)

    # --- knowing

    def state(self, book: str, *, upto: int | None = None) -> BookState:
        """The book as known at its newest entry; only what is new is read, and that `upto` one."""
        state = self._hand.get(book) or BookState(book)
        limit = None if upto is None else upto - state.newest
        for written in self.entries(book, after=state.newest, limit=limit):
            evolve(state, written.entry)
        self._hand.keep(book, state)
        return state

    def forget(self, book: str) -> None:
        """Drop what is kept of a book, so that it is read again."""
        self._hand.drop(book)

    def bring_up_to_date(self, books: Iterable[str]) -> dict[str, BookState]:
        """The states of several books, reading only those that have new entries."""
        names = sorted(books)
        with self._database.reading() as connection:
            rows = list(self._sql.newest_of_books(connection, books=canonical_json(names).decode()))
        found = {}
        for row in rows:
            state = self._hand.get(row["book"])
            if state is None or state.newest != (row["newest"] or 0):
                state = self.state(row["book"])
            else:
                self._hand.keep(row["book"], state)
            found[row["book"]] = state
        return found

    def look_up(
        self, facts: Mapping[str, Iterable[Fact]], *, own: bool = True
    ) -> dict[str, Lookup]:
        """What the store knows, book by book, of the ids that these facts carry or name.

        Without `own`, of those alone that they name.
        """
        lookups = {book: Lookup() for book in facts}
        naming = names if own else others
        wanted = sorted({(book, name) for book in facts for f in facts[book] for name in naming(f)})
        if not wanted:
            return lookups
        with self._database.reading() as connection:
            rows = self._sql.facts_taken(connection, wanted=canonical_json(wanted).decode())
            for row in rows:
                entry = from_stored(row["book"], row["number"], row["state"])
                lookups[entry.book].note(Written(entry, row["position"]))
        return lookups

    def entries(self, book: str, *, after: int = 0, limit: int | None = None) -> Iterator[Written]:
        """The entries of a book after a number, in order, read page by page."""
        remaining = limit
        while remaining is None or remaining > 0:
            size = PAGE if remaining is None else min(PAGE, remaining)
            with self._database.reading() as connection:
                rows = list(
                    self._sql.entries_of_book(connection, book=book, after=after, limit=size)
                )
            for row in rows:
                after = row["number"]
                yield Written(from_stored(book, after, row["state"]), row["position"])
            if len(rows) < size:
                return
            remaining = None if remaining is None else remaining - len(rows)

    def books(self) -> dict[str, int]:
        """The newest entry number of every book that has one."""
        with self._database.reading() as connection:
            return {row["book"]: row["newest"] for row in self._sql.books(connection)}


def check_one_append(book: str, facts: Sequence[Fact]) -> None:
    """Raise Refused for facts that cannot be one append: too many, or of several books."""
    if len(facts) > MAX_FACTS_IN_APPEND:
        raise TooMuchAtOnce(f"an array of {len(facts)} facts", f"{MAX_FACTS_IN_APPEND} facts")
    for fact in facts:
        if book_of(fact) != book:
            raise BooksDiffer(book, book_of(fact))


def _receipt(
    book: str,
    facts: Sequence[Fact],
    lookup: Lookup,
    written: Iterable[Written],
    outcome: Outcome,
    *,
    replayed: bool = False,
) -> Receipt:
    """What to tell the caller."""
    fresh = {new.entry.event.id: new for new in written}
    taken = [
        Taken(fact.id, fresh[fact.id], "written")
        if fact.id in fresh
        else Taken(fact.id, lookup.taken[fact.id], "already")
        for fact in facts
    ]
    return Receipt(book=book, facts=taken, outcome=outcome, replayed=replayed)


def _entries(
    state: BookState, events: Sequence[AnyEvent], recorded_at: datetime, recorded_by: str
) -> list[Entry]:
    """The events as entries that follow the newest one, each naming what touched its subjects."""
    touched: dict[str, int] = {}
    entries = []
    for number, event in enumerate(events, start=state.newest + 1):
        before = state.touches(event)
        touches = {subject: touched.get(subject, last) for subject, last in before.items()}
        touched.update(dict.fromkeys(touches, number))
        entries.append(
            Entry(
                book=state.book,
                number=number,
                recorded_at=recorded_at,
                recorded_by=recorded_by,
                event=event,
                touches=touches,
            )
        )
    return entries
