"""The one way in which the faults speak to a server."""

import json
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

PATIENCE_SECONDS = 90
RETRIED = {429, 500, 502, 503, 504}
RETRIED_REFUSALS = {"/problems/conflict", "/problems/clock-astray"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    seconds: float


class Unwilling(Exception):
    """An answer that no retry would change."""


class Client:
    """Asks one of several servers, the next one where one fails. For one thread."""

    def __init__(self, ports: list[int], key: str = "") -> None:
        self._ports = ports
        self._key = key
        self._turn = 0
        self._connection: HTTPConnection | None = None
        self.failures: dict[str, int] = {}
        """How often a request failed, by what came instead of an answer."""

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        given = {"Content-Type": "application/json"}
        if self._key:
            given["Authorization"] = f"Bearer {self._key}"
        return given

    def once(self, method: str, path: str, body: Any = None) -> Answer:
        """One request and its answer. Raises OSError and HTTPException."""
        if self._connection is None:
            port = self._ports[self._turn % len(self._ports)]
            self._connection = HTTPConnection("127.0.0.1", port, timeout=40)
        started = time.perf_counter()
        try:
            data = None if body is None else json.dumps(body)
            self._connection.request(method, path, data, self.headers())
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, HTTPException):
            self.elsewhere()
            raise
        kind = response.headers.get_content_type()
        told = json.loads(content) if kind.endswith("json") else content
        return Answer(response.status, told, time.perf_counter() - started)

    def elsewhere(self) -> None:
        """Let the connection go; the next request goes to the next server."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._turn += 1

    def insist(self, method: str, path: str, body: Any = None) -> Answer:
        """The same request again and again, blindly, until it is answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.once(method, path, body)
            except (OSError, HTTPException) as error:
                self._failed(type(error).__name__)
            else:
                if answer.status < 300:
                    return answer
                kind = answer.body.get("type") if isinstance(answer.body, dict) else None
                self._failed(f"{answer.status} {kind}")
                if answer.status not in RETRIED and kind not in RETRIED_REFUSALS:
                    raise Unwilling(f"{method} {path}: {answer.status} {answer.body}")
                self.elsewhere()
            if time.monotonic() > deadline:
                raise Unwilling(f"{method} {path}: no answer in {PATIENCE_SECONDS} s")
            time.sleep(0.05)

    def _failed(self, how: str) -> None:
        self.failures[how] = self.failures.get(how, 0) + 1

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
