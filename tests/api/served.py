"""The program's own server in a process of its own, on loopback, that can be killed."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

ROOT = Path(__file__).parents[2]
SECRET = b"al_live_" + b"-" * 43
"""What stands for the key of the server in bytes that are sent to it."""


class Server:
    """A server process; started again after a kill it is the same server on the same ledger."""

    def __init__(self, settings: Settings, **more: str) -> None:
        named = {"ACCESS_LEDGER_DATABASE_URL": settings.database_url or ""}
        if not settings.database_url:
            named = {"ACCESS_LEDGER_FILE": str(settings.file)}
        self._environment = {**os.environ, **named, **more, "PYTHONPATH": str(ROOT)}
        self.port = 0
        self.key = ""
        """The secret of a key, where one was made."""
        self.keys: dict[Role, str] = {}
        """Those of further keys, by role."""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens. Its log is a file: a full pipe would stop it."""
        with tempfile.NamedTemporaryFile(prefix="al-served-", delete=False) as log:
            self._log = Path(log.name)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "serve", "--port", str(self.port)],
                env=self._environment,
                cwd=ROOT,
                stderr=log,
            )
        for _ in range(1200):
            if found := re.search(r"http://127\.0\.0\.1:([0-9]+)/", self._log.read_text()):
                self.port = int(found[1])
                break
            assert self.process.poll() is None, self._ended()
            time.sleep(0.05)
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                answer = self.exchange(
                    b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                )
            except OSError:
                answer = b""
            if answer.startswith(b"HTTP/1.1 200"):
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        assert self.process
        self.process.kill()
        self._ended()

    def stop(self) -> str:
        """End it in order; what it wrote to its log."""
        assert self.process
        self.process.terminate()
        return self._ended()

    def _ended(self) -> str:
        assert self.process
        self.process.wait(timeout=30)
        self.process = None
        log = self._log.read_text(errors="replace")
        self._log.unlink()
        return log

    @property
    def authorization(self) -> str:
        """The header that the key is sent in."""
        return f"Bearer {self.key}"

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def keyed(self, sent: bytes, role: Role | None = None) -> bytes:
        """The bytes with the key of the server in them, or that of a role."""
        return sent.replace(SECRET, (self.keys[role] if role else self.key).encode())

    def exchange(self, sent: bytes, *, seconds: float = 10, role: Role | None = None) -> bytes:
        """What comes back for some bytes until the server closes the connection."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            try:
                connection.sendall(self.keyed(sent, role))
                while part := connection.recv(65536):
                    received += part
            except ConnectionError:
                return received
        return received


def recorders_key(settings: Settings, *books: str) -> str:
    """The secret of a new key that writes and reads some books."""
    new = NewKey(name="recorder", role=Role.RECORDER, books=frozenset(books), partner=None)
    with open_services(settings) as services:
        return services.keys.create(new)[1]


@contextmanager
def serving(settings: Settings, *books: str, **more: str) -> Iterator[Server]:
    """A server on a migrated ledger with a key for some books, stopped at the end."""
    server = Server(settings, **more)
    server.key = recorders_key(settings, *books)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()
