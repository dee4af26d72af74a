"""Connections: a client that does not read is let go, and one that reads slowly is not."""

import asyncio
import socket

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from bootstrap.settings import Settings
from cli.connections import _InOnePiece, config_for

MUCH = 8_000_000
"""More than the operating system takes for a client that reads nothing."""


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
    assert (asyncio.run(_read(pause_seconds)) > MUCH) is whole


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
