"""Idempotency-Key: an append sent again gives what it gave, and is never written twice."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import Request
from starlette.testclient import TestClient

from api.app import create_app
from api.preconditions import idempotency_key_of
from api.problems import BadRequest
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from domain.refusals import KeyInProgress, KeyReused
from keys.key import Role
from ledger.book import Books
from ledger.idempotency import IdempotencyKey, digest_of
from tests.api.conftest import OTHER, OWNER, PAGE, PARTNER, Recorder, knocking

VECTORS = Path(__file__).parents[3] / "shared/vectors/http"
FACT = {"fact": "partner-added", "owner": OWNER, "partner": PARTNER}
DAY = "2026-03-02T00:00:00Z"


def _key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": f'"{text}"'}


def _entries(client: TestClient) -> list[Any]:
    answer = client.get(f"/v1/portfolios/{OWNER}/entries")
    return list(answer.json()["entries"]) if answer.status_code == 200 else []


def _vectors() -> list[Any]:
    names = ("sf-string.json", "sf-string-generated.json", "sf-item.json")
    return [v for name in names if (VECTORS / name).exists()
            for v in json.loads((VECTORS / name).read_text())]  # fmt: skip


@pytest.mark.parametrize("vector", _vectors(), ids=lambda vector: vector["name"])
def test_a_key_is_a_structured_string_read_strictly(vector: Any) -> None:
    """The vectors of the HTTP working group (RFC 9651); of items, only a string is a key."""
    headers = [(b"idempotency-key", raw.encode("utf-8")) for raw in vector["raw"]]
    request = Request({"type": "http", "headers": headers, "state": {}})
    value = vector.get("expected", [None])[0]
    if vector.get("must_fail") or not isinstance(value, str) or not 1 <= len(value) <= 255:
        with pytest.raises(BadRequest, match=r"^the Idempotency-Key cannot be read: ") as raised:
            idempotency_key_of(request)
        assert raised.value.status == 400
    else:
        assert idempotency_key_of(request) == IdempotencyKey("", value)


@pytest.mark.parametrize(
    "header", ["bare", "12", '"a", "b"', ":YWJj:", '""', '"' + "x" * 256 + '"', '%"abc"', "?1", '"']
)
def test_what_is_no_string_in_quotes_is_told_how_to_be_one(recorder: Recorder, header: str) -> None:
    """400, and nothing is recorded."""
    answer = recorder.post(FACT, headers={"Idempotency-Key": header})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/bad-idempotency-key"
    assert "send one string in quotes of 1 to 255 printable ASCII" in answer.json()["detail"]
    assert _entries(recorder.client) == []


def test_sent_again_it_gives_the_first_result(recorder: Recorder, client: TestClient) -> None:
    """Also once the book has grown, also spelled otherwise; the header says that it is a replay."""
    recorder.story()
    revoked = recorder.fact(
        "access-revoked", partner=PARTNER, asset=PAGE, effective_at="2026-03-05T02:00:00+02:00"
    )
    void = {"fact": "entry-voided", "book": OWNER, "entry": 3, "reason": "wrong page"}
    first = recorder.post(void, {**FACT, "partner": OTHER}, headers=_key("a b"))
    assert first.status_code == 201, first.text
    assert "idempotency-replayed" not in first.headers
    del revoked["id"]
    recorder.post({**FACT, "partner": "700000000000001"}, headers=_key("c"))
    spelled = [{"partner": OTHER, **FACT, "book": OWNER} | {"partner": OTHER}]
    again = recorder.post(void, *spelled, headers=_key("a b"))
    assert again.status_code == 200, again.text
    assert again.headers["idempotency-replayed"] == "true"
    told = first.json()
    for fact in told["facts"]:
        fact["status"] = "already"
    assert again.json() == told
    assert len(_entries(client)) == 6


def test_the_same_key_with_other_facts_is_refused(recorder: Recorder, client: TestClient) -> None:
    """422, also where the facts have ids of their own, or are the same with one more."""
    named = {**FACT, "id": "mine"}
    assert recorder.post(named, headers=_key("k")).status_code == 201
    for other in (
        [{**named, "partner": OTHER, "id": "other"}],
        [named, {**FACT, "partner": OTHER}],
        [FACT],
    ):
        answer = recorder.post(*other, headers=_key("k"))
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/idempotency-key-reused"
        assert answer.json()["detail"] == (
            "the Idempotency-Key 'k' was sent before with other facts; send those again as they "
            "were, or give the new facts a key of their own"
        )
    assert len(_entries(client)) == 1


def test_a_refused_append_uses_up_no_key(recorder: Recorder) -> None:
    """What was refused may be mended and sent with the same key."""
    bad = {"fact": "access-granted", "owner": OWNER, "partner": PARTNER, "asset": PAGE,
           "tasks": ["MANAGE"]}  # fmt: skip
    for _ in range(2):
        assert recorder.post(bad, headers=_key("k")).status_code == 409
    assert recorder.post(FACT, headers=_key("k")).status_code == 201
    assert recorder.post(bad, headers=_key("k")).status_code == 422


def test_a_key_that_wrote_nothing_new_is_bound_all_the_same(recorder: Recorder) -> None:
    """Its append was accepted, though its facts were in the book already."""
    named = {**FACT, "id": "mine"}
    recorder.post(named)
    first = recorder.post(named, headers=_key("k"))
    assert first.status_code == 200
    assert "idempotency-replayed" not in first.headers
    assert recorder.post(named, headers=_key("k")).headers["idempotency-replayed"] == "true"
    assert recorder.post({**FACT, "partner": OTHER}, headers=_key("k")).status_code == 422


def test_each_caller_and_each_book_has_keys_of_its_own(services: Services) -> None:
    """The same text from another caller, or for another book, is another key."""
    books = services.books
    numbers = []
    for caller, owner, partner in (
        ("key_a", OWNER, PARTNER),
        ("key_b", OWNER, OTHER),
        ("key_a", OTHER, PARTNER),
        ("key_a", OWNER, PARTNER),
    ):
        key = IdempotencyKey(caller, "k")
        fact = {"fact": "partner-added", "owner": owner, "partner": partner, "id": key.fact_id(1)}
        receipt = books.handle(owner, [parse_fact(fact)], recorded_by="test", key=key)
        numbers.append((receipt.facts[0].written.entry.number, receipt.replayed))
    assert numbers == [(1, False), (2, False), (1, False), (1, True)]


def test_the_first_request_still_at_work_is_a_conflict(services: Services) -> None:
    """Told to wait, the second learns afterwards what became of the first."""
    books, key = services.books, IdempotencyKey("", "k")
    fact = parse_fact({**FACT, "id": key.fact_id(1)})
    with ThreadPoolExecutor() as pool, books.locked(OWNER):
        first = pool.submit(books.handle, OWNER, [fact], recorded_by="test", key=key)
        while (OWNER, key) not in books._in_hand:
            threading.Event().wait(0.001)
        with pytest.raises(KeyInProgress) as raised:
            books.handle(OWNER, [fact], recorded_by="test", key=key)
        assert str(raised.value) == (
            "a request with the Idempotency-Key 'k' is still being handled; "
            "wait, then send the same again to learn what became of it"
        )
    assert not first.result().replayed
    assert books.handle(OWNER, [fact], recorded_by="test", key=key).replayed


def test_a_conflict_says_when_to_come_back(
    recorder: Recorder, client: TestClient, services: Services
) -> None:
    """409 with Retry-After, and free once the first is done."""
    (key,) = services.keys.listed()
    services.books._in_hand.add((OWNER, IdempotencyKey(key.id, "k")))
    answer = recorder.post(FACT, headers=_key("k"))
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert answer.json()["type"] == "/problems/idempotency-key-in-progress"
    services.books._in_hand.clear()
    assert recorder.post(FACT, headers=_key("k")).status_code == 201
    assert len(_entries(client)) == 1


def test_two_processes_that_take_one_request_at_once_write_it_once(
    settings: Settings, services: Services
) -> None:
    """Each with a state of its own; whichever comes second replays the first."""
    with open_services(settings) as second:
        several: list[Books] = [services.books, second.books]
        for nth in range(20):
            key = IdempotencyKey("", f"k{nth}")
            partner = str(700_000_000_000_000 + nth)
            fact = parse_fact({**FACT, "partner": partner, "id": key.fact_id(1)})
            gate = threading.Barrier(len(several))

            def send(books: Books, fact: Any = fact, key: Any = key, gate: Any = gate) -> Any:
                gate.wait()
                return books.handle(OWNER, [fact], recorded_by="test", key=key)

            with ThreadPoolExecutor() as pool:
                receipts = list(pool.map(send, several))
            assert sorted(receipt.replayed for receipt in receipts) == [False, True]
            assert {r.facts[0].written.entry.number for r in receipts} == {nth + 1}
            assert len({r.outcome for r in receipts}) == 1


def test_entries_and_binding_are_written_together_or_not_at_all(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the binding fails, no entry is there, and the key is free."""
    key = IdempotencyKey("", "k")
    fact = parse_fact({**FACT, "id": key.fact_id(1)})

    def failing(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr("ledger.book.bind", failing)
        with pytest.raises(RuntimeError, match="the power went"):
            services.books.handle(OWNER, [fact], recorded_by="test", key=key)
    assert services.books.books() == {}
    assert not services.books.handle(OWNER, [fact], recorded_by="test", key=key).replayed


STATEMENTS = (
    "UPDATE idempotency_key SET digest = 'x'",
    "DELETE FROM idempotency_key",
    "INSERT OR REPLACE INTO idempotency_key VALUES ('{book}', '', 'k', 'x', 'x')",
    "TRUNCATE idempotency_key",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_binding_cannot_be_changed(
    settings: Settings, services: Services, statement: str
) -> None:
    """Refused by the database itself, to the owner of the table as to anybody."""
    key = IdempotencyKey("", "k")
    fact = parse_fact({**FACT, "id": key.fact_id(1)})
    services.books.handle(OWNER, [fact], recorded_by="test", key=key)
    text = statement.format(book=OWNER)
    if settings.database_url:
        if "REPLACE" in text:
            return
        refused = pytest.raises(psycopg.Error, match="idempotency keys are immutable")
        with psycopg.connect(settings.database_url) as owner, refused:
            owner.execute(text.encode())
    elif "TRUNCATE" not in text:
        denied = pytest.raises(sqlite3.Error, match="idempotency keys are immutable")
        with closing(sqlite3.connect(settings.file)) as file, denied:
            file.execute(text)
    with pytest.raises(KeyReused):
        services.books.handle(
            OWNER, [parse_fact({**FACT, "id": "other"})], recorded_by="test", key=key
        )


def test_the_digest_is_of_the_facts_and_not_of_their_spelling() -> None:
    """Offsets and defaults change nothing; the digest is a durable format, so it is frozen."""
    base = {**FACT, "id": "f1", "book": OWNER, "effective_at": "2026-03-02T09:30:00Z"}
    spelled = {**base, "effective_at": "2026-03-02T11:30:00.000000+02:00", "replaces": None}
    digest = digest_of([parse_fact(base)])
    assert digest == digest_of([parse_fact(spelled)])
    assert digest == "6295af2deb7b0f82be9310610fd554f8eb067e5244b7c348ac7e186e9986dda9"
    assert IdempotencyKey("key_1", "k").fact_id(1) == "key:0875c517d0abecc6b410170f6b2290b8da9296dd"


@pytest.fixture
def lossy(settings: Settings, services: Services) -> Iterator[TestClient]:
    """A server of which every other answer is lost on the way."""
    app = create_app(settings, services)
    lost = iter(range(10**6))

    async def losing(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and next(lost) % 2 == 0:
            await app(scope, receive, _drop)
            raise ConnectionResetError("the answer was lost")
        await app(scope, receive, send)

    with TestClient(losing) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        yield client


async def _drop(_message: Any) -> None:
    """Lose what the app answers."""


def test_a_client_that_retries_blindly_never_writes_twice(lossy: TestClient) -> None:
    """It knows no more than to send the same again until it is answered."""

    def send(body: Any, headers: dict[str, str]) -> Any:
        while True:
            try:
                return lossy.post(f"/v1/portfolios/{OWNER}/facts", json=body, headers=headers)
            except ConnectionResetError:
                continue

    for nth in range(10):
        body = {**FACT, "partner": str(700_000_000_000_000 + nth)}
        answer = send(body, _key(f"k{nth}"))
        assert (answer.status_code, answer.headers["idempotency-replayed"]) == (200, "true")
        named = {**FACT, "partner": str(800_000_000_000_000 + nth), "id": f"f{nth}"}
        answer = send(named, {"If-Match": f'"{2 * nth + 1}"'})
        assert answer.status_code == 200
    assert len(_entries(lossy)) == 20
