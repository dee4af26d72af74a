"""Signing in: a key is handed over once, and the browser then holds it sealed, while it is used.

The cookie is the key's secret, encrypted and dated by a key that only this process has. The key is
looked up on each request, so a revocation holds at once; signing out ends the session itself.
"""

import hashlib
import secrets
from urllib.parse import parse_qs, quote, urlsplit

import orjson
from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response
from fastapi.security import HTTPAuthorizationCredentials

from api.doors import authenticated
from api.pages.rendering import ROOT, here
from api.problems import BadRequest
from keys.key import NotAuthenticated
from ledger.book import Clock

COOKIE = "access_ledger"
IDLE_SECONDS = 3600
LONGEST_SECONDS = 12 * 3600
"""How long a session lasts that is used all the time, by whoever came by its cookie."""
RENEWED_AFTER_SECONDS = 300
LONGEST_FORM = 10_000
MOST_ENDED = 1_000
"""So many sessions of one key are kept in mind once they are ended; then all before are."""
SAME_SITE = {"same-origin", "none"}


class Elsewhere(Exception):
    """A page that has to be asked for again by the browser, from here."""


class SignInFirst(Exception):
    """A page that needs a session."""


class Sessions:
    """The sessions of one process. A cookie means nothing to another one, or after a restart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fernet = Fernet(Fernet.generate_key())
        self._ended: dict[bytes, dict[str, int]] = {}
        """By key, the sessions that were ended, and until when a cookie of theirs may be about."""
        self._all_ended: dict[bytes, int] = {}
        """By key, the second until which all that began then are ended."""

    def begun(self, secret: str) -> str:
        """The cookie of a new session."""
        return self._sealed(f"{self._now()} {secrets.token_hex(16)}", secret)

    def secret_in(self, cookie: str) -> tuple[str, str | None]:
        """The secret that a cookie holds, and the cookie's successor where one is due.

        Raises SignInFirst.
        """
        session, secret = self._opened(cookie)
        key, began = _name(secret), int(session.partition(" ")[0])
        if session in self._ended.get(key, ()) or began <= self._all_ended.get(key, -1):
            raise SignInFirst
        if self._now() - began > LONGEST_SECONDS:
            raise SignInFirst
        age = self._now() - self._fernet.extract_timestamp(cookie.encode())
        return secret, self._sealed(session, secret) if age > RENEWED_AFTER_SECONDS else None

    def end(self, cookie: str) -> None:
        """End the session of a cookie, wherever else the cookie may be."""
        session, secret = self._opened(cookie)
        now, key = self._now(), _name(secret)
        self._forget(now)
        ended = self._ended.setdefault(key, {})
        ended[session] = now + IDLE_SECONDS + 1
        if len(ended) > MOST_ENDED:
            ended.clear()
            self._all_ended[key] = now

    def _forget(self, now: int) -> None:
        """Drop what no cookie can name any more: one that is not renewed lasts for an hour."""
        for key, ended in list(self._ended.items()):
            for session in [session for session, until in ended.items() if until <= now]:
                del ended[session]
            if not ended:
                del self._ended[key]
        for key in [key for key, at in self._all_ended.items() if at + IDLE_SECONDS < now]:
            del self._all_ended[key]

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _sealed(self, session: str, secret: str) -> str:
        content = orjson.dumps([session, secret])
        return self._fernet.encrypt_at_time(content, self._now()).decode()

    def _opened(self, cookie: str) -> tuple[str, str]:
        try:
            content = self._fernet.decrypt_at_time(cookie.encode(), IDLE_SECONDS, self._now())
        except InvalidToken:
            raise SignInFirst from None
        session, secret = orjson.loads(content)
        return session, secret


def _name(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def sessions_of(request: Request) -> Sessions:
    """The sessions of the app."""
    sessions: Sessions = request.app.state.sessions
    return sessions


async def signed_in(request: Request) -> None:
    """Put the key of the session into the request's state. Raises SignInFirst, or Elsewhere.

    A link in a mail leads here without the cookie, which is for this site alone: the browser is
    then sent the same way once more, by a page of ours.
    """
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            raise Elsewhere
        raise SignInFirst
    secret, successor = sessions_of(request).secret_in(cookie)
    try:
        await knock(request, secret)
    except NotAuthenticated:
        raise SignInFirst from None
    request.state.successor = successor


async def knock(request: Request, secret: str) -> None:
    """Authenticate as the doors do. Raises NotAuthenticated."""
    await authenticated(request, HTTPAuthorizationCredentials(scheme="Bearer", credentials=secret))


def keep(request: Request, response: Response, cookie: str) -> None:
    """Hand the browser the cookie of a session; it ends with the browser, or an hour unused."""
    response.set_cookie(
        COOKIE,
        cookie,
        path=ROOT,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def forget(request: Request, response: Response) -> None:
    """Have the browser drop its cookie."""
    response.delete_cookie(
        COOKIE, path=ROOT, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


async def form_of(request: Request, *, longest: int = LONGEST_FORM) -> dict[str, str]:
    """The fields of a form of ours. Raises BadRequest for a form of another site, or one too long.

    Every browser of today says where a form stands, in Sec-Fetch-Site or else in Origin; what says
    neither is no browser, and holds no cookie that somebody else could make use of.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    ours = site in SAME_SITE if site else origin is None or _host(origin) == request.url.netloc
    if not ours:
        raise BadRequest(
            422, "foreign-form", "the form was sent from another site; open the page here instead"
        )
    body = await request.body()
    if len(body) > longest:
        why = f"the form holds {len(body)} bytes, and may hold {longest}; a key has 51 characters"
        raise BadRequest(413, "too-large", why)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _host(origin: str) -> str:
    return urlsplit(origin).netloc


def safe_next(wanted: str) -> str:
    """Where a sign-in leads: a page of ours, whatever was asked for."""
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or not parts.path.startswith(f"{ROOT}/") or "\\" in wanted:
        return f"{ROOT}/"
    return wanted


def sign_in_address(request: Request) -> str:
    """The address of the sign-in that leads back to what was asked for."""
    return f"{ROOT}/sign-in?next={quote(here(request), safe='')}"
