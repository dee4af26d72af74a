"""Timelines: everything that is recorded of an asset or of a partner, as bars, tables and words."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from api.pages.asking import Asked, query
from api.pages.bars import Scale, Strip, bars_of, gap_before, gaps_of, look, scale_of
from api.pages.entries import COLUMNS as ENTRY_COLUMNS
from api.pages.entries import Names, entry_row, names_of, told
from api.pages.matrix import COLUMNS as WINDOW_COLUMNS
from api.pages.matrix import history_of, holding_row, window_row
from api.pages.ownership import owned_by
from api.pages.parts import Part, first_of, newest_of
from api.pages.proving import of_asset, of_partner
from api.pages.rendering import LEVELS, asset_address, partner_address
from api.pages.showing import Cell, View
from api.problems import BadRequest
from domain.describing import describe
from domain.instants import to_microseconds
from domain.values import PORTFOLIO_PATTERN, AssetKey
from projections.answers import (
    AssetTimeline,
    Episode,
    Holding,
    Ownership,
    PartnerTimeline,
    TimelineEntry,
    Window,
)
from projections.moments import AsOf, Clocks, UnknownPartner

COLUMNS = (
    "section", *WINDOW_COLUMNS, "detail", "removed_by",
    *(name for name in ENTRY_COLUMNS if name not in WINDOW_COLUMNS),
)  # fmt: skip
Group = TypeVar("Group", bound=Hashable)
OWN = "this book\u2019s own portfolio"
OWNERS = {
    "book": ("own", f"{OWN},"),
    "partner": ("inverted", "a partner,"),
    "other": ("other", "another portfolio,"),
}


def show_asset(request: Request, asked: Asked) -> View:
    """Everything about one asset, and who has access to it at the moment."""
    asset = asset_of(request)
    clocks = asked.clocks()
    as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    timeline = asked.questions.asset_timeline(asked.book, asset, as_of)
    names = names_of(history_of(request, asked, clocks.known_at.entry))
    then = asked.questions.who_had_access(asked.book, asset, as_of)
    onward = query(at=asked.at, known_at=asked.known_at)
    scale = _scale(clocks, [*timeline.windows, *timeline.ownerships])
    return View(
        answer=lambda: timeline,
        rows=lambda: [
            *map(ownership_row, timeline.ownerships),
            *rows_of(timeline.windows, timeline.entries),
        ],
        columns=COLUMNS,
        clocks=clocks,
        template="asset.html",
        context={
            **_shared(request, timeline, names, scale, clocks, then.holders),
            "asset": names.asset(asset),
            "then": then,
            "owners_then": [item for item in timeline.ownerships if _covers(item.window, clocks)],
            "kind_of": lambda item: owned_by(item, asked.book, dict(names.partners)),
            "holders": first_of(request, then.holders),
            "first_strips": [_owners(scale, asked.book, timeline, names)],
            "strips": _partners(request, scale, asked.book, timeline, names, then.holders, onward),
        },
        evidence=of_asset(asked, asset),
    )


def show_partner(request: Request, asked: Asked) -> View:
    """Everything about one partner, and what it has access to at the moment."""
    partner = request.path_params["partner"]
    if not re.fullmatch(PORTFOLIO_PATTERN, partner):
        raise UnknownPartner(asked.book, partner[:80])
    clocks = asked.clocks()
    as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    timeline = asked.questions.partner_timeline(asked.book, partner, as_of)
    names = names_of(history_of(request, asked, clocks.known_at.entry))
    then = asked.questions.what_could(asked.book, partner, as_of)
    owned = asked.questions.ownership_at(asked.book, as_of).ownerships
    onward = query(at=asked.at, known_at=asked.known_at)
    scale = _scale(clocks, [*timeline.windows, *timeline.episodes])
    return View(
        answer=lambda: timeline,
        rows=lambda: [
            *map(episode_row, timeline.episodes),
            *rows_of(timeline.windows, timeline.entries),
        ],
        columns=COLUMNS,
        clocks=clocks,
        template="partner.html",
        context={
            **_shared(request, timeline, names, scale, clocks, then.holdings),
            "partner": partner,
            "partner_name": names.partners.get(partner),
            "then": then,
            "owned": [item for item in owned if item.owner == partner],
            "holdings": first_of(request, then.holdings),
            "first_strips": list(_episodes(scale, asked.book, timeline, names)),
            "strips": _assets(request, scale, asked.book, timeline, names, then.holdings, onward),
        },
        evidence=of_partner(partner),
    )


def asset_of(request: Request) -> tuple[str, str]:
    """The asset that the address names. Raises BadRequest."""
    try:
        return AssetKey(type=request.path_params["type"], id=request.path_params["id"]).key
    except ValidationError as error:
        why = f"no asset can be called this: {describe(error)}"
        raise BadRequest(404, "unknown-asset", why) from error


def _scale(clocks: Clocks, spans: Iterable[Holding | Ownership | Episode]) -> Scale:
    recorded = clocks.known_at.recorded_at
    return scale_of(
        (item.window for item in spans),
        to_microseconds(clocks.at),
        None if recorded is None else to_microseconds(recorded),
    )


def _shared(
    request: Request,
    timeline: AssetTimeline | PartnerTimeline,
    names: Names,
    scale: Scale,
    clocks: Clocks,
    open_then: Sequence[Holding],
) -> dict[str, Any]:
    others = timeline.ownerships if isinstance(timeline, AssetTimeline) else timeline.episodes
    part = newest_of(request, timeline.entries)
    changes = changes_of(item.window for item in (*timeline.windows, *others))
    known = str(clocks.known_at.entry)
    return {
        "before": max((at for at in changes if at < clocks.at), default=None),
        "after": min((at for at in changes if at > clocks.at), default=None),
        "step": lambda at: query(at=at, known_at=known),
        "timeline": timeline,
        "windows": first_of(request, timeline.windows),
        "names": names,
        "scale": scale,
        "as_of_x": scale.share(to_microseconds(clocks.at)),
        "certainties": {_line(item): item.certainty for item in open_then},
        "line": _line,
        "entries": Part([told(entry, names) for entry in part.rows], part.total, part.which),
    }


def changes_of(windows: Iterable[Window]) -> set[datetime]:
    """The moments at which something begins or ends, or may."""
    ends = {
        at
        for window in windows
        for at in (window.from_earliest, window.from_, window.to_earliest, window.to)
    }
    return {at for at in ends if at is not None}


def _line(item: Holding) -> tuple[str, str, str, int]:
    return (item.partner, item.asset.type, item.asset.id, item.window.opened_by)


def _covers(window: Window, clocks: Clocks) -> bool:
    return window.from_earliest <= clocks.at and (window.to is None or clocks.at < window.to)


# --- the bars


def _owners(scale: Scale, book: str, timeline: AssetTimeline, names: Names) -> Strip:
    """Who owned the asset when."""
    bars = []
    for item in timeline.ownerships:
        kind = owned_by(item, book, dict(names.partners))
        if item.owner is not None:
            name, said = OWNERS[kind]
            text = names.partners.get(item.owner) or item.owner
            style = look(name, text, f"owned by {said} {text}")
        elif item.detail == "asset_deleted":
            style = look("deleted", "deleted", "deleted")
        else:
            continue
        bars += bars_of(scale, item.window, style)
    gaps = gaps_of(scale, book, timeline.ownerships, own_access=True)
    return Strip(None, "", "", "Owner", tuple(bars), gaps)


def _partners(
    request: Request,
    scale: Scale,
    book: str,
    timeline: AssetTimeline,
    names: Names,
    then: Sequence[Holding],
    onward: str,
) -> Part[Strip]:
    """Each partner's access to the asset; those that have it at the moment first."""
    first = {item.partner for item in then}
    windows = _grouped(timeline.windows, lambda item: item.partner)
    part = first_of(request, sorted(windows, key=lambda partner: partner not in first))
    strips = [
        Strip(
            names.partners.get(partner),
            partner,
            f"{partner_address(book, partner)}{onward}",
            "",
            _access(scale, windows[partner]),
            gaps_of(scale, book, timeline.ownerships, own_access=partner == book),
        )
        for partner in part.rows
    ]
    return Part(strips, part.total)


