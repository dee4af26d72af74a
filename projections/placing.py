"""From the bytes of an entry to its event in its place, without building the event.

The store holds only what was judged and written by `ledger`, so what is taken here is not checked
again; that makes reading a whole ledger several times faster. A test holds it to the events.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from domain.events import (
    AccessChanged,
    AccessGranted,
    AccessRevoked,
    EffectiveEvent,
    EntryVoided,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipTransferred,
    PartnerAdded,
    PartnerRemoved,
)
from domain.instants import EPOCH, MICROSECOND, Microseconds
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
        kind, terms_of = _KINDS[event["type"]]
        effective = moment(event["effective_at"])
        after = event.get("effective_after")
        return Placed(
            effective,
            place,
            self.number,
            effective if after is None else moment(after) + 1,
            kind,
            event["owner"],
            terms_of(event),
        )


def take(book: str, number: int, state: bytes) -> Taken:
    """What the stored bytes of an entry say. Raises UnreadableEntry."""
    fields = stored_fields(book, number, state)
    try:
        event, recorded_at = fields["event"], fields["recorded_at"]
        if event["type"] == EntryVoided.TOPIC:  # it has no place but its own
            subject = _subject_of_void(fields["touches"])
            return Taken(book, number, recorded_at, subject, event["entry"], 0, event)
        asset, partner, owner = event.get("asset"), event.get("partner", ""), event["owner"]
        subject = ("", "", partner, owner) if asset is None else (
            asset["type"], asset["id"], partner, owner
        )  # fmt: skip
        return Taken(book, number, recorded_at, subject, 0, event.get("replaces", 0), event)
    except KeyError as error:
        raise UnreadableEntry(book, number, f"it has no {error}") from error


def moment(text: str) -> Microseconds:
    """The microseconds of an instant in its canonical form."""
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


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
        tuple(event["tasks"]),
        event.get("planned_end"),
        None,
        None,
        event.get("partner_name"),
        event["asset"].get("name"),
    )


def _established(event: dict[str, Any]) -> Terms:
    return Terms(
        to_owner=event.get("to_owner"), detail=event["basis"], asset_name=event["asset"].get("name")
    )


def _ended(event: dict[str, Any]) -> Terms:
    return Terms(detail=event["reason"], asset_name=event["asset"].get("name"))


def _partnered(event: dict[str, Any]) -> Terms:
    return Terms(partner_name=event.get("partner_name"), detail=event.get("removed_by"))


def _revoked(_: dict[str, Any]) -> Terms:
    return NO_TERMS


_KINDS: dict[str, tuple[type[EffectiveEvent], Callable[[dict[str, Any]], Terms]]] = {
    kind.TOPIC: (kind, terms_of)
    for kind, terms_of in (
        (PartnerAdded, _partnered),
        (PartnerRemoved, _partnered),
        (OwnershipEstablished, _established),
        (OwnershipTransferred, _established),
        (OwnershipEnded, _ended),
        (AccessGranted, _granted),
        (AccessChanged, _granted),
        (AccessRevoked, _revoked),
    )
}
