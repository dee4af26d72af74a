"""Connections: one whose request does not come in time is closed, so that none is held for ever."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bootstrap.logs import for_libraries
from bootstrap.settings import Settings


def config_for(settings: Settings, app: Any) -> uvicorn.Config:
    """How uvicorn serves the app, within the limits of the settings."""

    class Limited(_InTime):
        head_seconds = settings.arrival_seconds

    return uvicorn.Config(
        app,
        http=Limited,
        h11_max_incomplete_event_size=settings.max_header_bytes,
        timeout_graceful_shutdown=settings.stop_seconds,
        log_config=for_libraries(),
        log_level="warning",
        server_header=False,
    )


class _InTime(H11Protocol):
    """The server's own protocol, which limits the time between requests but not that of a head."""

    head_seconds: float
    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the time of a head begins with its first and ends with its last."""
        if self._head_due is None and self._is_between_requests():
            self._expect_head()
        super().data_received(data)
        if not self._is_between_requests():
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_came()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        self._head_due = None
        if not self.transport.is_closing():
            self.transport.close()
