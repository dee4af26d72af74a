"""What concerns a partner, said plainly; and books in which all that is about others is another."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count, pairwise
from random import Random
from typing import Any

from pydantic import BaseModel

from bootstrap.services import Services
from domain.entry import Entry
from domain.events import AnyEvent, EntryVoided, OwnershipEvent, PartnerAdded, type_of
from domain.instants import from_microseconds
from domain.judging import replacing_void_id
from domain.plain_reading import read_plainly
from ledger.stored_bytes import event_fields, to_stored
from projections.moments import AsOf, BadQuestion
from projections.questions import Questions
from tests.histories import ASSETS, OWNER, PaperBook

AssetKey = tuple[str, str]

HUSH = "hush"
"""Stands in every text of the disguises; in no answer to the partner."""
STRANGERS = ("66600001", "66600002", "66600003")
"""The portfolios that the disguises are about."""
NOWHERE = ("page", "59999")
"""An asset that no book holds."""
ALL_ASSETS = [*(asset.key for asset in ASSETS.values()), NOWHERE]

_books = count(41_000_000)


def ends_of(entries: Sequence[Entry]) -> list[int]:
    """The last entry of each append."""
    return list({entry.recorded_at: entry.number for entry in entries}.values())


class Concerns:
    """What concerns a partner in a book as known at an entry."""

    def __init__(self, entries: Sequence[Entry], partner: str, known: int) -> None:
        self.partner = partner
        believed = [entry for entry in entries if entry.number <= known]
        self._by_number = {entry.number: entry for entry in believed}
        self.assets: set[AssetKey] = {
            event.asset.key
            for event in (entry.event for entry in believed)
            if getattr(event, "partner", None) == partner and hasattr(event, "asset")
        }
        owning = [e for e in believed if isinstance(e.event, OwnershipEvent | EntryVoided)]
        if any(partner in {_owner(e.event), _to_owner(e.event)} for e in owning):
            for end in ends_of(believed):
                for asset, span in read_plainly("", believed, end).ownerships:
                    if span.owner == partner:
                        self.assets.add(asset)
        self.numbers = [entry.number for entry in believed if self._is_its(entry.event)]

    def _is_its(self, event: AnyEvent) -> bool:
        if isinstance(event, EntryVoided):
            return self._is_its(self._by_number[event.entry].event)
        if isinstance(event, OwnershipEvent):
            return event.asset.key in self.assets
        return event.partner == self.partner

    def veiled(self) -> set[int]:
        """The voids that are its own, and whose words come from a fact about others."""
        found = set()
        for number in self.numbers:
            void, following = self._by_number[number].event, self._by_number.get(number + 1)
            if isinstance(void, EntryVoided) and following:
                brought = void.id == replacing_void_id(following.event.id)
                if brought and not self._is_its(following.event):
                    found.add(number)
        return found


def _owner(event: Any) -> str | None:
    return getattr(event, "owner", None)


def _to_owner(event: Any) -> str | None:
    return getattr(event, "to_owner", None)


# --- books


def appends_of(entries: Iterable[Entry]) -> list[list[AnyEvent]]:
    """The events, append by append."""
    found: dict[datetime, list[AnyEvent]] = {}
    for entry in entries:
        found.setdefault(entry.recorded_at, []).append(entry.event)
    return list(found.values())


def kept(services: Services, appends: Sequence[Sequence[AnyEvent]]) -> PaperBook:
    """A book of its own in which these events of the book of OWNER are written, unjudged."""
    book = str(next(_books))
    paper = PaperBook(book)
    for events in appends:
        paper.write(_told_of(events, book))
        stored = [to_stored(entry) for entry in paper.appends[-1]]
        services.database.recorder.append(stored, clock=datetime.now(UTC))
    return paper


def _told_of(events: Sequence[AnyEvent], book: str) -> Iterator[AnyEvent]:
    for event in events:
        fields = event.model_dump(mode="json", exclude_none=True)
        told = json.loads(json.dumps(fields).replace(f'"{OWNER}"', f'"{book}"'))
        yield type(event).model_validate(told)


def corrected_into_others(
    appends: list[list[AnyEvent]], entries: Sequence[Entry], partner: str, chance: Random
) -> list[list[AnyEvent]]:
    """The book with one more append: an entry of the partner's is replaced by one about others."""
    voided = {entry.event.entry for entry in entries if isinstance(entry.event, EntryVoided)}
    its = set(Concerns(entries, partner, len(entries)).numbers) - voided
    if not its:
        return appends
    target, right = chance.choice(sorted(its)), f"{HUSH}-right"
    made: list[AnyEvent] = [
        EntryVoided(
            id=replacing_void_id(right), book=OWNER, entry=target, reason=f"replaced by {right}"
        ),
        PartnerAdded(
            id=right, owner=OWNER, partner=STRANGERS[0], replaces=target,
            effective_at=entries[-1].recorded_at, reason=f"{HUSH} meant",
        ),
    ]  # fmt: skip
    return [*appends, made]


