"""The ledger equals a model, whatever clients, retries and crashes do to it.

Clients send facts from threads of their own to a real server, which is killed at any moment;
whoever hears no answer sends the same again, blindly. The model knows what was acknowledged.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import httpx2
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bootstrap.services import all_migrations, open_database, open_services
from bootstrap.settings import Settings
from ledger.migrate import migrate
from tests.api.served import Server, recorders_key
from tests.conftest import _TEMPLATE, _postgres_database
from tests.depth import tries

BOOKS = ("506914307656634", "506914307656635")
PARTNERS = [str(700_000_000_000_000 + nth) for nth in range(6)]
UNLIMITED = {"ACCESS_LEDGER_RATE_PER_SECOND": "0"}
RETRY_SECONDS = 30
EXAMPLES = tries(12)
"""Each run starts a server, and most start it again after a crash; more runs find more."""


@dataclass(frozen=True)
class Sent:
    """A request as a client sends it, the first time and every time."""

    book: str
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """What the client heard in the end."""

    status: int
    told: Any


class BlindClient:
    """Sends until it is answered, and knows nothing of what became of what it sent before."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = httpx2.Client(timeout=10, headers={"Authorization": server.authorization})
        self.tries = 0

    def send(self, sent: Sent) -> Answered:
        """The answer; after a lost one, a server that is away or one that is busy: again."""
        end = time.monotonic() + RETRY_SECONDS
        while True:
            self.tries += 1
            try:
                answer = self.client.post(
                    f"{self.server.address}/v1/portfolios/{sent.book}/facts",
                    json=sent.body,
                    headers=sent.headers,
                )
            except httpx2.TransportError:
                assert time.monotonic() < end, "the server did not come back"
                time.sleep(0.02)
                continue
            busy = answer.status_code == 409 and "retry-after" in answer.headers
            if answer.status_code != 503 and not busy:
                return Answered(answer.status_code, answer.json())
            assert time.monotonic() < end, answer.text
            time.sleep(0.05)

    def entries(self, book: str) -> list[Any]:
        """The book as the server shows it."""
        answer = self.client.get(
            f"{self.server.address}/v1/portfolios/{book}/entries", params={"limit": 1000}
        )
        return list(answer.json()["entries"]) if answer.status_code == 200 else []


def fact(kind: str, book: str, partner: str, **more: Any) -> dict[str, Any]:
    """A fact about a partner of the book's own portfolio."""
    return {"fact": kind, "owner": book, "partner": partner, **more}


