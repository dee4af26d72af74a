"""Errors of the pages: they keep the question, and lead on; and what is sought is found."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.session import COOKIE, sign_in_address
from bootstrap.services import Services
from bootstrap.settings import Settings
from keys.key import Role
from ledger.store_errors import StoreUnavailable
from tests.api.conftest import FORM, OWNER, Recorder, SignIn

ACCOUNT = {"type": "ad_account", "id": "230118476602935", "name": "Spring SALE"}
ASKED = "at=2026-03-05&known_at=4"


@pytest.fixture
def reader(browser: TestClient, sign_in: SignIn, recorder: Recorder) -> TestClient:
    """A browser that is signed in with a reader's key, on a book with an ad account."""
    recorder.story()
    recorder.post(recorder.fact("ownership-established", asset=ACCOUNT))
    sign_in(Role.READER, OWNER)
    return browser


@pytest.mark.parametrize("sought", ["act_230118476602935", "2301184", "spring sale", " SALE "])
def test_an_asset_is_found_by_any_part_of_its_name_or_id(reader: TestClient, sought: str) -> None:
    found = reader.get(f"/pages/{OWNER}/search.json", params={"q": sought}).json()
    assert [asset["id"] for asset in found["assets"]] == [ACCOUNT["id"]]


@pytest.mark.parametrize("path", ["entries/999", "assets/no such type/1/timeline"])
def test_what_is_not_there_leads_to_the_search_at_the_same_moments(
    reader: TestClient, path: str
) -> None:
    answer = reader.get(f"/pages/{OWNER}/{path}?{ASKED}")
    assert answer.status_code == 404
    (form,) = re.findall(
        rf'<form[^>]*action="/pages/{OWNER}/search">.*?</form>', answer.text, re.DOTALL
    )
    assert 'name="at" value="2026-03-05"' in form
    assert 'name="known_at" value="4"' in form


def test_a_store_that_does_not_answer_is_asked_again_by_one_click(
    reader: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is, is told on the same machine alone."""

    def away(*_: object) -> None:
        raise StoreUnavailable("db.internal:5432", "refused")

    monkeypatch.setattr(type(services.questions), "clocks", away)
    answer = reader.get(f"/pages/{OWNER}/matrix?type=page&{ASKED}")
    assert answer.status_code == 503
    assert "the database does not answer" in answer.text
    assert "db.internal" not in answer.text
    (again,) = re.findall(r'href="([^"]+)">Ask the same again', answer.text)
    assert html.unescape(again) == f"/pages/{OWNER}/matrix?type=page&{ASKED}"


@contextmanager
def limited(settings: Settings, services: Services, **limits: Any) -> Iterator[TestClient]:
    """A browser of a server with other limits."""
    app = create_app(settings.model_copy(update=limits), services)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


def refused(client: TestClient, status: int) -> Any:
    """What a client is told that asks too much of each kind; the data beside it is no page."""
    match status:
        case 413:
            return client.post("/pages/sign-in", content="key=" + "x" * 2000, headers=FORM)
        case 431:
            return client.get("/pages/sign-in", headers={"x-long": "x" * 3000})
    client.get("/pages/sign-in")
    assert client.get("/pages/books.json").headers["content-type"] == "application/problem+json"
    return client.get("/pages/sign-in?next=/pages/verify")


@pytest.mark.parametrize(
    ("status", "onward"),
    [(413, "/pages/sign-in"), (429, "/pages/sign-in?next=/pages/verify"), (431, "/pages/")],
)
def test_what_the_server_refuses_before_a_page_is_asked_is_a_page(
    settings: Settings, services: Services, status: int, onward: str
) -> None:
    """With the policy of the pages, and what else the refusal tells a client."""
    limits = {"max_body_bytes": 1000, "max_header_bytes": 2000, "rate_per_second": 0.01}
    with limited(settings, services, **limits, rate_burst=1) as client:
        answer = refused(client, status)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script")
    assert answer.headers["cache-control"] == "private, no-store"
    assert ("retry-after" in answer.headers) == (status == 429)
    assert "ACCESS_LEDGER_" in re.findall(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[0]
    assert f'<a href="{onward}">' in answer.text


def test_who_had_a_session_is_told_that_it_ended(browser: TestClient) -> None:
    """But not who comes for the first time, or asks for the form."""
    ended = "Your session has ended"
    assert ended not in browser.get("/pages/sign-in?next=/pages/").text
    browser.cookies.set(COOKIE, "of another process", path="/pages")
    assert ended not in browser.get("/pages/sign-in").text
    assert ended in browser.get(browser.get("/pages/").headers["location"]).text


def test_a_type_that_was_not_known_then_leads_to_every_type(reader: TestClient) -> None:
    answer = reader.get(f"/pages/{OWNER}/matrix?type=ad_account&at=2026-03-05&known_at=3")
    assert answer.status_code == 422
    (onward,) = re.findall(r'<a href="([^"]+)">Every type of asset', answer.text)
    assert reader.get(html.unescape(onward)).status_code == 200


def test_an_odd_id_is_still_in_the_address_that_a_sign_in_leads_back_to() -> None:
    path = f"/pages/{OWNER}/assets/custom/a%41?#b/timeline"
    scope = {"type": "http", "path": path, "query_string": b"at=2026-03-05", "headers": []}
    asked = f"{quote(path)}?at=2026-03-05"
    assert sign_in_address(Request(scope)) == f"/pages/sign-in?next={quote(asked, safe='')}"


def test_what_is_there_is_not_said_to_be_missing(browser: TestClient) -> None:
    answer = browser.head("/pages/sign-in")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_the_address_without_its_last_slash_leads_to_the_pages(browser: TestClient) -> None:
    assert browser.get("/pages").headers["location"] == "/pages/"
