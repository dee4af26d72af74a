"""ETag, If-Match, If-None-Match and Cache-Control: how long an answer holds (RFC 9110, 9111)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from domain.refusals import BookMovedOn
from projections.questions import Questions
from tests.api.conftest import OTHER, OWNER, PARTNER, Recorder
from tests.conftest import TestClock

BOOK = f"/v1/portfolios/{OWNER}"
NOON = datetime(2999, 6, 30, 12, tzinfo=UTC)
CHECK_FIRST, FOR_EVER = "private, no-cache", "private, max-age=31536000, immutable"
AT = "at=2026-06-01T00:00:00Z"
SPAN = "2026-03-01T00:00:00Z/2026-06-01T00:00:00Z"

VALIDATORS = [
    ("access-matrix", 'W/"3.2999-06-30"', CHECK_FIRST),
    ("access-matrix?known_at=3", 'W/"3.2999-06-30"', CHECK_FIRST),
    (f"access-matrix?{AT}", '"3"', CHECK_FIRST),
    (f"access-matrix?{AT}&known_at=2999-06-30T12:00:01Z", '"3"', CHECK_FIRST),
    (f"access-matrix?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"access-matrix?{AT}&known_at=2", '"0"', FOR_EVER),
    (f"assets/page/104857600219483/access?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"assets/page/104857600219483/access?during={SPAN}&known_at=3", '"3"', FOR_EVER),
    (f"assets/page/104857600219483/access?during={SPAN}", '"3"', CHECK_FIRST),
    ("assets/page/104857600219483/owner", 'W/"3.2999-06-30"', CHECK_FIRST),
    (f"assets/page/104857600219483/timeline?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"ownership?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"partners?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"partners/{PARTNER}/access?{AT}&known_at=3", '"3"', FOR_EVER),
    (f"partners/{PARTNER}/offboarding", 'W/"3.2999-06-30"', CHECK_FIRST),
    (f"partners/{PARTNER}/timeline?{AT}&known_at=3", '"3"', FOR_EVER),
    ("entries", '"3"', CHECK_FIRST),
    ("entries?known_at=3", '"3"', FOR_EVER),
    ("anomalies?known_at=3", '"3"', FOR_EVER),
    ("diff?from_known=0&to_known=3", 'W/"0-3.2999-06-30"', CHECK_FIRST),
    (f"diff?from_known=0&to_known=3&{AT}", '"0-3"', FOR_EVER),
    (f"diff?from_known=0&to_known=2999-06-30T12:00:01Z&{AT}", '"0-3"', CHECK_FIRST),
    ("diff?from=2026-03-01T00:00:00Z&to=2026-06-01T00:00:00Z", '"3-3"', CHECK_FIRST),
    ("diff?from=2026-03-01T00:00:00Z&to=2026-06-01T00:00:00Z&known_at=3", '"3-3"', FOR_EVER),
]


@pytest.fixture
def told(recorder: Recorder, clock: TestClock) -> Recorder:
    """A book of three entries, at noon of a known day."""
    recorder.story()
    clock.set_to = NOON  # after recording, which PostgreSQL refuses to a clock that is astray
    return recorder


def test_every_answer_about_a_book_has_its_validator(told: Recorder) -> None:
    """Strong where the bytes come again, immutable where both clocks are pinned; 304 by it."""
    client = told.client
    for path, tag, keep in VALIDATORS:
        answer = client.get(f"{BOOK}/{path}")
        assert answer.status_code == 200, answer.text
        told_of = (answer.headers["etag"], answer.headers["cache-control"])
        assert told_of == (tag, keep), path
        assert "authorization" in answer.headers["vary"].lower()
        if not tag.startswith("W/"):
            assert client.get(f"{BOOK}/{path}").content == answer.content
        for condition in (tag, f'"x", {tag}', "*", tag.removeprefix("W/"), f'W/"x",{tag}'):
            same = client.get(f"{BOOK}/{path}", headers={"If-None-Match": condition})
            assert (same.status_code, same.content) == (304, b""), (path, condition)
            assert (same.headers["etag"], same.headers["cache-control"]) == (tag, keep)
            assert "authorization" in same.headers["vary"].lower()
        for condition in ('"x"', "nonsense", "", '"3'):
            other = client.get(f"{BOOK}/{path}", headers={"If-None-Match": condition})
            assert other.status_code == 200, (path, condition)


def test_an_answer_of_now_holds_until_the_book_grows_or_the_day_ends(
    told: Recorder, clock: TestClock
) -> None:
    """Promised ends fall due with the day; nothing else changes by itself."""
    path = f"{BOOK}/access-matrix"
    tag = told.client.get(path).headers["etag"]

    def status() -> int:
        return int(told.client.get(path, headers={"If-None-Match": tag}).status_code)

    clock.set_to = datetime(2999, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert status() == 304
    clock.set_to = datetime(2999, 7, 1, tzinfo=UTC)
    assert status() == 200
    clock.set_to = None
    assert told.post(told.fact("partner-added", partner=OTHER)).status_code == 201
    clock.set_to = NOON
    assert status() == 200


def test_a_cursor_keeps_its_pages_for_ever(told: Recorder) -> None:
    """It holds both moments of the walk."""
    first = told.client.get(f"{BOOK}/entries?limit=1").json()
    page = told.client.get(f"{BOOK}/entries", params={"cursor": first["next_cursor"]})
    assert page.headers["cache-control"] == FOR_EVER


def test_an_answer_at_hand_is_not_worked_out_again(
    told: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moments are resolved, and no more is read."""

    def worked_out(*_: object, **__: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(Questions, "matrix_at", worked_out)
    path = f"{BOOK}/access-matrix?{AT}"
    assert told.client.get(path, headers={"If-None-Match": '"3"'}).status_code == 304
    assert told.client.get(path, headers={"If-None-Match": '"2"'}).status_code == 500


def test_what_is_no_answer_about_a_book_is_not_kept(told: Recorder, clock: TestClock) -> None:
    """Errors and what was recorded are not stored; the rest is checked first."""
    client, clock.set_to = told.client, None
    assert client.get("/v1/portfolios").headers["cache-control"] == CHECK_FIRST
    missing = client.get("/v1/portfolios/123456/partners", headers={"If-None-Match": "*"})
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    written = told.post(told.fact("partner-added", partner=OTHER))
    assert written.headers["etag"] == '"4"'
    assert written.headers["cache-control"] == CHECK_FIRST


def test_if_match_records_only_after_the_entry_that_was_seen(
    told: Recorder, clock: TestClock
) -> None:
    """412 with what to do next; a tag that is weak, of another form or too small never matches."""
    clock.set_to = None
    fact = told.fact("partner-added", partner=OTHER)
    for condition in ('"2"', '"4"', 'W/"3"', '"x"', '"03"', '"2", "4"', '"3.2999-06-30"'):
        answer = told.post(fact, headers={"If-Match": condition})
        assert answer.status_code == 412, condition
        assert answer.json()["type"] == "/problems/book-moved-on"
    assert told.post(fact, headers={"If-Match": '"2"'}).json()["detail"] == (
        f"the newest entry of book {OWNER} is 3, and If-Match asks for 2; nothing was recorded: "
        "read what was added, then send the facts with the new number"
    )
    for condition in ("3", "nonsense", '"3', ""):
        answer = told.post(fact, headers={"If-Match": condition})
        assert answer.status_code == 400, condition
        assert answer.json()["detail"].startswith("If-Match cannot be read; send the number")
    written = told.post(fact, headers={"If-Match": '"2", "3"'})
    assert (written.status_code, written.headers["etag"]) == (201, '"4"')
    again = told.post(fact, headers={"If-Match": '"3"'})
    assert again.status_code == 200, "what was recorded already is answered as it was"


def test_if_match_of_an_empty_book_is_nought(recorder: Recorder) -> None:
    """The first fact of a book, once; a star asks for any entry at all."""
    fact = recorder.fact("partner-added", partner=PARTNER)
    assert recorder.post(fact, headers={"If-Match": "*"}).status_code == 412
    assert recorder.post(fact, headers={"If-Match": '"0"'}).status_code == 201
    other = recorder.fact("partner-added", partner=OTHER)
    assert recorder.post(other, headers={"If-Match": '"0"'}).status_code == 412
    assert recorder.post(other, headers={"If-Match": "*"}).status_code == 201


def test_of_two_appends_after_one_entry_one_is_written(
    settings: Settings, services: Services
) -> None:
    """Judged within the append: two processes that saw the same entry cannot both go on from it."""
    with open_services(settings) as second:
        for nth in range(20):
            gate = threading.Barrier(2)

            def send(books: Any, name: str, nth: int = nth, gate: Any = gate) -> bool:
                partner = str(700_000_000_000_000 + nth * 10 + len(name))
                fact = parse_fact({"fact": "partner-added", "owner": OWNER, "partner": partner,
                                   "id": f"{name}{nth}"})  # fmt: skip
                gate.wait()
                try:
                    books.handle(OWNER, [fact], recorded_by="test", only_after=[nth])
                except BookMovedOn:
                    return False
                return True

            with ThreadPoolExecutor() as pool:
                wrote = list(pool.map(send, (services.books, second.books), ("a", "bb")))
            assert sorted(wrote) == [False, True]
    assert services.books.books() == {OWNER: 20}


def test_the_document_tells_of_both(client: TestClient) -> None:
    """304 on each question, 412 on recording, with the headers that ask for them."""
    paths = client.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            asks = path.startswith("/v1/portfolios/{book}") and method == "get"
            if asks and not path.endswith("/access-log"):  # which grows by being read
                assert "304" in operation["responses"], path
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert "If-None-Match" in names, path
    recording = paths["/v1/portfolios/{book}/facts"]["post"]
    assert {"408", "409", "412", "413", "429"} <= recording["responses"].keys()
    names = {parameter["name"] for parameter in recording["parameters"]}
    assert {"Idempotency-Key", "If-Match"} <= names