class Ledger(RuleBasedStateMachine):
    """Clients, a server that dies, and a model of what they were told."""

    fresh: ClassVar[Callable[[], AbstractContextManager[Settings]]]
    """A new ledger for each run."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.settings = self.stack.enter_context(type(self).fresh())
        self.server = Server(self.settings, **UNLIMITED)
        self.server.key = recorders_key(self.settings, *BOOKS)
        self.server.start()
        self.client = BlindClient(self.server)
        self.count = 0
        self.known: dict[str, list[Any]] = {book: [] for book in BOOKS}
        """Each entry as it was first seen; it never changes."""
        self.partners: dict[str, set[str]] = {book: set() for book in BOOKS}
        self.accepted: list[tuple[Sent, list[int]]] = []

    def teardown(self) -> None:
        """Stop the server, and hold the files to what was seen."""
        with self.stack:
            self.server.stop()
            self.client.client.close()
            self._hold_to_what_was_seen()

    def _hold_to_what_was_seen(self) -> None:
        with open_services(self.settings) as services:
            assert services.books.books() == {b: len(k) for b, k in self.known.items() if k}
            for book, known in self.known.items():
                written = [w.entry.event.id for w in services.books.entries(book)]
                assert written == [entry["event"]["id"] for entry in known]

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _sent(self, book: str, partner: str, *, keyed: bool, size: int) -> Sent:
        """An append that adds a partner, and perhaps removes and adds it again."""
        kinds = ["partner-added", "partner-removed", "partner-added"][:size]
        if partner in self.partners[book]:
            kinds = ["partner-removed", "partner-added", "partner-removed"][:size]
        nth = self._next()
        facts = [fact(kind, book, partner) for kind in kinds]
        if keyed:
            return Sent(book, facts, {"Idempotency-Key": f'"{nth}"'})
        for place, stated in enumerate(facts):
            stated["id"] = f"f{nth}-{place}"
        return Sent(book, facts)

    def _take(self, sent: Sent, answered: Answered) -> None:
        """Hold an accepted append to the model, and bring the model up to date."""
        assert answered.status in {200, 201}, answered
        numbers = [taken["entry"] for taken in answered.told["facts"]]
        self.accepted.append((sent, numbers))
        for stated in sent.body:
            partners = self.partners[sent.book]
            change = partners.add if stated["fact"] == "partner-added" else partners.remove
            change(stated["partner"])

    @rule(
        book=st.sampled_from(BOOKS),
        partner=st.sampled_from(PARTNERS),
        keyed=st.booleans(),
        size=st.integers(1, 3),
        times=st.integers(1, 3),
    )
    def append(self, book: str, partner: str, *, keyed: bool, size: int, times: int) -> None:
        """One client, which may send the same more than once though it was answered."""
        sent = self._sent(book, partner, keyed=keyed, size=size)
        answers = [self.client.send(sent) for _ in range(times)]
        assert len({str(a.told["facts"][0]["entry"]) for a in answers}) == 1
        self._take(sent, answers[0])

    @rule(
        book=st.sampled_from(BOOKS),
        partners=st.lists(st.sampled_from(PARTNERS), min_size=2, max_size=4, unique=True),
        keyed=st.booleans(),
        twice=st.booleans(),
        kill_after_ms=st.sampled_from([None, None, 0, 3, 10, 30]),
    )
    def append_at_once(
        self,
        book: str,
        partners: list[str],
        *,
        keyed: bool,
        twice: bool,
        kill_after_ms: int | None,
    ) -> None:
        """Several clients at once, each perhaps in two threads, and perhaps a crash among them."""
        wanted = [self._sent(book, partner, keyed=keyed, size=1) for partner in partners]
        copies = 2 if twice else 1
        with ThreadPoolExecutor(len(wanted) * copies) as pool:
            running: list[list[Future[Answered]]] = [
                [pool.submit(self.client.send, sent) for _ in range(copies)] for sent in wanted
            ]
            if kill_after_ms is not None:
                time.sleep(kill_after_ms / 1000)
                self.server.kill()
                self.server.start()
            for sent, futures in zip(wanted, running, strict=True):
                answers = [future.result() for future in futures]
                assert len({str(a.told["facts"][0]["entry"]) for a in answers}) == 1, answers
                self._take(sent, answers[0])

    @rule(
        book=st.sampled_from(BOOKS), partners=st.permutations(PARTNERS), clients=st.integers(2, 3)
    )
    def append_after_what_was_seen(self, book: str, partners: list[str], clients: int) -> None:
        """Of several clients that saw the same newest entry, one records; the others hear so."""
        condition = {"If-Match": f'"{len(self.known[book])}"'}
        wanted = [
            Sent(sent.book, sent.body, condition)
            for sent in (
                self._sent(book, partner, keyed=False, size=1) for partner in partners[:clients]
            )
        ]
        with ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(self.client.send, wanted))
        assert sorted(answer.status for answer in answers) == [201] + [412] * (clients - 1)
        for sent, answer in zip(wanted, answers, strict=True):
            if answer.status == 201:
                self._take(sent, answer)

    @rule(book=st.sampled_from(BOOKS), keyed=st.booleans())
    def append_what_is_refused(self, book: str, *, keyed: bool) -> None:
        """Nothing of it is written, however often it is sent."""
        good = self._sent(book, PARTNERS[0], keyed=keyed, size=1)
        nobody = fact("partner-removed", book, "999999999999999")
        bad = [*good.body, nobody if keyed else {**nobody, "id": f"bad{self._next()}"}]
        for _ in range(2):
            assert self.client.send(Sent(book, bad, good.headers)).status == 409

    @rule(data=st.data())
    def send_an_old_append_again(self, data: st.DataObject) -> None:
        """Long after, and whatever came since: the entries are those of the first time."""
        if not self.accepted:
            return
        sent, numbers = data.draw(st.sampled_from(self.accepted))
        answer = self.client.send(sent)
        assert answer.status == 200, answer
        assert [taken["entry"] for taken in answer.told["facts"]] == numbers

    @invariant()
    def the_ledger_equals_the_model(self) -> None:
        """Each accepted fact is one entry, no other entry is there, and none ever changed."""
        for book in BOOKS:
            shown = self.client.entries(book)
            known = self.known[book]
            assert shown[: len(known)] == known
            self.known[book] = shown
            numbers = [n for sent, of in self.accepted if sent.book == book for n in of]
            assert sorted(numbers) == [entry["number"] for entry in shown]
            assert [entry["number"] for entry in shown] == list(range(1, len(shown) + 1))
            if shown:
                self._partners_equal_the_model(book)

    def _partners_equal_the_model(self, book: str) -> None:
        found = self.client.client.get(
            f"{self.server.address}/v1/portfolios/{book}/partners", params={"limit": 1000}
        ).json()["episodes"]
        now = {e["partner"] for e in found if e["window"]["to"] is None}
        assert now == self.partners[book]


@contextmanager
def _sqlite() -> Iterator[Settings]:
    with TemporaryDirectory() as folder:
        settings = Settings(file=Path(folder) / "ledger.db")
        with closing(open_database(settings)) as database:
            migrate(database, all_migrations(database))
        yield settings


def _run(fresh: Callable[[], AbstractContextManager[Settings]], examples: int) -> None:
    machine: Any = type("Machine", (Ledger,), {"fresh": staticmethod(fresh)})
    profile = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)


def test_an_sqlite_ledger_equals_the_model_through_retries_and_crashes() -> None:
    """Facts acknowledged are the facts found, once each."""
    _run(_sqlite, EXAMPLES)


def test_a_postgresql_ledger_equals_the_model_through_retries_and_crashes(
    postgres_server: str,
) -> None:
    """The same on the other database, in fewer runs."""
    _run(lambda: _postgres_database(postgres_server, _TEMPLATE), max(1, EXAMPLES // 2))


def test_a_client_that_retries_through_kills_never_writes_twice() -> None:
    """As a script would do it: a client in a loop, a server that dies under it again and again."""
    with _sqlite() as settings, ThreadPoolExecutor(1) as pool:
        server = Server(settings, **UNLIMITED)
        server.key = recorders_key(settings, *BOOKS)
        server.start()
        client = BlindClient(server)
        running = True

        def record() -> list[str]:
            book, nth = BOOKS[0], 0
            acknowledged = []
            while running:
                partner = str(800_000_000_000_000 + nth)
                body = fact("partner-added", book, partner)
                answer = client.send(Sent(book, body, {"Idempotency-Key": f'"try-{nth}"'}))
                assert answer.status in {200, 201}, answer
                acknowledged.append(partner)
                nth += 1
            return acknowledged

        recording = pool.submit(record)
        for nth in range(10):
            time.sleep(0.2 + nth / 100)
            server.kill()
            server.start()
        running = False
        acknowledged = recording.result(timeout=60)
        server.stop()
        client.client.close()
        with open_services(settings) as services:
            found = [w.entry.event for w in services.books.entries(BOOKS[0])]
    assert [getattr(event, "partner", None) for event in found] == acknowledged
    assert client.tries > len(acknowledged), "no request was cut off"
