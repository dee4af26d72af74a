"""How often one caller may ask: token buckets, in the memory of this process."""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import caller_of
from api.pages.rendering import ROOT
from api.problems import problem
from bootstrap.settings import Settings

MAX_NAMES = 10_000
"""So many callers are kept in mind; of more, those heard of longest ago are forgotten."""
UNAUTHENTICATED = 401
SIGN_IN = f"{ROOT}/sign-in"


class Buckets:
    """A bucket of tokens for each name: filled at a rate, up to a burst, emptied by requests."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Seconds until the name has a token, 0 where it has one."""
        return max(0.0, (1 - self._tokens(name)) / self._rate) if self._rate else 0.0

    def take(self, name: str) -> None:
        """Take a token away; at worst none is left."""
        if not self._rate:
            return
        self._held[name] = (max(0.0, self._tokens(name) - 1), self._clock())
        self._held.move_to_end(name)
        if len(self._held) > MAX_NAMES:
            self._held.popitem(last=False)

    def _tokens(self, name: str) -> float:
        tokens, at = self._held.get(name, (self._burst, 0.0))
        return min(self._burst, tokens + (self._clock() - at) * self._rate)


class RateLimit:
    """ASGI middleware that answers 429 to a caller whose bucket is empty.

    Until its key was accepted once, a caller is known by its address, where wrong keys have a
    smaller bucket of their own: that being empty, a key that was never accepted is not looked at.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.requests = Buckets(settings.rate_per_second, settings.rate_burst)
        failed = settings.failed_keys_per_minute
        self.failures = Buckets(failed / 60, max(1.0, failed))
        self.accepted: OrderedDict[bytes, str] = OrderedDict()
        """The caller of each credential that was accepted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its caller has a token left."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        credential, is_guess = _shown(scope)
        address = scope["client"][0] if scope["client"] else ""
        caller = self.accepted.get(credential)
        name = caller or f"address {address}"
        wait = self.requests.wait(name)
        if is_guess and not caller:
            wait = max(wait, self.failures.wait(address))
        if wait:
            await _too_many(wait)(scope, receive, send)
            return
        self.requests.take(name)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if is_guess and message["status"] == UNAUTHENTICATED:
                    self.failures.take(address)
                    self.accepted.pop(credential, None)
                elif credential and (found := caller_of(Request(scope))):
                    self._remember(credential, found)
            await send(message)

        scope.setdefault("state", {})
        await self.app(scope, receive, noted)

    def _remember(self, credential: bytes, caller: str) -> None:
        self.accepted[credential] = f"key {caller}"
        self.accepted.move_to_end(credential)
        if len(self.accepted) > MAX_NAMES:
            self.accepted.popitem(last=False)


def _shown(scope: Scope) -> tuple[bytes, bool]:
    """What a request shows to be let in, by its SHA-256, and whether that may be a guessed key.

    A page shows the cookie of a session, which only this process makes; the sign-in takes a key.
    """
    path: str = scope["path"]
    if path == SIGN_IN:
        return b"", scope["method"] == "POST"
    header = b"cookie" if path.startswith(f"{ROOT}/") else b"authorization"
    given: bytes = dict(scope["headers"]).get(header, b"")
    return hashlib.sha256(given).digest() if given else b"", bool(given) and header != b"cookie"


def _too_many(wait: float) -> ASGIApp:
    seconds = max(1, math.ceil(wait))
    return problem(
        429,
        "too-many-requests",
        "this key or address has asked more often than it may (ACCESS_LEDGER_RATE_PER_SECOND, "
        f"ACCESS_LEDGER_FAILED_KEYS_PER_MINUTE); nothing was recorded: try again in {seconds} "
        f"{'second' if seconds == 1 else 'seconds'}",
        headers={"Retry-After": str(seconds)},
    )
