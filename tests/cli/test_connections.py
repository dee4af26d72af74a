"""Connections: a client that does not read is let go, and one that reads slowly is not."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from bootstrap.settings import Settings
from cli.connections import _InOnePiece, config_for

MUCH = 8_000_000
"""More than the operating system takes for a client that reads nothing."""


@asynccontextmanager
async def _served(
    app: ASGIApp, settings: Settings, keep_alive_seconds: float | None = None
) -> AsyncIterator[tuple[tuple[str, int], ServerState]]:
    """The address where an app is served, and what the server knows of its connections."""
    config, state = config_for(settings, app), ServerState()
    if keep_alive_seconds is not None:
        config.timeout_keep_alive = keep_alive_seconds  # type: ignore[assignment]
    config.load()

    def protocol() -> asyncio.Protocol:
        return config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]

    loop = asyncio.get_running_loop()
    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname(), state


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Much, at once."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * MUCH})


async def _read(pause_seconds: float, sip_bytes: int) -> int:
    """How much comes of an answer that is read after a pause, for a second in sips, then fast."""
    loop = asyncio.get_running_loop()
    async with _served(_answer, Settings(arrival_seconds=0.2)) as (address, state):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.settimeout(0)
            await loop.sock_connect(client, address)
            await loop.sock_sendall(
                client, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            taken = 0
            await asyncio.sleep(pause_seconds)
            began = loop.time()
            try:
                while True:
                    await asyncio.sleep(0.01)
                    part = await loop.sock_recv(
                        client, sip_bytes if loop.time() - began < 1 else MUCH
                    )
                    if not part:
                        return taken
                    taken += len(part)
            except ConnectionError:
                return taken
            finally:
                await asyncio.sleep(0.05)
                assert not state.connections


@pytest.mark.parametrize(
    ("pause_seconds", "sip_bytes", "whole"),
    [(0.7, MUCH, False), (0, MUCH, True), (0, 8192, True)],
)
def test_an_answer_is_not_kept_for_a_client_that_does_not_read(
    pause_seconds: float,
    sip_bytes: int,
    whole: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Nor is its connection; but as long as something is read the rest is kept."""
    assert (asyncio.run(_read(pause_seconds, sip_bytes)) > MUCH) is whole


class _Wire(asyncio.Transport):
    """A transport that keeps what it is given, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data:
            self.pieces.append(bytes(data))

    def close(self) -> None:
        self.pieces.append(b"closed")


def test_the_head_of_an_answer_goes_with_its_body_and_never_waits_for_it() -> None:
    """A body may begin as a head does; what is streamed is told of before its first bytes."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"

    async def told() -> list[bytes]:
        wire = _Wire()
        pieces = _InOnePiece(wire)
        pieces.write(head)
        pieces.write(b"body")
        pieces.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces.write(head)
        await asyncio.sleep(0)
        pieces.write(head)
        pieces.write(head)
        pieces.write(head)
        pieces.close()
        return wire.pieces

    assert asyncio.run(told()) == [
        head + b"body", b"HTTP/1.1 100 Continue\r\n\r\n", head, head + head, head, b"closed"
    ]  # fmt: skip


async def _tell_back(scope: Scope, receive: Receive, send: Send) -> None:
    """The names of the headers, and the body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = b" ".join(name for name, _ in scope["headers"]) + b": " + body
    length = str(len(told)).encode()
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    await send(start)
    await send({"type": "http.response.body", "body": told})


async def _said(*pieces: bytes) -> bytes:
    """What is answered to pieces, sent one after the other, until the connection is closed."""
    settings = Settings(arrival_seconds=5, max_header_bytes=1000)
    async with _served(_tell_back, settings) as (address, _):
        reader, writer = await asyncio.open_connection(*address)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(reader.read(), 3)
        writer.close()
        return answer


CLOSING = b"Host: x\r\nConnection: close\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSING
ENDLESS = {
    "an address": (b"GET /", *[b"x" * 400] * 3),
    "a header": (CHUNKED + b"A: ", *[b"x" * 400] * 3),
    "the length of a part of a body": (CHUNKED + b"\r\n1;a=", *[b"x" * 400] * 3),
    "what follows a body": (CHUNKED + b"\r\n1\r\nx\r\n0\r\nA: ", *[b"x" * 400] * 3),
}


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_not_kept(pieces: tuple[bytes, ...]) -> None:
    assert asyncio.run(_said(*pieces)).startswith(b"HTTP/1.1 431 ")


def test_what_follows_a_body_is_no_header() -> None:
    """Nobody who read the headers before it came could have seen it."""
    answer = asyncio.run(_said(CHUNKED + b"\r\n", b"1\r\na\r\n0\r\nAuthorization: x\r\n\r\n"))
    assert answer.endswith(b"\r\n\r\ntransfer-encoding host connection: a")


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_offer_of_another_protocol_costs_nothing(
    protocol: bytes, pieces: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Some clients make it with each request: its body is its own, and the next is answered too."""
    offer = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    inner = b"GET / HTTP/1.1\r\n" + CLOSING + b"\r\n"
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n" % len(inner) + offer + b"\r\n"
    rest = inner + b"GET / HTTP/1.1\r\n" + offer + b"\r\n" + inner
    sent = (head + rest,) if pieces == 1 else (head, rest)
    answers = asyncio.run(_said(*sent)).split(b"HTTP/1.1 ")
    assert [answer[:3] for answer in answers[1:]] == [b"200"] * 3
    told = [answer.partition(b"\r\n\r\n")[2] for answer in answers[1:]]
    assert told == [
        b"content-length host connection upgrade: " + inner,
        b"host connection upgrade: ",
        b"host connection: ",
    ]
    assert capfd.readouterr().err == ""


