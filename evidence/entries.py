"""Entries: from the stored bytes of one to what it says, read strictly.

The form is `entry/v1` of docs/formats.md: each of the nine events has its own fields, and nothing
that is not of the form passes.
"""

from dataclasses import dataclass
from typing import cast

from evidence.canonical import Json, parse_canonical
from evidence.errors import MalformedEntry
from evidence.instants import is_day, microseconds
from evidence.shapes import (
    MAX_NUMBER,
    Fields,
    Shape,
    is_event_id,
    is_instant,
    is_label,
    is_named_asset,
    is_number,
    is_portfolio,
    is_prose,
    is_tasks,
    is_text,
    matches,
    one_of,
    shown,
)

FORMAT = "entry/v1"

PARTNER_EVENTS = frozenset({"partner-added/v1", "partner-removed/v1"})
OWNERSHIP_EVENTS = frozenset({
    "ownership-established/v1", "ownership-transferred/v1", "ownership-ended/v1",
})  # fmt: skip
ACCESS_EVENTS = frozenset({"access-granted/v1", "access-changed/v1", "access-revoked/v1"})
VOID = "entry-voided/v1"

_printable = matches(r"[!-~]{1,200}")
_actor = Fields(
    {"kind": one_of("person", "system_user", "app", "meta", "unknown")}, {"id": _printable}
)
_source = Fields(
    {"kind": one_of("declared", "imported", "observed", "document")},
    {"reference": is_label, "sha256": matches(r"[0-9a-f]{64}")},
)
_basis = one_of("created", "claimed", "observed", "unknown")

_ANY: dict[str, Shape] = {"type": is_text, "id": is_event_id}
_ANY_PERHAPS: dict[str, Shape] = {
    "replaces": is_number, "actor": _actor, "source": _source, "authority": is_label,
}  # fmt: skip
_EFFECTIVE: dict[str, Shape] = {**_ANY, "effective_at": is_instant}
_EFFECTIVE_PERHAPS: dict[str, Shape] = {**_ANY_PERHAPS, "effective_after": is_instant}
_PAIR: dict[str, Shape] = {**_EFFECTIVE, "owner": is_portfolio, "partner": is_portfolio}
_PAIR_PERHAPS: dict[str, Shape] = {
    **_EFFECTIVE_PERHAPS, "partner_name": is_label, "reason": is_prose,
}  # fmt: skip
_ASSET: dict[str, Shape] = {**_EFFECTIVE, "owner": is_portfolio, "asset": is_named_asset}
_REASONED: dict[str, Shape] = {**_EFFECTIVE_PERHAPS, "reason": is_prose}
_LINE: dict[str, Shape] = {**_PAIR, "asset": is_named_asset}
_PROMISE: dict[str, Shape] = {**_PAIR_PERHAPS, "planned_end": is_day}
_TASKS = Fields({**_LINE, "tasks": is_tasks}, _PROMISE)

_EVENTS: dict[str, Fields] = {
    "partner-added/v1": Fields(_PAIR, _PAIR_PERHAPS),
    "partner-removed/v1": Fields(
        {**_PAIR, "removed_by": one_of("owner", "partner", "meta", "unknown")}, _PAIR_PERHAPS
    ),
    "ownership-established/v1": Fields({**_ASSET, "basis": _basis}, _REASONED),
    "ownership-transferred/v1": Fields(
        {**_ASSET, "basis": _basis, "to_owner": is_portfolio}, _REASONED
    ),
    "ownership-ended/v1": Fields(
        {**_ASSET, "reason": one_of("released", "asset_deleted", "unknown")}, _EFFECTIVE_PERHAPS
    ),
    "access-granted/v1": _TASKS,
    "access-changed/v1": _TASKS,
    "access-revoked/v1": Fields(_LINE, {**_PROMISE, "tasks": is_tasks}),
    VOID: Fields(
        {**_ANY, "book": is_portfolio, "entry": is_number, "reason": is_prose}, _ANY_PERHAPS
    ),
}


def _is_touches(value: object) -> bool:
    return isinstance(value, dict) and all(
        is_number(number, least=0, most=MAX_NUMBER) for number in value.values()
    )


