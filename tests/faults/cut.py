"""The connection to PostgreSQL is cut in the middle of an append: before, during and after it."""

import selectors
import socket
import time
from itertools import count
from pathlib import Path
from threading import Thread

import psycopg

from tests.faults.load import Load
from tests.faults.stage import Report, fresh_database, reported, staged, wait_for
from tests.postgres import own_server

CUTS_LONG, CUTS_SHORT = 200, 9
EVERY = 25
"""Each so many appends one is cut."""
APPEND = b'"recorded_by"'
"""What the bytes of an entry hold, and nothing else that a client sends to the database."""


class Cutter:
    """A proxy on the loopback address that cuts connections while an append is under way."""

    def __init__(self, target: str, every: int = EVERY) -> None:
        self._target = target
        self.every = every
        self._appends = count(1)
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(self._target)
                while self._pass_on(client, server):
                    pass
            except OSError:
                return

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        """Carry what is there, or cut; False at the end of the connection."""
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ)
            ready.register(server, selectors.EVENT_READ)
            for key, _ in ready.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                data = source.recv(1 << 20)
                if not data:
                    return False
                if source is client and APPEND in data and next(self._appends) % self.every == 0:
                    self._cut(server, data)
                    return False
                (server if source is client else client).sendall(data)
        return True

    def _cut(self, server: socket.socket, data: bytes) -> None:
        self.cuts += 1
        match self.cuts % 3:
            case 0:  # the append never reaches the database
                return
            case 1:  # half of it does
                server.sendall(data[: len(data) // 2])
            case _:  # it is committed, and nobody hears of it
                server.sendall(data)
                server.recv(1 << 20)


def run(folder: Path, *, long: bool) -> list[Report]:
    """Until so many appends were cut."""
    cuts = CUTS_LONG if long else CUTS_SHORT
    with own_server(durable=True) as server:
        direct = fresh_database(server.url)
        cutter = Cutter(str(server.folder / ".s.PGSQL.5432"))
        through = psycopg.conninfo.make_conninfo(
            direct.database_url or "", host="127.0.0.1", port=cutter.port
        )
        with staged(direct, folder) as stage:
            _, port = stage.api(ACCESS_LEDGER_DATABASE_URL=through)
            load = Load([port], stage.key)
            with load.running():
                wait_for(lambda: cutter.cuts >= cuts or bool(load.errors), "no cuts", 600)
                time.sleep(0.5)
            stage.stop()
            cutter.close()
            return [reported("connection cut", stage, load, f"{cutter.cuts} appends cut")]
