"""Connections: one whose client does not send, or does not read, in time is closed for good."""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bootstrap.logs import for_libraries
from bootstrap.settings import Settings

ANSWER = (b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4", b"HTTP/1.1 5")
"""How heads of answers begin; what a client is told before (100 Continue) it waits for."""


def config_for(settings: Settings, app: Any) -> uvicorn.Config:
    """How uvicorn serves the app, within the limits of the settings."""

    class Limited(_InTime):
        seconds = settings.arrival_seconds

    return uvicorn.Config(
        app,
        http=Limited,
        h11_max_incomplete_event_size=settings.max_header_bytes,
        timeout_graceful_shutdown=settings.stop_seconds,
        log_config=for_libraries(),
        access_log=False,  # requests are told by the app, without their addresses
        log_level="warning",
        server_header=False,
    )


class _InOnePiece:
    """A transport that sends the head of an answer together with what is written right after it.

    Each piece would be a call of the system of its own, and wake the client for itself.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send; the head of an answer before anything else is done by this thread."""
        if data.startswith(ANSWER) and not self._held:
            self._held = data
            asyncio.get_running_loop().call_soon(self._send_held)
            return
        self._transport.write(self._held + data)
        self._held = b""

    def _send_held(self) -> None:
        if self._held:
            self.write(b"")

    def close(self) -> None:
        """Send what is left, and close."""
        self._send_held()
        self._transport.close()


class _InTime(H11Protocol):
    """The server's own protocol, which limits the time between requests.

    But neither that of a head, nor that in which nothing of an answer is read.
    """

    seconds: float
    _head_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(cast("asyncio.Transport", _InOnePiece(transport)))
        transport.set_write_buffer_limits(high=0)  # so that whatever is left unread is told of
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the time of a head begins with its first and ends with its last."""
        if self._head_due is None and self._is_between_requests():
            self._expect_head()
        super().data_received(data)
        if not self._is_between_requests():
            self._head_came()

    def pause_writing(self) -> None:
        """Expect that the client reads what it does not take at once."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """Go on: all has been taken."""
        self._all_was_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_came()
        self._all_was_read()
        super().connection_lost(exc)

    def _should_upgrade(self) -> bool:
        """Pass over an offer of another protocol, which some clients make with each request."""
        return False

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.seconds, self._give_up)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        self._head_due = None
        if not self.transport.is_closing():
            self.transport.close()

    def _expect_reading(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._reading_due = self.loop.call_later(self.seconds, self._look_what_was_read, unread)

    def _look_what_was_read(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._expect_reading()
        else:
            self.transport.abort()  # closed in order it would wait for the reader

    def _all_was_read(self) -> None:
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None
