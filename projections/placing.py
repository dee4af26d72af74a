"""From the bytes of an entry to its event in its place, without building the event.

The store holds only what was judged and written by `ledger`, so what is taken here is not checked
again; that makes reading a whole ledger several times faster. A test holds it to the events.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from domain.events import EntryVoided, type_of
from domain.instants import Microseconds, to_microseconds
from domain.windows import NO_TERMS, Place, Placed, Terms
from ledger.stored_bytes import UnreadableEntry, stored_fields

Subject = tuple[str, str, str, str]
"""Asset type, asset id, partner and owner; what an event does not speak of is empty."""


class Taken(NamedTuple):
    """An entry as the projector takes it in."""

    book: str
    number: int
    recorded_at: str
    subject: Subject
    target: int
    """The entry that this one voids, 0 where it is an event with an effective time."""
    replaces: int
    event: dict[str, Any]

    def placed(self, place: Place) -> Placed:
        """The event in its place."""
        event = self.event
        effective = moment(event["effective_at"])
        after = event.get("effective_after")
        kind: Any = type_of[event["type"]]
        return Placed(
            effective,
            place,
            self.number,
            effective if after is None else moment(after) + 1,
            kind,
            event["owner"],
            _TERMS_OF[event["type"]](event),
        )


def take(book: str, number: int, state: bytes) -> Taken:
    """What the stored bytes of an entry say. Raises UnreadableEntry."""
    fields = stored_fields(book, number, state)
    try:
        event = fields["event"]
        target = event["entry"] if event["type"] == EntryVoided.TOPIC else 0
        return Taken(
            book,
            number,
            fields["recorded_at"],
            _subject_of_void(fields["touches"]) if target else _subject_of(event),
            target,
            0 if target else event.get("replaces", 0),  # a void has no place but its own
            event,
        )
    except KeyError as error:
        raise UnreadableEntry(book, number, f"it has no {error}") from error


def moment(text: str) -> Microseconds:
    """The microseconds of an instant in its canonical form."""
    return to_microseconds(datetime.fromisoformat(text))


def _subject_of(event: dict[str, Any]) -> Subject:
    asset, partner = event.get("asset"), event.get("partner", "")
    if asset is None:
        return "", "", partner, event["owner"]
    return asset["type"], asset["id"], partner, event["owner"]


def _subject_of_void(touches: dict[str, int]) -> Subject:
    """A void touches what its target touches."""
    for touched in touches:
        kind, *parts = touched.split(":", 4)
        if kind == "line":
            owner, partner, asset_type, asset_id = parts
            return asset_type, asset_id, partner, owner
        if kind == "episode":
            owner, partner = parts
            return "", "", partner, owner
        if kind == "ownership":
            return parts[0], ":".join(parts[1:]), "", ""
    raise KeyError("subject")


def _granted(event: dict[str, Any]) -> Terms:
    return Terms(
        tasks=tuple(event["tasks"]),
        planned_end=event.get("planned_end"),
        partner_name=event.get("partner_name"),
        asset_name=event["asset"].get("name"),
    )


def _established(event: dict[str, Any]) -> Terms:
    return Terms(
        to_owner=event.get("to_owner"), detail=event["basis"], asset_name=event["asset"].get("name")
    )


def _ended(event: dict[str, Any]) -> Terms:
    return Terms(detail=event["reason"], asset_name=event["asset"].get("name"))


def _partnered(event: dict[str, Any]) -> Terms:
    return Terms(partner_name=event.get("partner_name"), detail=event.get("removed_by"))


_TERMS_OF: dict[str, Callable[[dict[str, Any]], Terms]] = {
    "partner-added/v1": _partnered,
    "partner-removed/v1": _partnered,
    "ownership-established/v1": _established,
    "ownership-transferred/v1": _established,
    "ownership-ended/v1": _ended,
    "access-granted/v1": _granted,
    "access-changed/v1": _granted,
    "access-revoked/v1": lambda _: NO_TERMS,
}
