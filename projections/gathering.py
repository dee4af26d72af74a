"""Gathering: the stored entries that bear on a question, found by the read model."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evidence.completeness import replaced_needed, subjects_needed
from evidence.entries import Entry, read_entry
from evidence.questions import Question
from evidence.statements import Statement
from ledger.stored_bytes import UnreadableEntry


@dataclass(slots=True)
class Gathered:
    """The entries that bear on a question, with their positions, by number."""

    book: str
    entries: dict[int, Entry] = field(default_factory=dict)
    stored: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    def keep(self, rows: Iterable[Any], last_position: int) -> list[int]:
        """Keep entries as they are stored; returns the numbers of those that are new."""
        new = []
        for row in rows:
            number = row["number"]
            if number not in self.stored and row["position"] <= last_position:
                state = row["state"]
                if not isinstance(state, bytes):  # SQLite keeps what it is given
                    raise UnreadableEntry(self.book, number, "it is not stored as bytes")
                self.stored[number] = (row["position"], state)
                new.append(number)
        return new

    def add(self, rows: Iterable[Any], last_position: int) -> None:
        """Keep entries and read what they say, where that tells which others are needed."""
        for number in self.keep(rows, last_position):
            self.entries[number] = read_entry(self.stored[number][1])

    def in_order(self) -> list[Entry]:
        """Those that were read, by their numbers."""
        return [self.entries[number] for number in sorted(self.entries)]


def gather(
    sql: Any,
    connection: Any,
    question: Question,
    statement: Statement,
    gathered: Gathered,
    last_position: int,
) -> set[str]:
    """Add the entries up to a position that bear on a question; the subjects that it rests on."""
    done: set[str] = set()
    while new := subjects_needed(question, gathered.in_order(), statement) - done:
        for subject in sorted(new):
            gathered.add(_touching(sql, connection, question.book, subject), last_position)
        done |= new
    while missing := _replaced_missing(question, statement, gathered):
        for number in missing:
            row = sql.stored_entry(connection, book=question.book, number=number)
            if row is None:
                raise UnreadableEntry(question.book, number, "it is not there")
            gathered.add([row], last_position)
    return done


def _replaced_missing(question: Question, statement: Statement, gathered: Gathered) -> set[int]:
    """What says where others stand, though it touches no subject of the question."""
    found = replaced_needed(question, gathered.in_order(), statement)
    return found - gathered.entries.keys()


def _touching(sql: Any, connection: Any, book: str, subject: str) -> list[Any]:
    """The entries that touch a subject of an asset, a pair or a line."""
    kind, first, second = subject.split(":", 2)
    if kind == "line":
        return _on_line(sql, connection, book, first, *second.split(":", 2))
    if kind in {"asset", "ownership"}:
        row = sql.asset(connection, book=book, asset_type=first, asset_id=second)
    else:
        row = sql.pair(connection, book=book, owner=first, partner=second)
    if row is None:
        return []
    of = row["id"]
    if kind == "asset":
        return list(sql.entries_on_asset(connection, book=book, asset=of))
    if kind == "ownership":
        return list(sql.entries_of(connection, book=book, asset=of, pair=0))
    found = list(sql.entries_of(connection, book=book, asset=0, pair=of))
    if kind == "partner":
        found += sql.access_entries_of_pair(connection, book=book, pair=of)
    return found


def _on_line(
    sql: Any, connection: Any, book: str, owner: str, partner: str, type: str, id: str
) -> list[Any]:
    pair = sql.pair(connection, book=book, owner=owner, partner=partner)
    asset = sql.asset(connection, book=book, asset_type=type, asset_id=id)
    if pair is None or asset is None:
        return []
    return list(sql.entries_of(connection, book=book, asset=asset["id"], pair=pair["id"]))
