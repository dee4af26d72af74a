"""Load: clients that record facts and read them back, each fact until it is acknowledged."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

from tests.faults.client import Client

BOOKS = ("506914307656634", "611000000000001", "611000000000002")
READ_SHARE = 0.4
SEAL_SHARE = 0.02


class Load:
    """What a number of clients did."""

    def __init__(
        self,
        ports: list[int],
        key: str,
        *,
        clients: int = 4,
        rate: float | None = None,
        move: bool = False,
        offset: int = 0,
    ) -> None:
        self._ports = ports
        self.key = key
        self._move = move
        self._offset = offset  # so that two loads on one store have ids of their own
        self._clients = clients
        self._pause = clients / rate if rate else 0.0
        self._stop = Event()
        self._lock = Lock()
        self.acknowledged: list[tuple[str, str]] = []
        """Book and id of each fact that a server said it has."""
        self.already = 0
        """How many of them had been written before the answer that came: a retry found them."""
        self.reads = 0
        self.stale: list[str] = []
        """Reads that did not know an entry that had been acknowledged to the same client."""
        self.failures: Counter[str] = Counter()
        self.errors: list[str] = []
        self.latencies: list[tuple[float, float]] = []
        """When a request was answered, and how many seconds it took."""

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Clients at work; at the end each sees its last fact acknowledged."""
        numbers = range(self._offset, self._offset + self._clients)
        threads = [Thread(target=self._work, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _work(self, number: int) -> None:
        client, chance, nth = Client(self._ports, self.key), random.Random(number), 0
        try:
            while not self._stop.is_set():
                started, nth = time.monotonic(), nth + 1
                self._step(client, chance, number, nth)
                self._stop.wait(max(0.0, self._pause - (time.monotonic() - started)))
        except Exception as error:  # noqa: BLE001 - reported, and the run fails by it
            self.errors.append(f"{type(error).__name__}: {error}")
        finally:
            client.close()
            with self._lock:
                self.failures.update(client.failures)

    def _step(self, client: Client, chance: random.Random, number: int, nth: int) -> None:
        book = chance.choice(BOOKS)
        partner = f"7{number:03d}{nth:08d}"
        facts = list(_facts(book, partner, f"{number}-{nth}", many=nth % 3 == 0))
        body: Any = facts if len(facts) > 1 else facts[0]
        answer = client.insist("POST", f"/v1/portfolios/{book}/facts", body)
        self._timed(answer.seconds)
        entry = max(fact["entry"] for fact in answer.body["facts"])
        with self._lock:
            self.acknowledged += [(book, fact["id"]) for fact in facts]
            self.already += sum(f["status"] == "already" for f in answer.body["facts"])
        if self._move:
            client.elsewhere()
        if chance.random() < READ_SHARE:
            path = f"/v1/portfolios/{book}/partners/{partner}/access"
            answer = client.insist("GET", path)
            self._timed(answer.seconds)
            self.reads += 1
            if answer.body["known_at"]["entry"] < entry or answer.body["coverage"] != "known":
                self.stale.append(f"{path}: {answer.body}")
        if chance.random() < SEAL_SHARE:
            client.insist("GET", "/v1/log/checkpoint")

    def _timed(self, seconds: float) -> None:
        self.latencies.append((time.monotonic(), seconds))


def _facts(book: str, partner: str, id: str, *, many: bool) -> Iterator[dict[str, Any]]:
    yield {"fact": "partner-added", "id": f"p-{id}", "owner": book, "partner": partner}
    if many:
        asset = {"asset": {"type": "page", "id": f"9{partner[1:]}"}, "owner": book}
        yield {"fact": "ownership-established", "id": f"o-{id}", **asset}
        yield {
            "fact": "access-granted", "id": f"g-{id}", "partner": partner, "tasks": ["ADVERTISE"],
            **asset,
        }  # fmt: skip
