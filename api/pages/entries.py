"""Entries in words: what they say, when it happened, when it was recorded, by whom, from where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import Request

from api.pages.asking import Asked, query
from api.pages.matrix import history_of, plural
from api.pages.rendering import asset_address, partner_address
from api.pages.showing import Cell, View
from api.problems import BadRequest
from domain.events import EntryVoided
from domain.instants import format_instant, parse_instant
from domain.levels import level
from projections.answers import AssetRef, EntryList, EntryView, ListedEntry, TimelineEntry
from projections.histories import History
from projections.moments import AsOf

COLUMNS = (
    "entry", "event", "status", "owner", "to_owner", "partner", "asset_type", "asset_id", "tasks",
    "planned_end", "effective_after", "effective_at", "recorded_at", "recorded_by", "source",
    "reference", "authority", "reason", "voids", "replaces", "voided_by", "why",
)  # fmt: skip
FIELDS = (
    "owner", "to_owner", "partner", "asset", "tasks", "planned_end", "basis", "removed_by",
    "reason", "authority", "actor", "source", "entry", "replaces", "effective_at",
    "effective_after",
)  # fmt: skip
"""What the words of an entry may need; most events have a few of them."""
SOURCES = {
    "declared": "stated by whoever recorded it",
    "imported": "imported from a file",
    "observed": "seen at Meta",
    "document": "document",
}
ACTORS = {
    "person": "the person", "system_user": "the system user", "app": "the app", "meta": "Meta",
    "unknown": "somebody unknown",
}  # fmt: skip
_NUMBER = re.compile(r"[1-9][0-9]{0,14}")
# What turns the direction of text is written as JSON may write it, so that no line reads backwards.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Names:
    """What the portfolios and the assets of a book are called, as far as the key may see."""

    book: str
    partners: Mapping[str, str | None]
    assets: Mapping[tuple[str, str], str | None]

    def asset(self, key: tuple[str, str]) -> AssetRef:
        """An asset with its name."""
        return AssetRef(type=key[0], id=key[1], name=self.assets.get(key))


def names_of(history: History) -> Names:
    """The names as a history has them."""
    assets = {(asset.type, asset.id): asset.name for asset in history.assets}
    return Names(history.book, dict(history.partners), assets)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry, and what its words are made of."""

    entry: EntryView
    kind: str
    event: Mapping[str, Any]
    asset: AssetRef | None
    level: str | None
    effective_at: datetime | None
    effective_after: datetime | None

    @property
    def late(self) -> str:
        """How long after it happened it was recorded, where that is a day or more."""
        distance = self.entry.recorded_at - (self.effective_at or self.entry.recorded_at)
        return f"{plural(distance.days, 'day')} later" if distance >= timedelta(days=1) else ""

    @property
    def source(self) -> str:
        """Where the knowledge comes from, in words."""
        source = self.event["source"]
        if source is None:
            return ""
        told: str = SOURCES[source["kind"]]
        return f"{told}: {source['reference']}" if source.get("reference") else told

    @property
    def actor(self) -> str:
        """Who did it at Meta, in words."""
        actor = self.event["actor"]
        return " ".join([ACTORS[actor["kind"]], actor.get("id", "")]).strip() if actor else ""


def told(entry: EntryView, names: Names) -> Told:
    """An entry for its words."""
    event: Mapping[str, Any] = {**dict.fromkeys(FIELDS), **entry.event}
    asset, tasks = event["asset"], event["tasks"]
    return Told(
        entry=entry,
        kind=event["type"].partition("/")[0],
        event=event,
        asset=names.asset((asset["type"], asset["id"])) if asset else None,
        level=level(asset["type"], tuple(tasks)) if tasks is not None else None,
        effective_at=_moment(event["effective_at"]),
        effective_after=_moment(event["effective_after"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def entry_row(entry: TimelineEntry) -> dict[str, Cell]:
    """An entry as a row of a sheet."""
    event: Mapping[str, Any] = entry.event
    asset, source = event.get("asset", {}), event.get("source", {})
    same = ("owner", "to_owner", "partner", "planned_end", "effective_after", "effective_at",
            "authority", "reason", "replaces")  # fmt: skip
    return {
        **{name: event.get(name) for name in same},
        "entry": entry.number,
        "event": event["type"].partition("/")[0],
        "status": entry.status,
        "asset_type": asset.get("type"),
        "asset_id": asset.get("id"),
        "asset_name": asset.get("name"),
        "partner_name": event.get("partner_name"),
        "tasks": " ".join(event.get("tasks", ())) or None,
        "recorded_at": format_instant(entry.recorded_at),
        "recorded_by": entry.recorded_by,
        "source": source.get("kind"),
        "reference": source.get("reference"),
        "voids": event.get("entry"),
        "voided_by": entry.voided_by,
        "why": entry.why,
    }


def show(request: Request, asked: Asked) -> View:
    """One entry of the book: in words, and as it is stored."""
    clocks = asked.clocks()
    known = clocks.known_at.entry
    number = request.path_params["number"]
    entry = _read(asked, number, known)
    names = names_of(history_of(request, asked, known))
    subject = _subject(asked, entry, known)
    about = _timeline(asked, subject, AsOf(at=clocks.at, known_at=known))
    found = next((item for item in about if item.number == entry.number), None)
    if found is None:
        raise _unknown(asked, number, known)
    said = told(found, names)
    return View(
        answer=lambda: EntryList(book=asked.book, known_at=clocks.known_at, entries=(entry,)),
        rows=lambda: [entry_row(found)],
        columns=COLUMNS,
        clocks=clocks,
        template="entry.html",
        context={
            "names": names,
            "told": said,
            "subject": _address(asked.book, subject),
            "position": entry.position,
            "raw": raw(entry),
            "before": query(at=asked.at, known_at=str(entry.number - 1)),
            "after": query(at=asked.at, known_at=entry.recorded_at),
        },
    )


def raw(entry: ListedEntry) -> str:
    """An entry as the API gives it, to be read."""
    text = orjson.dumps(entry.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode()
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _read(asked: Asked, number: str, known: int) -> ListedEntry:
    """The entry with a number. Raises BadRequest where there is none that the key may see."""
    if not _NUMBER.fullmatch(number):
        raise _unknown(asked, number, known)
    wanted = int(number)
    entries = asked.questions.entries(asked.book, after=wanted - 1, known_at=known, limit=1).entries
    if not entries or entries[0].number != wanted:
        raise _unknown(asked, number, known)
    return entries[0]


def _unknown(asked: Asked, number: str, known: int) -> BadRequest:
    why = (
        f"book {asked.book} shows no entry {number[:20]!r} as known at entry {known}; "
        "ask as known later, or look at a timeline, which lists its entries"
    )
    return BadRequest(404, "unknown-entry", why)


def _subject(asked: Asked, entry: ListedEntry, known: int) -> Mapping[str, Any]:
    """The event that the entry is about: its own, or what a void leaves out."""
    event: Mapping[str, Any] = entry.event
    while event["type"] == EntryVoided.TOPIC:
        event = _read(asked, str(event["entry"]), known).event
    return event


def _address(book: str, event: Mapping[str, Any]) -> str:
    if asset := event.get("asset"):
        return asset_address(book, asset["type"], asset["id"])
    return partner_address(book, event["partner"])


def _timeline(asked: Asked, event: Mapping[str, Any], as_of: AsOf) -> tuple[TimelineEntry, ...]:
    if asset := event.get("asset"):
        key = (asset["type"], asset["id"])
        return asked.questions.asset_timeline(asked.book, key, as_of).entries
    return asked.questions.partner_timeline(asked.book, event["partner"], as_of).entries