def disguised(entries: Sequence[Entry], partner: str, chance: Random) -> list[list[AnyEvent]]:
    """The same book for the partner, in which every entry about others is about other others.

    Numbers, appends, and which entry voids or replaces which stay as they are.
    """
    mine = Concerns(entries, partner, len(entries))
    shown, veiled = set(mine.numbers), mine.veiled()
    ids: dict[int, str] = {e.number: e.event.id for e in entries}
    for number in ids.keys() - shown:
        ids[number] = f"{HUSH}-{number}"
    for entry in entries:  # a void that a replacement brought is named after it
        following = ids.get(entry.number + 1)
        was = entries[entry.number].event.id if entry.number < len(entries) else ""
        if following and entry.event.id == replacing_void_id(was):
            ids[entry.number] = replacing_void_id(following)
    appends: dict[datetime, list[AnyEvent]] = {}
    for entry in entries:
        fields = event_fields(entry) | {"id": ids[entry.number]}
        if entry.number in veiled:
            fields |= {"reason": f"{HUSH} {chance.random()}", "authority": f"{HUSH} order"}
        elif entry.number not in shown:
            fields = _about_others(fields, mine.assets, chance)
        event: Any = type_of[fields.pop("type")].model_validate(fields)
        appends.setdefault(entry.recorded_at, []).append(event)
    return list(appends.values())


def _about_others(
    fields: dict[str, Any], its_assets: set[AssetKey], chance: Random
) -> dict[str, Any]:
    """An event that the partner is not shown, as another one that it is not shown."""
    fields |= {"authority": f"{HUSH} contract", "actor": {"kind": "person", "id": HUSH}}
    if fields["type"] == EntryVoided.TOPIC:
        return {**fields, "reason": f"{HUSH} {chance.random()}"}
    kept: dict[str, Any] = {
        name: fields[name] for name in ("id", "effective_at", "replaces") if name in fields
    }
    kept |= {"authority": f"{HUSH} contract"}
    owner, stranger, other = chance.sample([OWNER, *STRANGERS], 3)
    elsewhere = {"type": "page", "id": chance.choice(("666", "6667", "66678")) + "00"}
    pair = {"owner": owner, "partner": stranger if stranger != OWNER else other}
    pair |= {"partner_name": f"{HUSH} agency", "reason": f"{HUSH} reason"}
    asset = {**elsewhere, "name": f"{HUSH} page"}
    on_its = [{"type": type, "id": id, "name": f"{HUSH} name"} for type, id in sorted(its_assets)]  # noqa: A001 - they are so named
    line = {**pair, "asset": chance.choice([asset, *on_its])}
    return chance.choice([
        {"type": "partner-added/v1", **kept, **pair},
        {"type": "partner-removed/v1", **kept, **pair, "removed_by": "meta"},
        {"type": "ownership-established/v1", **kept, "asset": asset, "owner": owner,
         "basis": "claimed", "reason": f"{HUSH} reason"},
        {"type": "ownership-transferred/v1", **kept, "asset": asset, "owner": owner,
         "to_owner": stranger, "basis": "claimed"},
        {"type": "access-granted/v1", **kept, **line, "tasks": [HUSH.upper()],
         "planned_end": "2026-06-30"},
        {"type": "access-changed/v1", **kept, **line, "tasks": [HUSH.upper(), "MANAGE"]},
        {"type": "access-revoked/v1", **kept, **line},
    ])  # fmt: skip


# --- everything that is answered


def told(answer: BaseModel | None, book: str) -> bytes:
    """An answer as bytes, whatever the book is called."""
    return b"" if answer is None else answer.model_dump_json().replace(book, "BOOK").encode()


