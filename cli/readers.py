"""Readers of requests: one in C for those of a plain form, and h11 for all that there may be.

What has the plain form is the same to every reader of HTTP: one request without a body, whole, each
header on its line. Over whatever else there is parsers differ, and of these h11 is the strictest.
"""

import re
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LONGEST = 65_535
"""Bytes; an address may have so many where it is read in C."""
# What tells of a body, of another protocol, or means something to one reader alone.
_SPECIAL = rb"(?:content-length|transfer-encoding|expect|upgrade|proxy-connection):"
# Of what an address may hold, a # would begin what does not belong to it.
_ASKED = rb"(?-i:GET) /[!\"$-~]* (?-i:HTTP)/1\.1\r\n"
# Each line can be read in one way only, so that none is tried again and again.
_HEADER = rb"[!#$%&'*+.^_`|~0-9a-z-]+: ?(?! )[ -~]*(?<! )\r\n"
_HOST = rb"(?=host:)" + _HEADER
_OTHERS = rb"(?:(?!host:|" + _SPECIAL + rb")" + _HEADER + rb")*"
_PLAIN = re.compile(_ASKED + _OTHERS + _HOST + _OTHERS + rb"\r\n", re.IGNORECASE)


def is_plain(data: bytes) -> bool:
    """Whether it is one request of the plain form, and nothing else."""
    return len(data) <= _LONGEST and _PLAIN.fullmatch(data) is not None


class PlainReader(HttpToolsProtocol):
    """For requests of the plain form, each after the answer to the one before."""

    def __init__(self, answered: Callable[[], None], **server: Any) -> None:
        super().__init__(**server)
        self._answered = answered

    def on_response_complete(self) -> None:
        """Tell of the answer."""
        super().on_response_complete()
        self._answered()

    def leave(self) -> None:
        """Leave the connection to another reader, between two requests."""
        self._unset_keepalive_if_required()
        self.connections.discard(self)


class AnyReader(H11Protocol):
    """For all requests."""

    def _should_upgrade(self) -> bool:
        """Pass over an offer of another protocol, which some clients make with each request."""
        return False

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and close; called while the error is handled."""
        del msg
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            hint = getattr(sys.exception(), "error_status_hint", 400)
            for event in _UNREADABLE.get(hint, _NOT_HTTP).events(self.server_state.default_headers):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _Refusal(NamedTuple):
    """A problem document about what has no address yet, so that the API is not asked."""

    status: int
    code: str
    title: str
    detail: str

    def events(self, default_headers: list[tuple[bytes, bytes]]) -> Iterator[h11.Event]:
        """What is sent."""
        told = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        body = orjson.dumps(told)
        headers = [
            *default_headers,
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        reason = HTTPStatus(self.status).phrase
        yield h11.Response(status_code=self.status, headers=headers, reason=reason)
        yield h11.Data(data=body)
        yield h11.EndOfMessage()


_NOT_HTTP = _Refusal(
    400,
    "not-http",
    "The request cannot be read",
    "what was sent is not a request as HTTP/1.1 has it (RFC 9112); check that the client speaks "
    "http:// to this port, and how it writes its headers",
)
_UNREADABLE = {
    431: _Refusal(
        431,
        "head-too-large",
        "The address and headers are too large",
        "address and headers, or the extension of a chunk, or trailers, are longer than "
        "ACCESS_LEDGER_MAX_HEADER_BYTES allows; leave out what is not needed",
    ),
    501: _Refusal(
        400,
        "transfer-encoding",
        "The request cannot be read",
        "a body comes with a Content-Length, or with Transfer-Encoding: chunked and no other",
    ),
}
"""By the status that h11 would give."""