def _episodes(scale: Scale, book: str, timeline: PartnerTimeline, names: Names) -> Iterator[Strip]:
    """When the partner was one, of this book's portfolio and of others."""
    for owner in dict.fromkeys(item.owner for item in timeline.episodes):
        found = [item for item in timeline.episodes if item.owner == owner]
        of = OWN if owner == book else names.partners.get(owner) or owner
        style = look("own", "partner", f"partner of {of}")
        bars = [bar for item in found for bar in bars_of(scale, item.window, style)]
        gaps = gap_before(scale, [item.window for item in found])
        yield Strip(None, "", "", f"Partner of {of}", tuple(bars), gaps)


def _assets(
    request: Request,
    scale: Scale,
    book: str,
    timeline: PartnerTimeline,
    names: Names,
    then: Sequence[Holding],
    onward: str,
) -> Part[Strip]:
    """The partner's access to each asset; what is open at the moment first."""
    first = {_key(item) for item in then}
    windows = _grouped(timeline.windows, _key)
    named = sorted((key not in first, key[0], names.assets.get(key) or "", key) for key in windows)
    part = first_of(request, [key for *_, key in named])
    strips = [
        Strip(
            names.assets.get(key),
            key[1],
            f"{asset_address(book, *key)}{onward}",
            "",
            _access(scale, windows[key]),
        )
        for key in part.rows
    ]
    return Part(strips, part.total)


def _key(item: Holding) -> tuple[str, str]:
    return (item.asset.type, item.asset.id)


def _grouped(
    windows: Iterable[Holding], by: Callable[[Holding], Group]
) -> dict[Group, list[Holding]]:
    """Windows by partner or by asset, in the order in which these come."""
    found: dict[Group, list[Holding]] = {}
    for item in windows:
        found.setdefault(by(item), []).append(item)
    return found


def _access(scale: Scale, windows: Iterable[Holding]) -> tuple[Any, ...]:
    found = []
    for item in windows:
        letter, words = LEVELS[item.level]
        found += bars_of(scale, item.window, look(letter.lower(), letter, words))
    return tuple(found)


# --- the sheet


def rows_of(
    windows: Iterable[Holding], entries: Iterable[TimelineEntry]
) -> Iterator[dict[str, Cell]]:
    """Windows and entries as rows of a sheet."""
    yield from ({"section": "window", **holding_row(item)} for item in windows)
    yield from ({"section": "entry", **entry_row(entry)} for entry in entries)


def ownership_row(item: Ownership) -> dict[str, Cell]:
    """An ownership as a row of a sheet."""
    return {
        "section": "ownership",
        "asset_type": item.asset.type,
        "asset_id": item.asset.id,
        "asset_name": item.asset.name,
        "owner": item.owner,
        "detail": item.detail,
        "certainty": item.certainty,
        **window_row(item.window),
    }


def episode_row(item: Episode) -> dict[str, Cell]:
    """A partnership as a row of a sheet."""
    return {
        "section": "partnership",
        "owner": item.owner,
        "partner": item.partner,
        "partner_name": item.partner_name,
        "removed_by": item.removed_by,
        "certainty": item.certainty,
        **window_row(item.window),
    }
