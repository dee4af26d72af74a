"""Keys over HTTP: one of a name, whatever is sent again; a secret is shown once."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from bootstrap.settings import Settings
from tests.api.conftest import OWNER, Headers

WANTED = {"name": "warehouse", "role": "reader", "books": [OWNER]}


def test_a_key_asked_for_again_is_refused_and_rotating_it_gives_a_new_secret(
    client: TestClient, admin: Headers
) -> None:
    """An Idempotency-Key changes nothing about it, since the secret is not stored."""
    headers = {**admin, "Idempotency-Key": '"wanted-once"'}
    first = client.post("/v1/keys", json=WANTED, headers=headers)
    assert first.status_code == 201
    again = client.post("/v1/keys", json=WANTED, headers=headers)
    made = first.json()["id"]
    assert again.status_code == 409
    assert again.json()["detail"] == (
        f"the name 'warehouse' is taken by {made}; rotate that key, revoke it first, or give "
        "another name"
    )
    assert "al_live_" not in again.text
    rotated = client.post("/v1/keys/warehouse/rotate", headers=admin).json()
    assert rotated["id"] == made
    secrets = [first.json()["secret"], rotated["secret"]]
    statuses = [
        client.get("/v1/portfolios", headers={"Authorization": f"Bearer {secret}"}).status_code
        for secret in secrets
    ]
    assert statuses == [401, 200]


def test_of_many_who_ask_for_a_name_at_once_one_gets_the_key(
    client: TestClient, admin: Headers
) -> None:
    """The others are refused; there is one key of the name."""

    def ask(_: int) -> int:
        return client.post("/v1/keys", json=WANTED, headers=admin).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [201] + [409] * 7
    listed = client.get("/v1/keys", headers=admin).json()["keys"]
    assert [key["name"] for key in listed].count("warehouse") == 1


def test_a_key_revoked_again_is_as_it_was(client: TestClient, admin: Headers) -> None:
    """So this may be sent again blindly."""
    client.post("/v1/keys", json=WANTED, headers=admin)
    first, again = (client.post("/v1/keys/warehouse/revoke", headers=admin) for _ in range(2))
    assert first.status_code == 200
    assert again.status_code == 404, "a name is free once its key is revoked"
    by_id = client.post(f"/v1/keys/{first.json()['id']}/revoke", headers=admin)
    assert by_id.json() == first.json()


def test_the_document_says_that_keys_are_not_replayed(client: TestClient) -> None:
    """Whoever writes a client reads it there."""
    paths = client.get("/openapi.json").json()["paths"]
    assert "Idempotency-Key is not read here" in paths["/v1/keys"]["post"]["description"]
    assert "sent again" in paths["/v1/keys/{key}/rotate"]["post"]["description"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_reader_is_answered_while_another_process_writes(
    settings: Settings, services: Services, client: TestClient
) -> None:
    """That its key is in use is noted by a later request."""
    with closing(sqlite3.connect(settings.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert client.get("/v1/portfolios").status_code == 200
        assert time.monotonic() - began < 5
        other.execute("ROLLBACK")
    assert services.keys.listed()[0].last_used_at is None
    assert client.get("/v1/portfolios").status_code == 200
    assert services.keys.listed()[0].last_used_at is not None
