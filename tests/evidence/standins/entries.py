"""Entries as they are stored."""

from dataclasses import dataclass

from evidence.canonical import Json, parse_canonical
from evidence.errors import VerificationError


class MalformedEntry(VerificationError):
    """Bytes are not a stored entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as written in a book."""

    book: str
    number: int
    recorded_at: str
    recorded_by: str
    event: dict[str, Json]
    touches: dict[str, int]


def read_entry(stored: bytes) -> Entry:
    """The entry that stored bytes hold."""
    value = parse_canonical(stored)
    match value:
        case {
            "format": "entry/v1",
            "book": str(book),
            "number": int(number),
            "recorded_at": str(recorded_at),
            "recorded_by": str(recorded_by),
            "event": dict(event),
            "touches": dict(touches),
            **others,
        } if not others:
            pass
        case _:
            raise MalformedEntry("the bytes are not a stored entry")
    if type(number) is not int or number < 1:
        raise MalformedEntry("the number of an entry is 1 or more")
    before: dict[str, int] = {}
    for subject, entry in touches.items():
        if type(entry) is not int or not 0 <= entry < number:
            raise MalformedEntry(f"entry {number} touches no earlier entry of {subject}")
        before[subject] = entry
    return Entry(book, number, recorded_at, recorded_by, event, before)
