"""Connections: one whose client does not send, or does not read, in time is closed for good."""

import asyncio
import fcntl
import socket
import sys
import termios
from functools import partial
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from bootstrap.logs import for_libraries
from bootstrap.settings import Settings
from cli.readers import AnyReader, PlainReader, is_plain

ANSWER = (b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4", b"HTTP/1.1 5")
"""How heads of answers begin; what a client is told before (100 Continue) it waits for."""


def config_for(settings: Settings, app: Any) -> uvicorn.Config:
    """How uvicorn serves the app, within the limits of the settings."""

    class Limited(_Connection):
        seconds = settings.arrival_seconds

    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", Limited),
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


class _Connection(asyncio.Protocol):
    """A connection, whose requests are read by one of the server's own protocols.

    By the plain one as long as that can read what comes, and from there on by the other. They limit
    the time between requests, but neither that of a head, nor that in which nothing of an answer is
    read.
    """

    seconds: float
    _transport: asyncio.Transport
    _head_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def __init__(self, config: uvicorn.Config, server_state: ServerState, **state: Any) -> None:
        self._make_any = partial(AnyReader, config=config, server_state=server_state, **state)
        self._reader: PlainReader | AnyReader = PlainReader(
            self._take_in_ahead, config=config, server_state=server_state, **state
        )
        self._ahead = b""
        self._loop = self._reader.loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        self._transport = cast("asyncio.Transport", _InOnePiece(transport))
        self._reader.connection_made(self._transport)
        transport.set_write_buffer_limits(high=0)  # so that whatever is left unread is told of
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the time of a head begins with its first and ends with its last."""
        between = self._is_between_requests()
        if isinstance(self._reader, PlainReader):
            if not between:
                self._ahead += data
                self._reader.flow.pause_reading()
                return
            if not is_plain(data):
                self._hand_over(self._reader)
        if self._head_due is None and between:
            self._expect_head()
        self._reader.data_received(data)
        if not self._is_between_requests():
            self._head_came()

    def _take_in_ahead(self) -> None:
        """What came ahead of an answer that is now given."""
        ahead, self._ahead = self._ahead, b""
        if ahead and not self._transport.is_closing():
            self.data_received(ahead)

    def _hand_over(self, plain: PlainReader) -> None:
        plain.leave()
        self._reader = self._make_any()
        self._reader.connection_made(self._transport)
        if plain.flow.write_paused:
            self._reader.pause_writing()

    def pause_writing(self) -> None:
        """Expect that the client reads what it does not take at once."""
        self._reader.pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """Go on: all has been taken."""
        self._all_was_read()
        self._reader.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_came()
        self._all_was_read()
        self._reader.connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self._reader.cycle is None or self._reader.cycle.response_complete

    def _expect_head(self) -> None:
        self._head_due = self._loop.call_later(self.seconds, self._give_up)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        self._head_due = None
        if not self._transport.is_closing():
            self._transport.close()

    def _unread(self) -> int:
        """Bytes that the client has not taken, here and with the operating system."""
        wire: socket.socket = self._transport.get_extra_info("socket")
        held = fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, bytes(4))
        return self._transport.get_write_buffer_size() + int.from_bytes(held, sys.byteorder)

    def _expect_reading(self) -> None:
        self._reading_due = self._loop.call_later(
            self.seconds, self._look_what_was_read, self._unread()
        )

    def _look_what_was_read(self, before: int) -> None:
        if self._unread() < before:
            self._expect_reading()
        else:
            self._transport.abort()  # closed in order it would wait for the reader

    def _all_was_read(self) -> None:
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None
