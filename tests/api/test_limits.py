"""Limits: how much at once, how long, and how often; each is a setting, and says what to do."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.rates import MAX_NAMES, Buckets, RateLimit
from bootstrap.services import Services, open_database, open_services
from bootstrap.settings import Settings
from keys.key import Role
from ledger.book import Books
from ledger.deadline import TookTooLong, deadline_in
from tests.api.conftest import FORM, OWNER, PARTNER, Recorder, knocking

BOOK = f"/v1/portfolios/{OWNER}"
ENDLESS = {
    "sqlite": "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT MAX(x) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}
TOO_LONG = (
    "the request took longer than the server allows, and was stopped "
    "(ACCESS_LEDGER_REQUEST_SECONDS); ask for less at once, or try again later. Facts may be sent "
    "again as they were: none is written twice"
)


@contextmanager
def _client(settings: Settings, services: Services, **limits: Any) -> Iterator[TestClient]:
    """The app with other limits."""
    limited = settings.model_copy(update=limits)
    with TestClient(create_app(limited, services), raise_server_exceptions=False) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        yield client


def test_an_array_and_a_page_hold_no_more_than_is_set(
    settings: Settings, services: Services
) -> None:
    """422 with the setting and what to do; a page that names no size is as large as may be."""
    with _client(settings, services, max_facts=3, max_page=2) as client:
        recorder = Recorder(client)
        recorder.story()
        facts = [recorder.fact("partner-added", partner=f"70000000000000{n}") for n in range(4)]
        answer = recorder.post(*facts)
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "an array of 4 facts; an append holds 1 to 3 (ACCESS_LEDGER_MAX_FACTS), so send them "
            "in parts",
        )
        answer = client.get(f"{BOOK}/entries?limit=3")
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "limit 3 is more than a page may hold here, which is 2 (ACCESS_LEDGER_MAX_PAGE); ask "
            "for that many, and follow next_cursor",
        )
        assert [e["number"] for e in client.get(f"{BOOK}/entries").json()["entries"]] == [1, 2]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_head_holds_no_more_than_is_set(settings: Settings, services: Services) -> None:
    """One long header, many short ones, or a long query: 431."""
    with _client(settings, services, max_header_bytes=1000) as client:
        for query, headers in (
            ("", {"x-long": "x" * 1000}),
            ("", {f"x-{nth}": "x" for nth in range(300)}),
            ("?at=" + "x" * 1000, {}),
        ):
            answer = client.get(f"{BOOK}/partners{query}", headers=headers)
            assert answer.status_code == 431
            assert answer.json()["type"] == "/problems/head-too-large"
            assert "may hold 1000 (ACCESS_LEDGER_MAX_HEADER_BYTES)" in answer.json()["detail"]


# --- time


def test_a_statement_is_stopped_when_the_time_is_up(settings: Settings) -> None:
    """Within the database; the connection is as good as before."""
    database = open_database(settings, statement_seconds=0.2)
    try:
        began = time.monotonic()
        stopped = pytest.raises(TookTooLong, match=r"^the request took longer")
        with deadline_in(0.2), stopped, database.reading() as connection:
            connection.execute(ENDLESS[database.dialect]).fetchall()
        assert time.monotonic() - began < 5
        with deadline_in(-1), pytest.raises(TookTooLong), database.reading():
            pass
        with database.reading() as connection:
            assert connection.execute("SELECT 1 AS one").fetchone()["one"] == 1
    finally:
        database.close()


def test_a_request_over_its_time_is_answered_and_its_work_stops(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, well before the work would have been done; the next one is served."""

    def endless(books: Books) -> Any:
        with books._database.reading() as connection:
            return connection.execute(ENDLESS[books._database.dialect]).fetchall()

    with (
        open_services(settings, statement_seconds=0.3) as services,
        _client(settings, services, request_seconds=0.3) as client,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(Books, "books", endless)
            began = time.monotonic()
            answer = client.get("/v1/portfolios")
            assert time.monotonic() - began < 5
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["type"] == "/problems/too-slow"
        assert answer.json()["detail"] == TOO_LONG
        assert client.get("/v1/portfolios").status_code == 200


def test_an_append_that_waits_too_long_for_its_book_is_given_up(
    settings: Settings, services: Services
) -> None:
    """It never comes to be written; sent again, it is."""
    with (
        _client(settings, services, request_seconds=0.3) as client,
        ThreadPoolExecutor() as pool,
    ):
        recorder, held, done = Recorder(client), threading.Event(), threading.Event()
        fact = recorder.fact("partner-added", partner=PARTNER)

        def hold() -> None:
            with services.books.locked(OWNER):
                held.set()
                done.wait(30)

        holding = pool.submit(hold)
        held.wait(30)
        answer = recorder.post(fact, headers={"Idempotency-Key": '"k"'})
        done.set()
        holding.result()
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/too-slow")
        assert services.books.books() == {}
        assert recorder.post(fact, headers={"Idempotency-Key": '"k"'}).status_code == 201


# --- rate


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The moment."""
        return self.now


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 100),
    pauses=st.lists(st.floats(0, 10), max_size=200),
)
def test_no_span_lets_more_through_than_its_burst_and_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    """And whoever waits as long as told is let through."""
    clock = Time()
    buckets = Buckets(rate, burst, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = buckets.wait("a")
        if wait == 0:
            buckets.take("a")
            taken.append(clock.now)
            first = taken[0]
            assert len(taken) <= burst + (clock.now - first) * rate + 1e-6
        else:
            clock.now += wait * (1 + 1e-9) + 1e-9
            assert buckets.wait("a") == 0
        assert buckets.wait("b") == 0, "one caller's bucket is not another's"


def test_so_many_callers_are_kept_in_mind_and_no_more() -> None:
    """A flood of names costs no memory without end."""
    buckets = Buckets(1, 1, Time())
    for nth in range(MAX_NAMES + 100):
        buckets.take(str(nth))
    assert len(buckets._held) == MAX_NAMES


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_who_asks_too_often_is_told_when_to_come_back(
    settings: Settings, services: Services
) -> None:
    """429 with Retry-After, and nothing is recorded; without a rate there is no limit."""
    with _client(settings, services, rate_per_second=0.01, rate_burst=3) as client:
        for _ in range(3):
            assert client.get("/livez").status_code == 200
        recorder = Recorder(client)
        answer = recorder.post(recorder.fact("partner-added", partner=PARTNER))
        assert answer.status_code == 429
        assert 98 <= int(answer.headers["retry-after"]) <= 100
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].startswith(
            "this key or address has asked more often than it may (ACCESS_LEDGER_RATE_PER_SECOND, "
            "ACCESS_LEDGER_FAILED_KEYS_PER_MINUTE); nothing was recorded: try again in "
        )
        assert services.books.books() == {}
    with _client(settings, services, rate_per_second=0, rate_burst=1) as client:
        assert {client.get("/livez").status_code for _ in range(5)} == {200}


class Door:
    """An app that knows two secrets of one key, and lets no other in."""

    class Key:
        """A key that was accepted."""

        id = "key_1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or let in."""
        request = Request(scope)
        good = request.headers.get("authorization") in {"Bearer one", "Bearer two"}
        if good:
            request.state.key = self.Key()
        await PlainTextResponse("", 200 if good else 401)(scope, receive, send)


def _get(client: TestClient, secret: str) -> int:
    return client.get("/", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_wrong_keys_have_a_smaller_budget_that_shuts_nobody_else_out() -> None:
    """Guessing ends at the budget; keys that were accepted from the same address go on."""
    limits = Settings(rate_per_second=100, rate_burst=100, failed_keys_per_minute=5)
    client = TestClient(RateLimit(Door(), limits))
    assert _get(client, "one") == 200
    assert [_get(client, f"guess-{nth}") for nth in range(7)] == [401] * 5 + [429] * 2
    assert _get(client, "one") == 200
    assert _get(client, "two") == 429, "a key never seen before is not looked at"
    assert client.get("/").status_code == 401, "without a key nothing was guessed"


def test_the_rate_is_the_keys_whatever_its_secret() -> None:
    """While a key is rotated it has two secrets, and one bucket."""
    limits = Settings(rate_per_second=0.001, rate_burst=4, failed_keys_per_minute=0)
    client = TestClient(RateLimit(Door(), limits))
    assert _get(client, "one") == _get(client, "two") == 200  # known by the address until now
    statuses = [_get(client, ("one", "two")[nth % 2]) for nth in range(6)]
    assert statuses == [200] * 4 + [429] * 2


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_keys_tried_at_the_sign_in_use_up_the_same_budget(
    settings: Settings, services: Services
) -> None:
    """The form is shown all the same, and keys that were accepted go on."""
    with _client(settings, services, failed_keys_per_minute=5) as client:
        assert client.get("/v1/portfolios").status_code == 200

        def sign_in(key: str) -> int:
            return client.post("/pages/sign-in", content=f"key={key}", headers=FORM).status_code

        assert [sign_in(f"al_live_{nth}") for nth in range(7)] == [401] * 5 + [429] * 2
        assert client.get("/pages/sign-in").status_code == 200
        assert client.get("/v1/portfolios").status_code == 200


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_session_has_the_rate_of_its_key(settings: Settings, services: Services) -> None:
    """Whoever asks pages and the API with one key has one bucket."""
    with _client(settings, services, rate_per_second=0.001, rate_burst=4) as client:
        secret = client.headers["Authorization"].removeprefix("Bearer ")
        client.follow_redirects = False
        client.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
        paths = ("/pages/books.json", "/v1/portfolios")
        assert [client.get(path).status_code for path in paths] == [200] * 2  # by the address
        statuses = [client.get(paths[nth % 2]).status_code for nth in range(6)]
        assert statuses == [200] * 4 + [429] * 2
