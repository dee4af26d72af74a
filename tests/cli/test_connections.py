"""Connections: a client that does not read is let go, and one that reads slowly is not."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from bootstrap.settings import Settings
from cli.connections import config_for

_T = TypeVar("_T")
MUCH = 8_000_000
"""More than the operating system takes for a client that reads nothing."""


def _run(told: Coroutine[Any, Any, _T]) -> _T:
    """What is told, on the event loop of the server."""
    with asyncio.Runner(loop_factory=config_for(Settings(), None).get_loop_factory()) as runner:
        return runner.run(told)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Much, at once."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * MUCH})


async def _read(pause_seconds: float) -> int:
    """How much comes of an answer that is read after a pause, and then bit by bit."""
    config = config_for(Settings(arrival_seconds=0.2), _answer)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        return config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]

    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.settimeout(0)
            await loop.sock_connect(client, server.sockets[0].getsockname())
            await loop.sock_sendall(
                client, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            taken = 0
            await asyncio.sleep(pause_seconds)
            try:
                while True:
                    await asyncio.sleep(0.01)
                    part = await loop.sock_recv(client, 1 << 20)
                    if not part:
                        return taken
                    taken += len(part)
            except ConnectionError:
                return taken
            finally:
                await asyncio.sleep(0.05)
                assert not state.connections


@pytest.mark.parametrize(("pause_seconds", "whole"), [(0.7, False), (0, True)])
def test_an_answer_is_not_kept_for_a_client_that_does_not_read(
    pause_seconds: float,
    whole: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Nor is its connection; but as long as something is read the rest is kept."""
    assert (_run(_read(pause_seconds)) > MUCH) is whole


async def _tell_of_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """The names of the headers, once the whole body has come."""
    while (await receive()).get("more_body"):
        pass
    names = b" ".join(name for name, _ in scope["headers"])
    length = str(len(names)).encode()
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    await send(start)
    await send({"type": "http.response.body", "body": names})


async def _said(*pieces: bytes) -> bytes:
    """What is answered to pieces, sent one after the other, until the connection is closed."""
    config = config_for(Settings(arrival_seconds=5, max_header_bytes=1000), _tell_of_headers)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        return config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]

    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(reader.read(), 3)
        writer.close()
        return answer


POST = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
ENDLESS = {
    "an address": (b"GET /", *[b"x" * 400] * 3),
    "a header": (POST + b"A: ", *[b"x" * 400] * 3),
    "the length of a part of a body": (POST + b"\r\n1;a=", *[b"x" * 400] * 3),
    "a part after a body": (POST + b"\r\n1\r\nx\r\n0\r\nA: ", *[b"x" * 400] * 3),
}


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_not_kept(pieces: tuple[bytes, ...]) -> None:
    answer = _run(_said(*pieces))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"more than 1000 bytes that do not end")


def test_what_follows_a_body_is_no_header() -> None:
    """Nobody who read the headers before it came could have seen it."""
    answer = _run(_said(POST + b"\r\n", b"3\r\nabc\r\n0\r\nAuthorization: x\r\n\r\n"))
    assert answer.endswith(b"\r\n\r\nhost connection transfer-encoding")


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_offer_of_another_protocol_is_not_taken(protocol: bytes) -> None:
    """Some clients make it with each request; the answer comes in HTTP/1.1, and to the next too."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: "
    offer = head + b"Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    answer = _run(_said(offer, offer, head + b"close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.endswith(b"host connection")
