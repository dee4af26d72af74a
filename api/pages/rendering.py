"""Templates and what they may call; every value is escaped on its way in."""

import hashlib
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from domain.instants import format_instant, from_microseconds
from keys.key import Key

HERE = Path(__file__).parent
STATIC = HERE / "static"
ROOT = "/pages"
MICROSECOND = timedelta(microseconds=1)

TYPES = {
    "page": "Pages",
    "ad_account": "Ad accounts",
    "dataset": "Datasets",
    "catalog": "Catalogs",
    "instagram_account": "Instagram accounts",
    "whatsapp_account": "WhatsApp accounts",
    "offline_event_set": "Offline event sets",
    "app": "Apps",
}
LEVELS = {
    "full_control": ("F", "full control"),
    "partial": ("P", "partial access"),
    "none": ("N", "no tasks"),
    "unspecified": ("U", "level not specified"),
}
CAUSES = {
    "access_revoked": "access revoked",
    "access_changed": "access changed",
    "partner_removed": "partner removed",
    "ownership_changed": "the asset changed owner",
    "ownership_ended": "the owner gave the asset up",
    "asset_deleted": "the asset was deleted",
}

REMOVERS = {"owner": "the owner", "partner": "the partner itself", "meta": "Meta"}


def type_name(asset_type: str) -> str:
    """A type of assets in the plural as people say it; one that is not known as it came."""
    return TYPES.get(asset_type, asset_type)


def kind_name(asset_type: str) -> str:
    """A type of assets in the singular."""
    return TYPES[asset_type].removesuffix("s") if asset_type in TYPES else asset_type


def asset_address(book: str, type: str, id: str) -> str:
    """Where the timeline of an asset is."""
    return f"{ROOT}/{book}/assets/{quote(type, safe='')}/{quote(id, safe='')}/timeline"


def partner_address(book: str, partner: str) -> str:
    """Where the timeline of a partner is."""
    return f"{ROOT}/{book}/partners/{quote(partner, safe='')}/timeline"


def here(request: Request) -> str:
    """The address that was asked for, as it goes into a link."""
    query = request.url.query
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


def cause_name(cause: str) -> str:
    """Why a window closed, in words."""
    return CAUSES.get(cause, cause.replace("_", " "))


def remover_name(who: str | None) -> str:
    """Who ended a partnership, in words; nothing where that is not known."""
    return REMOVERS.get(who or "", "")


def moment_text(moment: datetime | int) -> str:
    """A moment for people, in UTC; seconds and their parts only where there are any.

    A microsecond after a look is where what it saw is no longer certain.
    """
    if isinstance(moment, int):
        moment = from_microseconds(moment)
    if moment.microsecond == 1 and not moment.second:
        return f"{moment.day} {moment:%b %Y, just after %H:%M}"
    text = f"{moment.day} {moment:%b %Y, %H:%M}"
    if moment.microsecond:
        text += f":{moment:%S.%f}".rstrip("0")
    elif moment.second:
        text += f":{moment:%S}"
    return text


def moment_tag(moment: datetime | int) -> Markup:
    """A moment as an element that a script can put into the reader's zone."""
    if isinstance(moment, int):
        moment = from_microseconds(moment)
    # Both are digits, letters and signs that need no escaping.
    told = f'<time datetime="{format_instant(moment)}">{moment_text(moment)} UTC</time>'
    return Markup(told)  # noqa: S704 - see above


def edge_tag(earliest: datetime) -> Markup:
    """From when on a change may have happened: mostly just after the old state was seen."""
    seen = earliest - MICROSECOND
    if seen.microsecond == 0:
        return Markup("after {}").format(moment_tag(seen))
    return Markup("not before {}").format(moment_tag(earliest))


@lru_cache(maxsize=16)
def static_url(name: str) -> str:
    """The address of a shipped file, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{ROOT}/static/{name}?v={digest}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        moment=moment_tag,
        moment_text=moment_text,
        type_name=type_name,
        kind_name=kind_name,
        edge=edge_tag,
        cause=cause_name,
        remover=remover_name,
    )
    environment.globals.update(
        static=static_url,
        LEVELS=LEVELS,
        root=ROOT,
        asset_address=asset_address,
        partner_address=partner_address,
    )
    return environment


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page."""
    key: Key | None = getattr(request.state, "key", None)
    content = _environment().get_template(template).render(key=key, status=status, **context)
    return Response(content, status, media_type="text/html; charset=utf-8")
