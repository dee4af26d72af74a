"""What a request may be: bodies are counted and timed as they stream in, and heads are measured."""

import asyncio
import time

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem


class BodyLimit:
    """ASGI middleware that answers 413 to a body that is too large, and 408 to one that is slow."""

    def __init__(self, app: ASGIApp, max_body_bytes: int, seconds: float) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a body that stops at the limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.max_body_bytes:
            await self._refuse(_TooLarge(), scope, receive, send)
            return
        taken, answered, whole = 0, False, False
        end = time.monotonic() + self.seconds

        async def counted() -> Message:
            nonlocal taken, whole
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), end - time.monotonic())
            except TimeoutError:
                raise _TooSlow from None
            whole = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > self.max_body_bytes:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except (_TooLarge, _TooSlow) as reason:
            if not answered:
                await self._refuse(reason, scope, receive, send)

    async def _refuse(
        self, reason: BaseException, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = {"Connection": "close"}
        if isinstance(reason, _TooSlow):
            detail = (
                f"the body did not arrive within {self.seconds:g} seconds "
                "(ACCESS_LEDGER_ARRIVAL_SECONDS); nothing was recorded: send it again"
            )
            answer = problem(408, "body-too-slow", detail, headers=headers)
        else:
            detail = (
                f"a body may hold {self.max_body_bytes} bytes (ACCESS_LEDGER_MAX_BODY_BYTES); "
                "send it in parts"
            )
            answer = problem(413, "too-large", detail, headers=headers)
        await answer(scope, receive, send)


class HeadLimit:
    """ASGI middleware that answers 431 to an address and headers that are too large together.

    And 400 to a message that gives its length in two ways, behind which a second request could be
    hidden from a proxy (RFC 9112 section 6.1); its connection is closed.
    """

    def __init__(self, app: ASGIApp, max_header_bytes: int) -> None:
        self.app = app
        self.max_header_bytes = max_header_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its head is as it should be."""
        if scope["type"] == "http" and (refusal := self._refusal(scope)):
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        closing = {"Connection": "close"}
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
            detail = "Content-Length and Transfer-Encoding exclude each other; send one of them"
            return problem(400, "two-lengths", detail, headers=closing)
        size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        size += sum(len(name) + len(value) for name, value in scope["headers"])
        if size <= self.max_header_bytes:
            return None
        detail = (
            f"address and headers hold {size} bytes, and may hold {self.max_header_bytes} "
            "(ACCESS_LEDGER_MAX_HEADER_BYTES); leave out what is not needed"
        )
        return problem(431, "head-too-large", detail, headers=closing)


class _TooLarge(BaseException):
    """Not an Exception, so that no handler on the way turns it into another answer."""


class _TooSlow(BaseException):
    """Not an Exception either."""
