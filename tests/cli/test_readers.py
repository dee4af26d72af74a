"""Readers of requests: they are answered as h11 alone would have them answered."""

import asyncio
import itertools
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from bootstrap.settings import Settings
from cli.connections import config_for
from cli.readers import AnyReader, is_plain

NAMES = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
VALUES = st.from_regex(rb"(?! )[ -~]{0,20}(?<! )", fullmatch=True)
HEADERS = st.one_of(
    st.builds(
        lambda name, value: name + (b": " + value if value else b":") + b"\r\n", NAMES, VALUES
    ),
    st.sampled_from([
        b"connection: keep-alive\r\n", b"Connection: Keep-Alive, TE\r\n", b"Connection: x\r\n",
        b"Keep-Alive: timeout=5\r\n", b"TE: trailers\r\n", b"Accept: */*\r\n",
        b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n", b"Cookie: a=b; c=d\r\n",
    ]),
)  # fmt: skip
HOSTS = st.sampled_from([
    b"Host: x\r\n", b"host:\r\n", b"HOST: [::1]:80\r\n", b"Host: a b\r\n", b"Host: /?#@\r\n"
])  # fmt: skip
ADDRESSES = st.one_of(
    st.from_regex(rb"/[!\"$-~]{0,30}", fullmatch=True),
    st.sampled_from([b"//a/b", b"/a?b?c", b"/?", b"/%2F%e2%82%ac%zz%", b"/a:b@c/../d;e", b"/://"]),
)
PLAIN = st.builds(
    lambda address, before, host, after: (
        b"GET " + address + b" HTTP/1.1\r\n" + b"".join([*before, host, *after]) + b"\r\n"
    ),
    ADDRESSES, st.lists(HEADERS, max_size=4), HOSTS, st.lists(HEADERS, max_size=4),
)  # fmt: skip
OTHERS = st.sampled_from([
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b \r\n\r\n",
    b"GET / HTTP/1.1\r\nTransfer-Encoding:host: x, chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nUpgrade:host: x\r\nConnection: upgrade\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length:host: x\r\n\r\n",
    b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\nA: b\n\n",
    b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"\r\n",
])  # fmt: skip


class _Line(asyncio.Transport):
    """A transport to a client that sends on, piece by piece, unless it is not read."""

    def __init__(self, pieces: list[bytes], wire: socket.socket | None = None) -> None:
        super().__init__({"socket": wire})
        self.left, self.said = pieces, b""
        self.closed = self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.said += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return len(self.said)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    async def run(self, protocol: asyncio.Protocol) -> bytes:
        """What is said by a protocol to all that the client sends."""
        protocol.connection_made(self)
        for _ in range(10 * len(self.left) + 100):
            if self.left and not self.paused and not self.closed:
                protocol.data_received(self.left.pop(0))
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        await asyncio.sleep(0)
        return self.said


async def _tell_back(scope: Scope, receive: Receive, send: Send) -> None:
    """All that was understood of the request, a little later."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await asyncio.sleep(0)
    told = repr((sorted(scope.items()), body)).encode()
    head = [(b"content-length", str(len(told)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": told})


CONFIG = config_for(Settings(arrival_seconds=5, max_header_bytes=1000), _tell_back)
CONFIG.load()
READERS: dict[str, Any] = {"ours": CONFIG.http_protocol_class, "h11 alone": AnyReader}


def _made(reader: str) -> asyncio.Protocol:
    made: asyncio.Protocol = READERS[reader](
        config=CONFIG, server_state=ServerState(), app_state={}
    )
    return made


async def _said(reader: str, pieces: list[bytes]) -> tuple[bytes, bool]:
    """What is said, and whether the connection was closed."""
    line = _Line(list(pieces))
    said = await line.run(_made(reader))
    return said.lower(), line.closed


def _both(pieces: list[bytes]) -> list[tuple[bytes, bool]]:
    async def said() -> list[tuple[bytes, bool]]:
        return [await _said("ours", pieces), await _said("h11 alone", pieces)]

    return asyncio.run(said())


@given(PLAIN)
def test_what_is_plain_is_understood_alike(request: bytes) -> None:
    assert is_plain(request)
    ours, theirs = _both([request])
    assert ours == theirs
    assert ours[0].startswith(b"http/1.1 200 ")


@given(st.lists(st.one_of(PLAIN, OTHERS), min_size=1, max_size=4), st.data())
def test_whatever_is_sent_is_answered_alike(requests: list[bytes], data: st.DataObject) -> None:
    """In whichever pieces it comes, ahead of answers or after them."""
    whole = b"".join(requests)
    ends = [0]
    for request in requests:
        ends.append(ends[-1] + len(request))
    cuts = data.draw(st.sets(st.one_of(st.sampled_from(ends), st.integers(0, len(whole)))))
    places = sorted({0, len(whole), *cuts})
    pieces = [whole[a:b] for a, b in itertools.pairwise(places)]
    ours, theirs = _both(pieces)
    assert ours == theirs


@given(PLAIN, st.integers(0, 200), st.binary(min_size=1, max_size=2))
def test_what_is_a_little_off_is_answered_alike(request: bytes, at: int, other: bytes) -> None:
    broken = request[:at] + other + request[at + 1 :]
    ours, theirs = _both([broken])
    assert ours == theirs


@given(OTHERS)
def test_what_is_not_plain_is_left_to_h11(request: bytes) -> None:
    assert not is_plain(request)


CLOSING = b"GET /first HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@given(st.lists(st.one_of(PLAIN, OTHERS), min_size=1, max_size=2))
def test_what_follows_a_request_that_closes_is_not_asked(more: list[bytes]) -> None:
    """Where it comes ahead of the answer; h11 alone would not give the answer then."""
    said, closed = asyncio.run(_said("ours", [CLOSING, b"".join(more)]))
    assert closed
    assert said.count(b"http/1.1 ") == said.count(b"http/1.1 200 ") == 1
    assert b"'/first'" in said


def test_a_client_that_does_not_read_is_sent_no_second_answer() -> None:
    """Also where the second request is for the other reader."""

    async def answers(wire: socket.socket) -> list[int]:
        line, connection = _Line([], wire), _made("ours")
        connection.connection_made(line)
        given = []
        steps: list[Callable[[], None]] = [
            partial(connection.data_received, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            connection.pause_writing,
            partial(connection.data_received, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
            connection.resume_writing,
        ]
        for step in steps:
            step()
            for _ in range(100):
                await asyncio.sleep(0)
            given.append(line.said.count(b"HTTP/1.1 200 "))
        return given

    with socket.socket() as wire:
        assert asyncio.run(answers(wire)) == [1, 1, 1, 2]
