"""Imports: fact lines judged one by one in file order, written in chunks that are each atomic.

An import can be run again: lines whose facts are already taken are counted as such. A line that is
refused is handed to `on_reject`; nothing is dropped silently.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from domain.describing import describe
from domain.entry import Entry
from domain.evolving import evolve
from domain.facts import Fact, book_of, parse_fact
from domain.judging import Decision
from domain.refusals import Conflict, Refused
from domain.state import BookState
from ledger.book import ATTEMPTS, Books, check_one_append
from ledger.bulk import collector_paused, set_aside, spare
from ledger.database import EntryTaken
from ledger.lookups import Lookup, Written
from ledger.strict_json import strict_json

CHUNK_FACTS = 5_000
CHUNK_BYTES = 1_500_000
"""Of lines. What is stored of them, with a void for each, stays below APPEND_LIMIT_BYTES."""
CHUNKS_SET_ASIDE = 4

NumberedLine = tuple[int, bytes]
"""A line of the file and its number there, from 1."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that was not recorded, and why."""

    line: int
    """Its number in the file, from 1."""
    text: str
    reason: str


@dataclass(slots=True)
class Summary:
    """What an import came to. Every line but the blank ones is in one of the counts."""

    lines: int = 0
    written: int = 0
    """Lines recorded now."""
    already: int = 0
    """Lines whose facts were all recorded before."""
    rejected: int = 0
    entries: int = 0
    """Entries written; a line may hold several facts, and a replacement writes a void too."""
    books: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether nothing was rejected."""
        return not self.rejected

    def add(self, other: "Summary") -> None:
        """Count in what another part of the import came to."""
        self.lines += other.lines
        self.written += other.written
        self.already += other.already
        self.rejected += other.rejected
        self.entries += other.entries
        self.books |= other.books


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    raw: bytes
    book: str = ""
    facts: Sequence[Fact] = ()
    wrong: str | None = None
    """Why it states no facts, if it does not."""


class BadLine(ValueError):
    """A line that states no facts."""


def import_lines(
    books: Books,
    lines: Iterable[bytes],
    *,
    recorded_by: str,
    on_reject: Callable[[Rejected], None],
    on_progress: Callable[[Summary], None] = lambda _: None,
    dry_run: bool = False,
) -> Summary:
    """Import fact lines; a dry run judges them all and writes nothing."""
    run = Import(books, recorded_by, on_reject, dry_run=dry_run)
    try:
        with collector_paused():
            for _ in run.taken(enumerate(lines, start=1)):
                on_progress(run.summary)
    finally:
        if dry_run:
            for book in run.summary.books:
                books.forget(book)
    return run.summary


def parse_line(raw: bytes | str) -> list[Fact]:
    """The facts of one line: one, or those of an array. Raises BadLine with the reason."""
    try:
        decoded = strict_json(raw)
    except RecursionError:
        raise BadLine("nested too deeply; three levels are enough") from None
    except ValueError as error:
        raise BadLine(f"not JSON: {error}") from error
    try:
        if not isinstance(decoded, list):
            return [parse_fact(decoded)]
        if not decoded:
            raise BadLine("an empty array; an append holds at least one fact")
        return [parse_fact(fields) for fields in decoded]
    except ValidationError as error:
        raise BadLine("; ".join(describe(error))) from error


def _read(number: int, raw: bytes) -> _Line:
    try:
        facts = parse_line(raw)
    except BadLine as error:
        return _Line(number, raw, wrong=str(error))
    return _Line(number, raw, book_of(facts[0]), facts)


class Import:
    """One import, in a process; the cycle collector is to be paused while it is at work."""

    def __init__(
        self,
        books: Books,
        recorded_by: str,
        on_reject: Callable[[Rejected], None],
        *,
        dry_run: bool,
    ) -> None:
        self.books = books
        self.recorded_by = recorded_by
        self.on_reject = on_reject
        self.dry_run = dry_run
        self.summary = Summary()
        self.tried: dict[str, Lookup] = {}
        """Of a dry run: what is known of ids, with what it would have written, by book."""
        self.states: dict[str, BookState] = {}
        """Of the books of this chunk, with what it writes; of a dry run, of all that were tried."""
        self.chunks_taken = 0
        self.garbage = False
        """Whether cycles were left behind that are to be collected: a refusal leaves some."""
        self.all_new = False
        """Whether the last chunk held new facts alone, so that this one's ids are not looked up.

        One that is taken after all is noticed: its line is refused, or the store refuses it.
        """

    def taken(self, lines: Iterable[NumberedLine]) -> Iterator[None]:
        """Judge and write the lines chunk by chunk; gives a sign after each chunk."""
        for chunk in self.chunks(lines):
            self.take(chunk)
            yield
            self.chunks_taken += 1
            if self.chunks_taken % CHUNKS_SET_ASIDE == 0:
                (set_aside if self.garbage else spare)()
                self.garbage = False

    def chunks(self, lines: Iterable[NumberedLine]) -> Iterator[list[_Line]]:
        """The lines in chunks, without the blank ones."""
        chunk: list[_Line] = []
        facts = size = 0
        for number, raw in lines:
            if not raw.strip():
                continue
            self.summary.lines += 1
            line = _read(number, raw)
            count = len(line.facts) or 1
            if chunk and (facts + count > CHUNK_FACTS or size + len(raw) > CHUNK_BYTES):
                yield chunk
                chunk, facts, size = [], 0, 0
            chunk.append(line)
            facts += count
            size += len(raw)
        if chunk:
            yield chunk

    def reject(self, number: int, raw: bytes, reason: str) -> None:
        """Count and tell a line that is refused."""
        self.garbage = True
        self.summary.rejected += 1
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        self.on_reject(Rejected(number, text, reason))

    def take(self, chunk: list[_Line]) -> None:
        """Judge and write one chunk; if others write to its books meanwhile, judge it again."""
        names = {line.book for line in chunk if not line.wrong}
        self.summary.books |= names
        with self.books.locked(*names):
            for attempt in range(ATTEMPTS):
                entries, refused, counts = self.judge(chunk)
                try:
                    if not self.dry_run:
                        self.books.append(entries)
                except EntryTaken:
                    self.all_new = False
                    for book in names:
                        self.books.forget(book)
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                    continue
                except BaseException:
                    for book in names:
                        self.books.forget(book)
                    raise
                self.all_new = not (self.dry_run or counts["already"])
                self.summary.written += counts["written"]
                self.summary.already += counts["already"]
                self.summary.entries += len(entries)
                for line, reason in refused:
                    self.reject(line.number, line.raw, reason)
                return
        raise Conflict(", ".join(sorted(names)), ATTEMPTS)

    def judge(
        self, chunk: list[_Line]
    ) -> tuple[list[Entry], list[tuple[_Line, str]], dict[str, int]]:
        """Judge each line on what the lines before it come to."""
        entries: list[Entry] = []
        refused: list[tuple[_Line, str]] = []
        counts = {"written": 0, "already": 0}
        lookups = self.look_up(chunk)
        for line in chunk:
            if line.wrong:
                refused.append((line, line.wrong))
                continue
            lookup = lookups[line.book]
            state = self.states[line.book]
            try:
                check_one_append(line.book, line.facts)
                fresh, decision = self.judge_line(line, state, lookup)
            except Refused as refusal:
                of_several = refusal.fact_id if len(line.facts) > 1 else None
                where = f"fact {of_several}: " if of_several else ""
                refused.append((line, f"{where}{refusal}"))
                continue
            counts["written" if fresh else "already"] += 1
            for entry in fresh:
                evolve(state, entry, decision.arrival)
                lookup.note(Written(entry, position=0))
            entries.extend(fresh)
        return entries, refused, counts

    def judge_line(
        self, line: _Line, state: BookState, lookup: Lookup
    ) -> tuple[list[Entry], Decision]:
        """The entries of one line; before it is refused it is looked up whether it is known."""
        try:
            return self.books.judge(state, line.facts, lookup, recorded_by=self.recorded_by)
        except Refused:
            if not self.all_new:
                raise
        lookup.learn(self.books.look_up({line.book: line.facts})[line.book])
        return self.books.judge(state, line.facts, lookup, recorded_by=self.recorded_by)

    def look_up(self, chunk: list[_Line]) -> dict[str, Lookup]:
        """The states of the chunk's books brought up to date, and the fact ids known to each."""
        facts: dict[str, list[Fact]] = defaultdict(list)
        for line in chunk:
            if not line.wrong:
                facts[line.book].extend(fact for fact in line.facts if book_of(fact) == line.book)
        read = self.books.bring_up_to_date(book for book in facts if book not in self.tried)
        self.states = self.states | read if self.dry_run else read
        lookups = self.books.look_up(facts, own=not self.all_new)
        if self.dry_run:
            for book, lookup in lookups.items():
                lookups[book] = self.tried.setdefault(book, Lookup())
                lookups[book].learn(lookup)
        return lookups
