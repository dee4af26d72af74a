"""A client of the app on a ledger of either kind."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import Services
from bootstrap.settings import Settings
from keys.key import NewKey, Role

OWNER, PARTNER, OTHER = "506914307656634", "563920174410288", "600000000000001"
PAGE = {"type": "page", "id": "104857600219483", "name": "Front page"}


FORM = {"content-type": "application/x-www-form-urlencoded"}

Headers = dict[str, str]
SignIn = Callable[..., str]

_names = count(1)


def knocking(services: Services, role: Role, *books: str, partner: str | None = None) -> Headers:
    """The headers of a request with a new key."""
    new = NewKey(name=f"k{next(_names)}", role=role, books=frozenset(books), partner=partner)
    return {"Authorization": f"Bearer {services.keys.create(new)[1]}"}


@pytest.fixture
def client(settings: Settings, services: Services) -> Iterator[TestClient]:
    """The app on a fresh ledger, asked with a key that writes and reads the owner's book."""
    app = create_app(settings, services)
    here = ("127.0.0.1", 50_000)
    with TestClient(app, raise_server_exceptions=False, client=here) as opened:
        opened.headers.update(knocking(services, Role.RECORDER, OWNER))
        yield opened


@pytest.fixture
def auditor(services: Services) -> Headers:
    """The headers of a request with an auditor's key."""
    return knocking(services, Role.AUDITOR)


@pytest.fixture
def admin(services: Services) -> Headers:
    """The headers of a request with an admin's key."""
    return knocking(services, Role.ADMIN)


class Recorder:
    """Posts facts to the owner's book."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.count = 0

    def fact(self, kind: str, **fields: Any) -> dict[str, Any]:
        """A fact of the owner's, with an id of its own."""
        self.count += 1
        return {"fact": kind, "id": f"f{self.count}", "owner": OWNER, **fields}

    def post(self, *facts: Any, **more: Any) -> Any:
        """One fact, or several as an array."""
        body = facts[0] if len(facts) == 1 else list(facts)
        return self.client.post(f"/v1/portfolios/{OWNER}/facts", json=body, **more)

    def story(self) -> None:
        """A partner with access to a page since March."""
        day = "2026-03-02T00:00:00Z"
        answer = self.post(
            self.fact("partner-added", partner=PARTNER, partner_name="Fern", effective_at=day),
            self.fact("ownership-established", asset=PAGE, effective_at=day),
            self.fact(
                "access-granted", partner=PARTNER, asset=PAGE, tasks=["MANAGE"], effective_at=day
            ),
        )
        assert answer.status_code == 201, answer.text


@pytest.fixture
def recorder(client: TestClient) -> Recorder:
    """Posts facts to the owner's book."""
    return Recorder(client)


@pytest.fixture
def browser(settings: Settings, services: Services) -> Iterator[TestClient]:
    """A client that keeps cookies and follows nothing."""
    app = create_app(settings, services)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def sign_in(browser: TestClient, services: Services) -> SignIn:
    """Signs in with a new key of a role; returns the id of the key."""

    def signed_in(role: Role, *books: str, partner: str | None = None) -> str:
        new = NewKey(name=f"p{role}", role=role, books=frozenset(books), partner=partner)
        key, secret = services.keys.create(new)
        answer = browser.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
        assert answer.status_code == 303
        assert secret not in answer.headers["set-cookie"]
        return key.id

    return signed_in
