"""The served world of two books, and the test that nothing of it is logged."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from keys.key import Role
from ledger.keyring import create_keyring
from tests import conftest
from tests.api.doors.table import BOOKS
from tests.api.doors.world import BOUND, World, facts_about, mark


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Both books on a database of either kind, entries of one between those of the other."""
    folder = tmp_path_factory.mktemp("doors")
    if request.param == "sqlite":
        yield from _opened(Settings(file=folder / "ledger.db"))
        return
    server = request.getfixturevalue("postgres_server")
    create_keyring(folder / "log.key")
    with conftest._postgres_database(server, conftest._TEMPLATE) as settings:
        yield from _opened(settings.model_copy(update={"log_key_file": folder / "log.key"}))


def _opened(settings: Settings) -> Iterator[World]:
    with open_services(settings) as services:
        for appends in zip(facts_about("a"), facts_about("b"), strict=True):
            for book, facts in zip("ab", appends, strict=True):
                parsed = [parse_fact(fact) for fact in facts]
                services.books.handle(BOOKS[book], parsed, recorded_by=f"{mark(book)}recorder")
        services.log.seal()
        unlimited = {"rate_per_second": 0, "failed_keys_per_minute": 0}
        app = create_app(settings.model_copy(update=unlimited), services)
        here = ("127.0.0.1", 50_000)
        with TestClient(
            app, raise_server_exceptions=False, follow_redirects=False, client=here
        ) as client:
            client.headers["X-Request-Id"] = "told-by-the-client"  # else each answer has its own
            client.headers["Accept-Encoding"] = "identity"  # else the ids show in the length
            world = World(services, client)
            for role, book in product(Role, "ab"):
                world.keys[role, book] = world.key(role, book if role in BOUND else "")[1]
            yield world


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of a book, and no secret, comes out on stdout, on stderr or in a log."""
    caplog.set_level("DEBUG")
    caplog.set_level("WARNING", logger="httpx2")  # the client's own
    yield
    out, err = capfd.readouterr()
    said = out + err + caplog.text
    assert "hush-" not in said
    assert "al_live_" not in said
