"""Books as a verifier sees them: stored entries, questions, statements, and what bears on each."""

import json
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, get_args

from domain.entry import Entry as LedgerEntry
from domain.instants import Microseconds, format_instant, from_microseconds, parse_instant
from evidence.completeness import replaced_needed, subjects_needed
from evidence.entries import OWNERSHIP_EVENTS, Entry, asset_of, pair_of, read_entry
from evidence.questions import Kind, Question
from evidence.statements import Statement
from ledger.stored_bytes import to_stored
from projections.moments import AsOf
from projections.questions import Questions

KINDS: tuple[Kind, ...] = get_args(Kind)
OF_ASSETS = ("who", "owner", "line", "asset-timeline")
OF_PARTNERS = ("what", "line", "offboard", "partner-timeline")
OF_PERIODS = ("who", "what", "line")
ORIGIN = "ledger.example/access"


def stored(entry: LedgerEntry) -> bytes:
    """The bytes of an entry as the ledger keeps them."""
    state = to_stored(entry).state
    assert isinstance(state, bytes)
    return state


def as_read(entries: Iterable[LedgerEntry]) -> list[Entry]:
    """The entries as the evidence reads them."""
    return [read_entry(stored(entry)) for entry in entries]


def ends_of(entries: Sequence[Entry]) -> list[int]:
    """The last entry of each append, and 0."""
    last = {entry.recorded_at: entry.number for entry in entries}
    return [0, *last.values()]


class Whole:
    """All entries of a book: what a ledger has, and a verifier does not."""

    def __init__(self, book: str, entries: Sequence[Entry]) -> None:
        self.book = book
        self.entries = entries
        self.by_number = {entry.number: entry for entry in entries}
        self.newest = {subject: e.number for e in entries for subject in e.touches}
        self.pairs = sorted({
            pair_of(e.event) for e in entries if "partner" in e.event
        })  # fmt: skip
        self.assets = sorted({asset_of(e.event) for e in entries if "asset" in e.event})
        self.portfolios = sorted({book}.union(*(self._named(e) for e in entries)))

    @staticmethod
    def _named(entry: Entry) -> set[str]:
        fields = (entry.event.get(name) for name in ("owner", "partner", "to_owner"))
        return {name for name in fields if isinstance(name, str)}

    def statement(self, question: Question) -> Statement:
        """What an honest ledger states for a question."""
        owners: set[str] = set()
        owned: set[tuple[str, str]] = set()
        if question.partner is not None:
            owners = {owner for owner, partner in self.pairs if partner == question.partner}
        if question.asset is not None:  # a line's owners are those of its own chains
            line, pair = ":".join(question.asset), question.partner
            owners = {
                o for o in owners
                if self.newest.keys() & {f"episode:{o}:{pair}", f"line:{o}:{pair}:{line}"}
            }  # fmt: skip
        if question.kind == "offboard":
            owned = {
                asset_of(e.event)
                for e in self.entries
                if e.type in OWNERSHIP_EVENTS
                and question.partner in {e.event["owner"], e.event.get("to_owner")}
            }
        known = question.known_at
        claimed = Statement(
            origin=ORIGIN, size=len(self.entries), root=bytes(32),
            book=self.book, known_at=known,
            recorded_at=self.by_number[known].recorded_at if known else None,
            newest={}, owners=tuple(owners), owned=tuple(owned),
        )  # fmt: skip
        subjects = subjects_needed(question, self.gathered(question, claimed), claimed)
        return with_newest(claimed, {s: self.newest.get(s, 0) for s in subjects})

    def gathered(self, question: Question, claimed: Statement) -> list[Entry]:
        """The entries of a pack: the chains, as long as they bring new ones, and places."""
        if question.kind == "matrix":
            return list(self.entries[: question.known_at])
        found: set[int] = set()
        while True:
            entries = self.of(found)
            wanted = set(found)
            for subject in subjects_needed(question, entries, claimed):
                number = self.newest.get(subject, 0)
                while number:
                    wanted.add(number)
                    number = self.by_number[number].touches[subject]
            if wanted == found:
                wanted |= replaced_needed(question, entries, claimed)
            if wanted == found:
                return entries
            found = wanted

    def of(self, numbers: Iterable[int]) -> list[Entry]:
        """Entries in the order of their numbers."""
        return [self.by_number[number] for number in sorted(numbers)]


def with_newest(statement: Statement, newest: dict[str, int]) -> Statement:
    """The statement with other subjects."""
    fields = {name: getattr(statement, name) for name in Statement.__slots__}
    return Statement(**{**fields, "newest": newest})


def question_of(
    kind: Kind, whole: Whole, chance: Random, moments: Sequence[Microseconds]
) -> Question:
    """A question of a kind about something that the book speaks of, or may."""
    at = chance.choice(moments)
    about: dict[str, Any] = {}
    if kind in OF_ASSETS:
        about["asset"] = chance.choice([*whole.assets, ("page", "59999")])
    if kind in OF_PARTNERS:
        about["partner"] = chance.choice([*whole.portfolios, "39999"])
    if kind in OF_PERIODS and chance.random() < 0.4:
        until = chance.choice([at + 1, at + 2, at + 7, at + 86_400_000_000])
        about["during"] = (format_instant(from_microseconds(at)), text(until))
        at = until - 1
    return Question(
        kind=kind, book=whole.book, at=text(at), known_at=chance.choice(ends_of(whole.entries)),
        **about,
    )  # fmt: skip


def text(moment: Microseconds) -> str:
    """A moment in the canonical form."""
    return format_instant(from_microseconds(moment))


def asked(questions: Questions, question: Question) -> dict[str, Any]:
    """The ledger's own answer, as plain values of JSON."""
    book, about = question.book, question.asset or question.partner
    as_of = AsOf(at=parse_instant(question.at), known_at=question.known_at)
    during = None
    if question.during is not None:
        since, until = map(parse_instant, question.during)
        during, as_of = (since, until), AsOf(known_at=question.known_at)
    asset: Any = question.asset
    partner: Any = question.partner
    ask: dict[str, Any] = {
        "who": lambda: questions.who_had_access(book, about, as_of, during=during),  # type: ignore[arg-type]
        "owner": lambda: questions.owner_at(book, about, as_of),  # type: ignore[arg-type]
        "what": lambda: questions.what_could(book, about, as_of, during=during),  # type: ignore[arg-type]
        "line": lambda: questions.what_could_on(book, asset, partner, as_of, during=during),
        "matrix": lambda: questions.matrix_at(book, as_of),
        "offboard": lambda: questions.offboarding_report(book, about, as_of),  # type: ignore[arg-type]
        "asset-timeline": lambda: questions.asset_timeline(book, about, as_of),  # type: ignore[arg-type]
        "partner-timeline": lambda: questions.partner_timeline(book, about, as_of),  # type: ignore[arg-type]
    }
    answer: dict[str, Any] = json.loads(ask[question.kind]().model_dump_json(by_alias=True))
    if question.kind.endswith("timeline"):
        for entry in answer["entries"]:
            entry.pop("position", None)  # a place in the whole ledger, which no book holds
    return answer
