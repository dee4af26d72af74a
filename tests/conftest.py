"""Fixtures: each database-backed test runs on SQLite and on a real PostgreSQL."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from ledger.database import Database
from ledger.migrate import migrate
from tests.postgres import running_server

hypothesis_settings.register_profile("here", database=None, print_blob=True)
hypothesis_settings.load_profile("here")

_names = count(1)


class TestClock:
    """A clock that never stands still: the real one, until it is set."""

    __test__ = False

    def __init__(self) -> None:
        self.set_to: datetime | None = None

    def __call__(self) -> datetime:
        """The next moment."""
        if self.set_to is None:
            return datetime.now(UTC)
        self.set_to += timedelta(microseconds=1)
        return self.set_to


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running PostgreSQL with a migrated database to copy, named ``al_template``."""
    with running_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS al_template")
            connection.execute("CREATE DATABASE al_template")
        template = open_database(Settings(database_url=_named(url, "al_template")))
        migrate(template, all_migrations(template))
        template.close()
        yield url


def _named(url: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(url, dbname=name)


@pytest.fixture
def postgres_settings(postgres_url: str) -> Iterator[Settings]:
    """A fresh, migrated PostgreSQL database."""
    name = f"al_{os.getpid()}_{next(_names)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE al_template")
    yield Settings(database_url=_named(postgres_url, name))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """A fresh, migrated SQLite file."""
    settings = Settings(file=tmp_path / "ledger.db")
    database = open_database(settings)
    migrate(database, all_migrations(database))
    database.close()
    return settings


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Settings:
    """The settings of a fresh, migrated database of either kind."""
    name = "sqlite_settings" if request.param == "sqlite" else "postgres_settings"
    settings: Settings = request.getfixturevalue(name)
    return settings


@pytest.fixture
def database(store: Settings) -> Iterator[Database]:
    """A fresh, migrated database of either kind."""
    opened = open_database(store)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> TestClock:
    """The clock of the services under test."""
    return TestClock()


@pytest.fixture
def services(store: Settings, clock: TestClock) -> Iterator[Services]:
    """A ledger of either kind, opened."""
    with open_services(store, clock=clock) as opened:
        yield opened
