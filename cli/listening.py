"""Listening for news of PostgreSQL: the alarm that wakes the worker."""

import time
from threading import Event

import psycopg

CHANNEL = "access_ledger"
CONNECT_TIMEOUT_SECONDS = 5
GLANCE = 0.5
"""So many seconds the worker listens before it looks whether it has been stopped."""


class Listener:
    """One connection that listens; while it cannot, the poll alone does the work."""

    def __init__(self, url: str, poll_seconds: float, stop: Event) -> None:
        self._url = url
        self._poll_seconds = poll_seconds
        self._stop = stop
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def wait(self) -> None:
        """Return when there is news, when the poll is due, or at the stop."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS
                )
                self._connection.execute(f"LISTEN {CHANNEL}")
                return  # what came before this is found by catching up once more
            deadline = time.monotonic() + self._poll_seconds
            while not self._stop.is_set() and (left := deadline - time.monotonic()) > 0:
                if list(self._connection.notifies(timeout=min(left, GLANCE), stop_after=1)):
                    return
        except psycopg.Error:
            self.close()
            self._stop.wait(self._poll_seconds)

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