UNREADABLE = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "http:// to this port"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "RFC 9112"),
    "a space": (b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization : secret\r\n\r\n", 400, "its headers"),
    "gzip": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "chunked"),
    "too long": (b"GET /" + b"x" * 1000, 431, "ACCESS_LEDGER_MAX_HEADER_BYTES"),
    "a broken part of a body": (CHUNKED + b"\r\nno length\r\n", 400, "RFC 9112"),
}


@pytest.mark.parametrize(("sent", "status", "told"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_problem(
    sent: bytes, status: int, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It tells nothing of what was sent, which may hold a key."""
    head, _, body = asyncio.run(_said(sent)).partition(b"\r\n\r\n")
    document = json.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head
    assert document["status"] == status
    assert told in document["detail"]
    assert b"secret" not in body
    assert "xception" not in capfd.readouterr().err


def test_an_answer_is_not_overtaken_by_a_refusal() -> None:
    """What was asked well before something that is no request is answered, and first."""
    answer = asyncio.run(_said(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n"))
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answer) == [b"200", b"400"]


def test_what_comes_ahead_of_an_answer_is_not_read_on() -> None:
    """It waits at the client's end, and is answered in its order."""
    asked = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"

    async def answered() -> tuple[bool, int, list[str], list[bytes]]:
        may_answer, paths = asyncio.Event(), list[str]()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            paths.append(scope["path"])
            await may_answer.wait()
            await _tell_back(scope, receive, send)

        async with _served(app, Settings(arrival_seconds=5)) as (address, _):
            reader, writer = await asyncio.open_connection(*address)
            for number in range(3):
                writer.write(asked % number)
                await asyncio.sleep(0.02)
            body = b"x" * MUCH
            writer.write(b"POST /3 HTTP/1.1\r\nContent-Length: %d\r\nHost: x\r\n\r\n" % MUCH + body)
            await asyncio.sleep(0.2)
            waits, early = writer.transport.get_write_buffer_size() > 0, len(paths)
            may_answer.set()
            told = await asyncio.wait_for(reader.readexactly(MUCH), 10)
            writer.transport.abort()
            await asyncio.sleep(0.1)
            return waits, early, paths, re.findall(rb"HTTP/1\.1 (\d+) ", told)

    paths = ["/0", "/1", "/2", "/3"]
    assert asyncio.run(answered()) == (True, 1, paths, [b"200"] * 4)


async def _answered(
    app: ASGIApp, first: bytes, until: bytes, second: bytes, keep_alive_seconds: float | None = None
) -> list[bytes]:
    """The statuses of all answers, where the second request is sent once the first is answered."""
    settings = Settings(arrival_seconds=5)
    async with _served(app, settings, keep_alive_seconds) as (address, _):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(first)
        answers = await asyncio.wait_for(reader.readuntil(until), 3)
        writer.write(second)
        answers += await asyncio.wait_for(reader.read(), 3)
        writer.close()
        return re.findall(rb"HTTP/1\.1 (\d+) ", answers)


def test_an_answer_is_not_followed_by_a_refusal_of_its_request(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Who is answered before the body is there, and then sends none that can be read."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = asyncio.run(_answered(app, head, b"\r\n\r\n", b"no length\r\n"))
    assert answers == [b"401"]
    assert "rror" not in capfd.readouterr().err


def test_the_time_between_requests_does_not_end_a_request() -> None:
    """Nor where the other reader takes it over."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.4 if scope["method"] == "HEAD" else 0)
        await _tell_back(scope, receive, send)

    plain, other = (method + b" / HTTP/1.1\r\nHost: x\r\n\r\n" for method in (b"GET", b"HEAD"))
    answers = asyncio.run(_answered(app, plain, b"host: ", other, keep_alive_seconds=0.2))
    assert answers == [b"200"] * 2
