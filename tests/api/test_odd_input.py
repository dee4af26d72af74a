"""What a caller may send by mistake or on purpose, and whose fault it is called."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from domain.facts import parse_fact
from tests.api.conftest import OWNER, PARTNER, Recorder

FACTS = f"/v1/portfolios/{OWNER}/facts"
JSON = {"content-type": "application/json"}
SCHEMA = Path(__file__).parents[3] / "shared/vectors/http/rfc9457-problem.schema.json"


def test_a_name_given_twice_in_one_object_is_refused(client: TestClient) -> None:
    """Neither of the two is taken for the one that was meant."""
    body = b'{"fact": "partner-added", "id": "a", "id": "b", "owner": "1"}'
    answer = client.post(FACTS, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "the body is not JSON: 'id' is given twice in one object; give it once"
    )


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_deep_body_is_a_problem_of_the_caller(client: TestClient) -> None:
    """At each depth around the limits of orjson and of Python, and far beyond."""
    for depth in (*range(960, 1030), 100_000):
        for start, end in (
            (b'{"a":', b"}"),
            (b"[", b"]"),
            (b'{"fact":"access-granted","tasks":', b"}"),
        ):
            body = start * depth + b"1" + end * depth
            status = client.post(FACTS, content=body, headers=JSON).status_code
            assert status in {400, 422}, (start, depth)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity", "x"])
def test_a_body_that_is_said_to_be_coded_is_refused(recorder: Recorder, coding: str) -> None:
    """415, whether it is or not: whoever stands in between may read another body than we do."""
    fact = recorder.fact("partner-added", partner="700000000000009")
    answer = recorder.post(fact, headers={"Content-Encoding": coding})
    assert answer.status_code == 415
    assert answer.json()["detail"] == f"content coding {coding}; send the JSON as it is"
    assert recorder.post(fact, headers={"Content-Encoding": "identity"}).status_code == 201


def test_a_fact_without_an_id_is_told_of_both_ways_to_give_one(recorder: Recorder) -> None:
    """An id of its own, or an Idempotency-Key."""
    answer = recorder.post({"fact": "partner-added", "owner": OWNER, "partner": PARTNER})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("or send an Idempotency-Key to stand in for it")


def test_a_parameter_given_twice_is_refused(recorder: Recorder, client: TestClient) -> None:
    """The last one does not win in silence."""
    recorder.story()
    answer = client.get(f"/v1/portfolios/{OWNER}/partners?limit=1&limit=2")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "limit is given more than once; give it once"


def test_the_link_to_the_next_page_does_not_follow_the_host_header(
    recorder: Recorder, client: TestClient
) -> None:
    """It is relative (RFC 8288 section 3.1)."""
    recorder.story()
    url = f"/v1/portfolios/{OWNER}/entries?limit=1"
    link = client.get(url, headers={"host": "elsewhere.example"}).headers["link"]
    assert link.startswith(f"</v1/portfolios/{OWNER}/entries?cursor=")


def test_broken_bytes_in_the_store_are_not_called_the_callers_fault(
    recorder: Recorder, client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 without a trace, where the same error about a body would be 422."""
    recorder.story()

    def broken(*_: object, **__: object) -> Any:
        return parse_fact({"fact": "secret-inside"})

    monkeypatch.setattr(type(services.questions), "partners", broken)
    answer = client.get(f"/v1/portfolios/{OWNER}/partners")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret-inside" not in answer.text


def test_an_answer_to_facts_says_where_they_left_the_book(
    recorder: Recorder, client: TestClient
) -> None:
    """Asked with that number, the book shows the facts; also when they were there already."""
    facts = [recorder.fact("partner-added", partner=f"70000000000000{n}") for n in range(3)]
    assert recorder.post(*facts).json()["known_at"]["entry"] == 3
    again = recorder.post(facts[0])
    assert (again.status_code, again.json()["known_at"]["entry"]) == (200, 3)
    found = client.get(f"/v1/portfolios/{OWNER}/partners", params={"known_at": "3"}).json()
    assert len(found["episodes"]) == 3


@pytest.mark.skipif(not SCHEMA.exists(), reason="the shared vectors are not beside this checkout")
def test_every_problem_has_the_form_of_rfc_9457(recorder: Recorder, client: TestClient) -> None:
    """Whatever the status; and the status in the document is that of the answer."""
    recorder.story()
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    answers = [
        client.get("/nowhere"),
        client.delete(FACTS),
        client.get("/v1/portfolios/123456/partners"),
        client.get("/v1/keys"),
        client.get("/v1/log/keys", headers={"Authorization": "Bearer no"}),
        client.get(f"/v1/portfolios/{OWNER}/partners?limit=0"),
        client.post(FACTS, content=b"{", headers=JSON),
        client.post(FACTS, content=b"{}", headers={"content-type": "text/plain"}),
        client.post(FACTS, content=b" " * 5_000_000, headers=JSON),
        recorder.post(recorder.fact("partner-added", partner=PARTNER)),
    ]
    assert [answer.status_code for answer in answers] == [
        404, 405, 404, 403, 401, 422, 400, 415, 413, 409,
    ]  # fmt: skip
    assert answers[1].headers["allow"] == "POST"
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        validator.validate(answer.json())
