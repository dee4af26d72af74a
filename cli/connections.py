"""Connections: one whose client does not send, or does not read, in time is closed for good."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bootstrap.logs import for_libraries
from bootstrap.settings import Settings


def config_for(settings: Settings, app: Any) -> uvicorn.Config:
    """How uvicorn serves the app, within the limits of the settings."""

    class Limited(_InTime):
        seconds = settings.arrival_seconds
        most_unread = settings.max_header_bytes

    return uvicorn.Config(
        app,
        http=Limited,
        timeout_graceful_shutdown=settings.stop_seconds,
        log_config=for_libraries(),
        access_log=False,  # requests are told by the app, without their addresses
        log_level="warning",
        server_header=False,
        ws="none",
    )


class _InTime(HttpToolsProtocol):
    """The server's own protocol, which limits the time between requests.

    But neither that of a head, nor that in which nothing of an answer is read, nor how much is sent
    of what has no end: a head, what follows a body, or the length of a part of it.
    """

    seconds: float
    most_unread: int
    _unread = 0
    _head_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # so that whatever is left unread is told of
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the time of a head begins with its first and ends with its last."""
        if self._head_due is None and self._is_between_requests():
            self._expect_head()
        self._unread += len(data)
        super().data_received(data)
        if not self._is_between_requests():
            self._head_came()
        if self._unread > self.most_unread and not self.transport.is_closing():
            self.send_400_response(f"more than {self.most_unread} bytes that do not end")

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._unread = 0
        super().on_headers_complete()
        self.headers = []  # so that what follows a body is not added to the headers of the request

    def on_body(self, body: bytes) -> None:
        """Take in a part of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect nothing more of this request."""
        self._unread = 0
        super().on_message_complete()

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
