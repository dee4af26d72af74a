"""Recording over HTTP: what is accepted, what is refused, and the words in which it is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import OTHER, OWNER, PAGE, PARTNER, Recorder


def test_a_fact_is_written_once_and_answered_the_same_for_ever(recorder: Recorder) -> None:
    """201 the first time, 200 after that, and 409 for the same id with other content."""
    fact = recorder.fact("partner-added", partner=PARTNER)
    first, second = recorder.post(fact), recorder.post(fact)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["facts"][0]["entry"] == second.json()["facts"][0]["entry"] == 1
    other = recorder.post({**fact, "partner": OTHER})
    assert other.status_code == 409
    assert other.json()["detail"] == (
        "the fact id 'f1' is taken by entry 1, with other content; give the new fact an id of its "
        "own, or void and replace that entry"
    )


def test_the_idempotency_key_stands_in_for_an_id(recorder: Recorder) -> None:
    """The id follows from it, so it is the same when the fact is sent again."""
    fact = {"fact": "partner-added", "owner": OWNER, "partner": PARTNER}
    answer = recorder.post(fact, headers={"Idempotency-Key": '"key-1"'})
    assert re.fullmatch(r"key:[0-9a-f]{40}", answer.json()["facts"][0]["id"])
    again = recorder.post(fact, headers={"Idempotency-Key": '"key-1"'})
    assert again.status_code == 200


def test_an_array_is_written_or_refused_as_a_whole(recorder: Recorder, client: TestClient) -> None:
    """The refusal names the fact; nothing of the array is in the book."""
    answer = recorder.post(
        recorder.fact("partner-added", partner=PARTNER),
        recorder.fact("access-granted", partner=PARTNER, asset=PAGE, tasks=["MANAGE"]),
    )
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fact_id"] == "f2"
    assert answer.json()["type"] == "/problems/not-the-owner"
    assert client.get(f"/v1/portfolios/{OWNER}/entries").status_code == 404


NOON = "2026-03-02T12:00:00Z"
BAD_FACTS: list[tuple[dict[str, Any], int, str]] = [
    ({"colour": "red"}, 422, "colour is not a field of this fact; leave it out, or check its"),
    ({"effective_at": "2026-03-02T12:00:00"}, 422, "has no offset; write Z or an offset such as"),
    ({"effective_at": "2026-03-02T12:00:00.1234567Z"}, 422, "is finer than a microsecond"),
    ({"partner": 563920174410288}, 422, "is a number; ids are strings, so put it in quotes"),
    ({"tasks": []}, 422, "tasks is empty; name at least one task"),
    ({"partner": OWNER}, 422, "is the owner itself; a partner is another portfolio"),
    ({"effective_at": "2999-01-01T00:00:00Z"}, 409, "is later than the ledger's clock"),
    ({"partner": OTHER}, 409, f"{OTHER} is not a partner of {OWNER} on 2026-03-02T12:00:00"),
    ({"asset": {"type": "page", "id": "999999"}}, 409, "is not known to own page:999999"),
    ({}, 409, "already holds access to page:104857600219483 on 2026-03-02T12:00:00.000000Z"),
    ({"book": OTHER}, 422, f"names book {OTHER}, the address names {OWNER}"),
]


@pytest.mark.parametrize(("fields", "status", "message"), BAD_FACTS)
def test_a_bad_fact_is_answered_in_words_and_loses_nothing(
    recorder: Recorder, fields: dict[str, Any], status: int, message: str
) -> None:
    """What was asked, what stands in the way, what to do next; and nothing was recorded."""
    recorder.story()
    good = recorder.fact(
        "access-granted", partner=PARTNER, asset=PAGE, tasks=["MANAGE"], effective_at=NOON
    )
    answer = recorder.post({**good, **fields})
    assert answer.status_code == status
    assert message in answer.json()["detail"]
    entries = recorder.client.get(f"/v1/portfolios/{OWNER}/entries").json()["entries"]
    assert len(entries) == 3


def test_a_revoke_of_nothing_is_refused(recorder: Recorder) -> None:
    """There is nothing to take away."""
    recorder.story()
    page = {"type": "page", "id": "104857600219484"}
    answer = recorder.post(
        recorder.fact("access-revoked", partner=PARTNER, asset=page, effective_at=NOON)
    )
    assert answer.status_code == 409
    assert "holds no access to page:104857600219484" in answer.json()["detail"]


def test_a_body_of_fifty_megabytes_is_refused_whether_or_not_it_says_so(
    client: TestClient,
) -> None:
    """It is counted as it comes in."""

    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 1_000_000

    url, headers = f"/v1/portfolios/{OWNER}/facts", {"content-type": "application/json"}
    for content in (b" " * 50_000_000, parts()):
        answer = client.post(url, content=content, headers=headers)
        assert answer.status_code == 413
        assert "a body may hold 4000000 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"[" * 5000, b""])
def test_a_body_that_is_not_json_is_a_problem_of_the_caller(
    client: TestClient, body: bytes
) -> None:
    """400, whatever it is."""
    answer = client.post(
        f"/v1/portfolios/{OWNER}/facts", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("the body is not JSON")


def test_the_id_of_a_replacement_void_may_not_be_another_facts(recorder: Recorder) -> None:
    """The void of x's replacement is called x~void, so no fact beside it may have that id."""
    recorder.story()
    partner = recorder.fact("partner-added", partner=OTHER)
    again = recorder.fact("partner-added", partner=PARTNER, effective_at="2026-03-02T00:00:00Z")
    answer = recorder.post({**partner, "id": "x~void"}, {**again, "id": "x", "replaces": 1})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/id-taken"
    assert "'x~void' is taken by another fact of this append" in answer.json()["detail"]


def test_a_replacement_may_bring_its_own_void(recorder: Recorder) -> None:
    """As an export has it: the void stands in the array, under the id it was first given."""
    recorder.story()
    void = {
        "fact": "entry-voided",
        "id": "x~void",
        "book": OWNER,
        "entry": 1,
        "reason": "replaced by x",
    }
    again = recorder.fact("partner-added", partner=PARTNER, effective_at="2026-03-02T00:00:00Z")
    answer = recorder.post(void, {**again, "id": "x", "replaces": 1})
    assert answer.status_code == 201, answer.text
    assert [fact["entry"] for fact in answer.json()["facts"]] == [4, 5]
