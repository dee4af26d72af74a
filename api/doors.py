"""The doors: who knocks, and what each role may do. Every route under /v1 goes through one."""

import re
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.running import is_embedded, wait_for
from bootstrap.services import Services
from domain.values import PORTFOLIO_PATTERN
from keys.access_log import EVERY_BOOK, NO_BOOK
from keys.key import OF_THE_WHOLE, Key, NotAllowed, Role
from ledger.store_errors import StoreError
from projections.moments import UnknownBook
from projections.questions import Questions

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    bearerFormat="al_live_ and 43 characters",
    description="A key: access-ledger keys create NAME, or POST /v1/keys.",
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]

EVERY_ROLE = tuple(Role)
OF_A_BOOK = (Role.RECORDER, Role.READER, Role.PARTNER, Role.AUDITOR)
"""Who reads books."""
WATCHED = frozenset({Role.PARTNER, Role.AUDITOR})
"""Whose reads are noted in the access log."""


async def authenticated(request: Request, given: Bearer) -> None:
    """Put the key that knocks into the request's state. Raises NotAuthenticated."""
    services: Services = request.app.state.services
    several = len(request.headers.getlist("authorization")) > 1  # which of them counts is not said
    secret = given.credentials if given and not several else ""
    if is_embedded(services):  # a few microseconds, which a thread would delay
        key = services.keys.authenticate(secret)
    else:
        key = await wait_for(services.keys.authenticate, secret)
    if services.keys.use_is_due(key):
        with suppress(StoreError):  # it is for information, and no reason to turn anybody away
            await wait_for(services.keys.note_use, key)
    request.state.key = key


def key_of(request: Request) -> Key:
    """The key that the request came with."""
    key: Key = request.state.key
    return key


def door(*roles: Role, noted: bool = True) -> Any:
    """A dependency that lets keys of these roles through, to books that they name.

    Raises UnknownBook for another book, as for one that does not exist, and then NotAllowed. The
    reads of partners and auditors are in the access log before they are answered.
    """

    async def go_through(request: Request) -> None:
        key = key_of(request)
        book: str | None = request.path_params.get("book")
        if book is not None and key.role not in OF_THE_WHOLE and book not in key.books:
            raise UnknownBook(book)
        if key.role not in roles:
            raise NotAllowed(key.role, roles)
        if noted and key.role in WATCHED:
            await note(request, "asked", _concerned(key, book), _asked(request))

    return Depends(go_through)


def _asked(request: Request) -> str:
    """What was asked, without a cursor, which may be of another book."""
    given = request.query_params.multi_items()
    given = [(name, value) for name, value in given if name != "cursor"]
    query = f"?{urlencode(given, safe='/:')}" if given else ""
    return quote(request.url.path, safe="/:") + query


def _concerned(key: Key, book: str | None) -> str:
    """Whose access log tells of a question; what is no portfolio, and will be refused, nobody's."""
    if book is None:
        return next(iter(key.books), EVERY_BOOK)
    return book if re.fullmatch(PORTFOLIO_PATTERN, book) else NO_BOOK


async def note(request: Request, action: str, book: str, detail: str) -> None:
    """Add to the access log what the key does; it is stored before this returns."""
    services: Services = request.app.state.services
    await wait_for(services.access_log.note, key_of(request), action, book, detail)


def questions_for(request: Request) -> Questions:
    """The questions, answered with what the key may see; all but partners see whole books."""
    services: Services = request.app.state.services
    partner = partner_of(request)
    return services.questions if partner is None else services.questions.seen_by(partner)


def partner_of(request: Request) -> str | None:
    """The partner that the key speaks for, if it does for one."""
    key = key_of(request)
    return key.partner if key.role is Role.PARTNER else None
