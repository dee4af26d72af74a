"""The parameters of the routes, read strictly and described for the OpenAPI document."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import ValidationError

from api.doors import key_of, questions_for
from api.plans import PlannedRoute
from api.problems import BadRequest, invalid
from bootstrap.services import Services
from bootstrap.settings import Settings
from domain.describing import describe
from domain.instants import parse_instant
from domain.values import (
    ASSET_ID_PATTERN,
    ASSET_TYPE_PATTERN,
    PORTFOLIO_PATTERN,
    AssetKey,
)
from keys.key import Key
from projections.moments import AsOf

DEFAULT_PAGE = 200

_INSTANT = {"type": "string", "format": "date-time"}


async def served(request: Request) -> Services:
    """The ledger that the app serves, for routes without a key."""
    services: Services = request.app.state.services
    return services


def settings_of(request: Request) -> Settings:
    """The settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def services_of(request: Request) -> Services:
    """The ledger as the key sees it: its questions answer with what the key may see."""
    services: Services = request.app.state.services
    questions = questions_for(request)
    return services if questions is services.questions else replace(services, questions=questions)


async def only_known(request: Request) -> None:
    """Refuse a query parameter that the route does not have: a typo must not change a question."""
    if not request.query_params:
        return
    route: PlannedRoute = request.scope["route"]
    known = route.query_names
    if unknown := sorted(set(request.query_params) - known):
        raise BadRequest(
            422,
            "unknown-parameter",
            f"{', '.join(unknown)} is not a parameter here; "
            f"there is: {', '.join(sorted(known)) or 'none'}",
        )
    given = [name for name, _ in request.query_params.multi_items()]
    if repeated := sorted({name for name in given if given.count(name) > 1}):
        raise BadRequest(
            422,
            "repeated-parameter",
            f"{', '.join(repeated)} is given more than once; give it once",
        )


def instant(name: str, text: str) -> datetime:
    """A moment, or 422 with what is wrong."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadRequest(422, "bad-time", f"{name}: {error}") from error


def known(name: str, text: str) -> datetime | int:
    """A state of knowledge: an entry number, or an instant."""
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    try:
        return instant(name, text)
    except BadRequest as error:
        raise BadRequest(422, "bad-time", f"{error}, or give the number of an entry") from None


At = Annotated[
    str | None,
    Query(
        description="The effective time asked about: RFC 3339 with an offset. Defaults to now.",
        openapi_examples={"a day": {"value": "2026-06-30T00:00:00Z"}},
        json_schema_extra=_INSTANT,
    ),
]
KnownAt = Annotated[
    str | None,
    Query(
        description="The state of knowledge: an entry number of the book, or an instant. "
        "Defaults to the newest entry.",
        openapi_examples={"an entry": {"value": "12"}},
    ),
]
During = Annotated[
    str | None,
    Query(
        description="A half-open period FROM/TO of two RFC 3339 times, instead of at.",
        openapi_examples={"a month": {"value": "2026-06-01T00:00:00Z/2026-07-01T00:00:00Z"}},
    ),
]


async def as_of(at: At = None, known_at: KnownAt = None) -> AsOf:
    """Both clocks of a question."""
    return AsOf(
        at=None if at is None else instant("at", at),
        known_at=None if known_at is None else known("known_at", known_at),
    )


async def period(during: During = None) -> tuple[datetime, datetime] | None:
    """The period of a question."""
    if during is None:
        return None
    start, slash, end = during.partition("/")
    if not slash:
        raise BadRequest(422, "bad-time", f"during: {during!r} is not FROM/TO; write two times")
    return instant("during", start), instant("during", end)


Book = Annotated[
    str,
    Path(
        description="The portfolio whose record it is.",
        pattern=PORTFOLIO_PATTERN,
        openapi_examples={"a brand": {"value": "506914307656634"}},
    ),
]
Partner = Annotated[
    str,
    Path(
        pattern=PORTFOLIO_PATTERN,
        description="The partner's portfolio id.",
        openapi_examples={"an agency": {"value": "563920174410288"}},
    ),
]


async def asset_key(
    type: Annotated[
        str,
        Path(
            description="Such as page or ad_account.",
            pattern=ASSET_TYPE_PATTERN,
            openapi_examples={"a page": {"value": "page"}},
        ),
    ],
    id: Annotated[
        str,
        Path(
            description="Its id; ad accounts without act_.",
            pattern=ASSET_ID_PATTERN,
            openapi_examples={"a page": {"value": "104857600219483"}},
        ),
    ],
) -> tuple[str, str]:
    """The asset that the path names."""
    try:
        return AssetKey(type=type, id=id).key
    except ValidationError as error:
        raise invalid(describe(error)) from error


Asset = Annotated[tuple[str, str], Depends(asset_key)]
Ledger = Annotated[Services, Depends(services_of)]
Served = Annotated[Services, Depends(served)]
Knocking = Annotated[Key, Depends(key_of)]
Moments = Annotated[AsOf, Depends(as_of)]
Period = Annotated[tuple[datetime, datetime] | None, Depends(period)]


async def page_size(
    request: Request,
    limit: Annotated[
        int | None,
        Query(
            ge=1,
            le=1000,
            description=f"How many items a page holds; {DEFAULT_PAGE} if it is not said.",
            openapi_examples={"a page": {"value": 200}},
        ),
    ] = None,
) -> int:
    """How many items a page holds, within what the server allows."""
    most = settings_of(request).max_page
    if limit is not None and limit > most:
        raise BadRequest(
            422,
            "page-too-large",
            f"limit {limit} is more than a page may hold here, which is {most} "
            "(ACCESS_LEDGER_MAX_PAGE); ask for that many, and follow next_cursor",
        )
    return limit or min(DEFAULT_PAGE, most)


Limit = Annotated[int, Depends(page_size)]
PageCursor = Annotated[
    str | None,
    Query(
        description="next_cursor of the page before. It holds the moments of the walk.",
        max_length=500,
    ),
]