_ENTRY = Fields(
    {
        "format": one_of(FORMAT),
        "book": is_portfolio,
        "number": is_number,
        "recorded_at": is_instant,
        "recorded_by": is_text,
        "event": lambda value: isinstance(value, dict),
        "touches": _is_touches,
    },
    {},
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it is written in a book. `read_entry` gives none that is not well formed."""

    book: str
    number: int
    recorded_at: str
    recorded_by: str
    event: dict[str, Json]
    """The event as it is stored: ``type`` and its fields."""
    touches: dict[str, int]
    """Each subject touched, with the number of the entry that touched it before (0 if none)."""

    @property
    def type(self) -> str:
        """The durable name of the event."""
        return text_of(self.event, "type")

    @property
    def is_void(self) -> bool:
        """Whether the entry voids another."""
        return self.type == VOID

    @property
    def voids(self) -> int:
        """The entry that this one voids, 0 if it voids none."""
        return _number_of(self.event, "entry") if self.is_void else 0

    @property
    def replaces(self) -> int:
        """The entry that this one stands in for, 0 if for none."""
        return _number_of(self.event, "replaces")

    @property
    def recorded(self) -> int:
        """When the ledger wrote it down, in microseconds; shared by the entries of one append."""
        return microseconds(self.recorded_at) or 0

    @property
    def effective_at(self) -> int:
        """When it became true, in microseconds; not of a void."""
        return moment_of(self.event, "effective_at")

    @property
    def earliest(self) -> int:
        """The first moment at which it can have happened: just after the old state was seen."""
        if "effective_after" in self.event:
            return moment_of(self.event, "effective_after") + 1
        return self.effective_at


def read_entry(stored: bytes) -> Entry:
    """The entry that stored bytes hold; NotCanonical or MalformedEntry for any other bytes."""
    value = parse_canonical(stored)
    if wrong := _ENTRY.wrong_with(value, "the entry"):
        raise MalformedEntry(wrong)
    assert isinstance(value, dict)
    entry = Entry(
        book=text_of(value, "book"),
        number=_number_of(value, "number"),
        recorded_at=text_of(value, "recorded_at"),
        recorded_by=text_of(value, "recorded_by"),
        event=cast("dict[str, Json]", value["event"]),
        touches=cast("dict[str, int]", value["touches"]),
    )
    if wrong := _wrong_with_event(entry.event, f"the event of entry {entry.number}"):
        raise MalformedEntry(wrong)
    _require_backwards(entry)
    return entry


def _wrong_with_event(event: dict[str, Json], what: str) -> str | None:
    name = event.get("type")
    fields = _EVENTS.get(name) if isinstance(name, str) else None
    if fields is None:
        return f"{what} is of no type that is known here: {shown(name)}"
    if wrong := fields.wrong_with(event, what):
        return wrong
    if "to_owner" in event and event["to_owner"] == event["owner"]:
        return f"{what} passes an asset on to its owner itself"
    if "tasks" in fields.required and not event["tasks"] and asset_of(event)[0] != "app":
        return f"{what} names no task"
    return None


def _require_backwards(entry: Entry) -> None:
    """An entry speaks of entries of its own book from before it."""
    if entry.is_void and entry.event["book"] != entry.book:
        raise MalformedEntry(f"entry {entry.number} voids an entry of another book")
    named = {"voids": entry.voids, "replaces": entry.replaces}
    for word, number in named.items():
        if number >= entry.number:
            raise MalformedEntry(f"entry {entry.number} {word} entry {number}, which is not older")
    for subject, before in entry.touches.items():
        if before >= entry.number:
            raise MalformedEntry(
                f"entry {entry.number} says of {shown(subject)} that entry {before} touched it "
                "before, which is not older"
            )


def subjects(event: dict[str, Json]) -> tuple[str, ...]:
    """The subjects that an event touches. A void touches those of what it voids: none here."""
    name = event["type"]
    if name == VOID:
        return ()
    if name in PARTNER_EVENTS:
        pair = ":".join(pair_of(event))
        return (f"partner:{pair}", f"episode:{pair}")
    asset = ":".join(asset_of(event))
    if name in OWNERSHIP_EVENTS:
        return (f"asset:{asset}", f"ownership:{asset}")
    pair = ":".join(pair_of(event))
    return (f"asset:{asset}", f"line:{pair}:{asset}", f"partner:{pair}")


def pair_of(event: dict[str, Json]) -> tuple[str, str]:
    """Owner and partner of a partner or access event."""
    return (text_of(event, "owner"), text_of(event, "partner"))


def asset_of(event: dict[str, Json]) -> tuple[str, str]:
    """Type and id of the asset of an ownership or access event."""
    asset = cast("dict[str, Json]", event["asset"])
    return (text_of(asset, "type"), text_of(asset, "id"))


def asset_name(event: dict[str, Json]) -> str | None:
    """The name that the event gives its asset, if any."""
    return optional_text(cast("dict[str, Json]", event["asset"]), "name")


def text_of(fields: dict[str, Json], name: str) -> str:
    """A field that holds text."""
    return cast("str", fields[name])


def optional_text(fields: dict[str, Json], name: str) -> str | None:
    """A field that holds text, None where it is absent."""
    return cast("str | None", fields.get(name))


def tasks_of(event: dict[str, Json]) -> tuple[str, ...]:
    """The tasks that an event names."""
    return tuple(cast("list[str]", event["tasks"]))


def moment_of(fields: dict[str, Json], name: str) -> int:
    """A field that holds a moment, in microseconds."""
    found = microseconds(fields[name])
    assert found is not None
    return found


def _number_of(fields: dict[str, Json], name: str) -> int:
    return cast("int", fields.get(name, 0))
