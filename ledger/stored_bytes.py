"""The bytes of an entry: canonical JSON (RFC 8785), written once and never re-serialised.

The format is in docs/formats.md. Entries hold strings, whole numbers below 2**53, arrays and
objects with ASCII keys only; for these, sorted compact JSON from orjson is the canonical form, and
a test holds it to an RFC 8785 library.
"""

from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent

from domain.entry import Entry
from domain.events import type_of
from domain.instants import format_instant, parse_instant

FORMAT = "entry/v1"


class UnreadableEntry(Exception):
    """Stored bytes that this version of the program cannot read."""

    def __init__(self, book: str, number: int, detail: str) -> None:
        super().__init__(
            f"entry {number} of book {book} cannot be read: {detail}; "
            "it was written by a newer version, or the store is damaged"
        )


def canonical_json(value: Any) -> bytes:
    """RFC 8785 for what entries are made of."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def event_fields(entry: Entry) -> dict[str, Any]:
    """The event as it is stored: its type, and every field that says something."""
    fields = entry.event.model_dump(mode="json", exclude_none=True)
    fields["type"] = entry.event.TOPIC
    return fields


def to_stored(entry: Entry) -> StoredEvent:
    """The entry as the store keeps it."""
    state = canonical_json(
        {
            "format": FORMAT,
            "book": entry.book,
            "number": entry.number,
            "recorded_at": format_instant(entry.recorded_at),
            "recorded_by": entry.recorded_by,
            "event": event_fields(entry),
            "touches": entry.touches,
        }
    )
    return StoredEvent(
        originator_id=entry.book,
        originator_version=entry.number,
        topic=entry.event.TOPIC,
        state=state,
    )


def stored_fields(book: str, number: int, state: bytes) -> dict[str, Any]:
    """The fields of an entry in a format that this program knows. Raises UnreadableEntry."""
    try:
        fields: dict[str, Any] = orjson.loads(state)
        if fields["format"] != FORMAT:
            raise ValueError(f"its format is {fields['format']}")
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEntry(book, number, str(error)) from error
    return fields


def from_stored(book: str, number: int, state: bytes) -> Entry:
    """The entry that stored bytes hold. Raises UnreadableEntry."""
    fields = stored_fields(book, number, state)
    try:
        event = fields["event"]
        event_type = type_of[event.pop("type")]
        return Entry(
            book=fields["book"],
            number=fields["number"],
            recorded_at=parse_instant(fields["recorded_at"]),
            recorded_by=fields["recorded_by"],
            event=event_type.model_validate(event),  # type: ignore[arg-type]
            touches=fields["touches"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEntry(book, number, str(error)) from error