def everything(
    ask: Questions, book: str, partner: str, knowns: Sequence[int], moments: Sequence[int]
) -> Iterator[tuple[str, bytes]]:
    """Every answer, with what was asked, as known at some entries, at some moments."""
    for known in knowns:
        for at in moments:
            as_of = AsOf(at=from_microseconds(at), known_at=known)
            for name, answer in _at(ask, book, partner, as_of):
                yield f"{name} {at} as known at {known}", told(answer, book)
        for name, walk in _walks(ask, book, known, moments[0]):
            yield f"{name} as known at {known}", walk
    for before, after in pairwise(knowns):
        one, other = (AsOf(at=from_microseconds(moments[0]), known_at=n) for n in (before, after))
        yield f"diff {before} {after}", told(ask.changes_between(book, one, other), book)
    for since, until in pairwise(moments):
        one, other = (AsOf(at=from_microseconds(m), known_at=knowns[-1]) for m in (since, until))
        yield f"diff {since} {until}", told(ask.changes_between(book, one, other), book)


def _at(ask: Questions, book: str, partner: str, as_of: AsOf) -> Iterator[tuple[str, BaseModel]]:
    assert as_of.at is not None
    during = (as_of.at, from_microseconds(_micros(as_of.at) + 3))
    then = AsOf(known_at=as_of.known_at)
    for asset in ALL_ASSETS:
        yield f"who {asset}", ask.who_had_access(book, asset, as_of)
        yield f"who {asset} during", ask.who_had_access(book, asset, then, during=during)
        yield f"line {asset}", ask.what_could_on(book, asset, partner, as_of)
        yield f"owner {asset}", ask.owner_at(book, asset, as_of)
        yield f"timeline {asset}", ask.asset_timeline(book, asset, as_of)
    yield "what", ask.what_could(book, partner, as_of)
    yield "what during", ask.what_could(book, partner, then, during=during)
    yield "timeline", ask.partner_timeline(book, partner, as_of)
    yield "offboard", ask.offboarding_report(book, partner, as_of)
    yield "matrix", ask.matrix_at(book, as_of)
    yield "ownership", ask.ownership_at(book, as_of)
    yield "partners", ask.partners(book, as_of)


def _micros(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)


def _walks(ask: Questions, book: str, known: int, at: int) -> Iterator[tuple[str, bytes]]:
    """Lists, page by page, with their cursors; positions are those of the whole ledger."""
    as_of = AsOf(at=from_microseconds(at), known_at=known)
    lists: dict[str, Any] = {
        "entries": lambda **page: ask.entries(book, **page),
        "anomalies": lambda **page: ask.anomalies(book, **page),
        "matrix": lambda **page: ask.matrix_at(book, page.pop("as_of", as_of), **page),
        "ownership": lambda **page: ask.ownership_at(book, page.pop("as_of", as_of), **page),
        "partners": lambda **page: ask.partners(book, page.pop("as_of", as_of), **page),
    }
    for name, pages in lists.items():
        first = {"known_at": known} if name in {"entries", "anomalies"} else {}
        page, found = pages(limit=2, **first), []
        while True:
            fields = json.loads(page.model_dump_json())
            fields["next_cursor"] = bool(page.next_cursor)
            for entry in fields.get("entries", ()):
                entry.pop("position", None)
            if name in {"entries", "anomalies"}:
                fields.pop("at", None)
            found.append(json.dumps(fields).replace(book, "BOOK"))
            if page.next_cursor is None:
                break
            again = {} if first else {"as_of": AsOf()}
            page = pages(limit=2, cursor=page.next_cursor, **again)
        yield name, "\n".join(found).encode()


def cursors_of(ask: Questions, book: str) -> dict[str, str]:
    """A cursor of each list that has more than one page."""
    pages: dict[str, BaseModel] = {
        "entries": ask.entries(book, limit=1),
        "anomalies": ask.anomalies(book, limit=1),
        "matrix": ask.matrix_at(book, limit=1),
        "ownership": ask.ownership_at(book, limit=1),
        "partners": ask.partners(book, limit=1),
    }
    found = {name: getattr(page, "next_cursor", None) for name, page in pages.items()}
    return {name: cursor for name, cursor in found.items() if cursor is not None}


def refuses(ask: Questions, book: str, name: str, cursor: str) -> bool:
    """Whether a list does not take a cursor."""
    lists: dict[str, Any] = {
        "entries": ask.entries, "anomalies": ask.anomalies, "matrix": ask.matrix_at,
        "ownership": ask.ownership_at, "partners": ask.partners,
    }  # fmt: skip
    with suppress(BadQuestion):
        lists[name](book, cursor=cursor, limit=1)
        return False
    return True
