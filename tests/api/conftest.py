"""A client of the app on a ledger of either kind."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import Services
from bootstrap.settings import Settings

OWNER, PARTNER, OTHER = "506914307656634", "563920174410288", "600000000000001"
PAGE = {"type": "page", "id": "104857600219483", "name": "Front page"}


@pytest.fixture
def client(settings: Settings, services: Services) -> Iterator[TestClient]:
    """The app on a fresh ledger."""
    app = create_app(settings, services)
    here = ("127.0.0.1", 50_000)
    with TestClient(app, raise_server_exceptions=False, client=here) as opened:
        yield opened


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
