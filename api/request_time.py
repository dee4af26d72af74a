"""A request has its time; then it is answered, and its work stops as soon as it can."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import too_slow
from ledger.deadline import TookTooLong, deadline_in


class RequestTime:
    """ASGI middleware that answers 503 once the time is up.

    The work itself looks at the deadline wherever it turns to the database (`ledger/deadline.py`);
    what it still sends afterwards is dropped.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer it where it is not answered in time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        started = False
        refusal: asyncio.Task[None] | None = None

        async def noted(message: Message) -> None:
            nonlocal started
            if refusal is None:
                started = True
                await send(message)

        def give_up() -> None:
            nonlocal refusal
            if not started:
                refusal = loop.create_task(too_slow(TookTooLong())(scope, receive, send))

        timer = loop.call_later(self.seconds, give_up)
        try:
            with deadline_in(self.seconds):
                await self.app(scope, receive, noted)
        finally:
            timer.cancel()
            if refusal is not None:
                await refusal
