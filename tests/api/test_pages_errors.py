"""Errors of the pages: they keep the question, and lead on; and what is sought is found."""

import html
import re

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from keys.key import Role
from ledger.store_errors import StoreUnavailable
from tests.api.conftest import OWNER, Recorder, SignIn

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
