"""Odd addresses, two keys at once and a damaged store tell nobody of what is another's."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from keys.key import Role
from ledger.stored_bytes import UnreadableEntry
from tests.api.conftest import OTHER, OWNER, PARTNER, Headers, Recorder, knocking

ODD = ["%00", "x%0ay", "%ff", "*", "%2e%2e", "%252e", "9" * 3000]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:8])
def test_what_is_no_portfolio_is_noted_in_no_owners_access_log(
    recorder: Recorder, client: TestClient, auditor: Headers, odd: str
) -> None:
    """It is refused; that the auditor asked is kept for admins, without odd characters."""
    recorder.story()
    answer = client.get(f"/v1/portfolios/{odd}/partners", headers=auditor)
    assert answer.status_code in {404, 422}, answer.text
    told = client.get(f"/v1/portfolios/{OWNER}/access-log").json()["records"]
    assert [record for record in told if record["action"] == "asked"] == []
    kept = client.get("/v1/access-log", headers=auditor).json()["records"]
    assert all(record["detail"].isprintable() for record in kept)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:8])
def test_a_partner_that_asks_oddly_is_refused(
    recorder: Recorder, services: Services, client: TestClient, odd: str
) -> None:
    """Also where the database could not store what it asked as it came."""
    recorder.story()
    headers = knocking(services, Role.PARTNER, OWNER, partner=PARTNER)
    answer = client.get(f"/v1/portfolios/{OWNER}/partners/{odd}/access", headers=headers)
    assert answer.status_code in {404, 422}, answer.text


def test_of_two_keys_at_once_neither_opens(client: TestClient, services: Services) -> None:
    """Whichever comes first: a proxy and the server could otherwise mean different ones."""
    good = client.headers["Authorization"]
    del client.headers["Authorization"]
    for pair in ((good, "Bearer nonsense"), ("Bearer nonsense", good), (good, good)):
        headers = [("Authorization", value) for value in pair]
        assert client.get("/v1/portfolios", headers=headers).status_code == 401
    assert client.get("/v1/portfolios", headers={"Authorization": good}).status_code == 200
    assert services.keys.listed()


def test_an_entry_that_cannot_be_read_is_named_to_auditors_alone(
    client: TestClient, services: Services, auditor: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be of another book than the one that was asked about."""

    def unreadable(*_: Any, **__: Any) -> Any:
        raise UnreadableEntry(OTHER, 7, "its words")

    monkeypatch.setattr(type(services.log), "seal", unreadable)
    mine = client.get("/v1/log/checkpoint")
    assert mine.status_code == 500
    assert OTHER not in mine.text
    assert "its words" not in mine.text
    assert "runs access-ledger verify, which names it" in mine.json()["detail"]
    whole = client.get("/v1/log/checkpoint", headers=auditor)
    assert f"entry 7 of book {OTHER} cannot be read: its words" in whole.json()["detail"]
