"""Fixtures: each database-backed test runs on SQLite and on a real PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from shutil import copyfile

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

from bootstrap.services import Services, all_migrations, open_database, open_services
from bootstrap.settings import Settings
from ledger.database import Database
from ledger.keyring import create_keyring
from ledger.migrate import migrate
from tests.depth import tries
from tests.in_memory import keep_files_in_memory
from tests.postgres import running_server

keep_files_in_memory()

hypothesis_settings.register_profile(
    "here", max_examples=tries(100), deadline=None, database=None, print_blob=True
)
hypothesis_settings.load_profile("here")

for _variable in [name for name in os.environ if name.startswith("ACCESS_LEDGER_")]:
    if not _variable.startswith("ACCESS_LEDGER_TEST_"):
        del os.environ[_variable]  # the settings of whoever runs the tests are not theirs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that at the end no worker waits for another."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


_names = count(1)
_TEMPLATE = f"al_template_{os.getpid()}"


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


def _migrate(settings: Settings) -> None:
    database = open_database(settings)
    try:
        migrate(database, all_migrations(database))
    finally:
        database.close()


def _url(server: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(server, dbname=name)


@contextmanager
def _postgres_database(server: str, template: str) -> Iterator[Settings]:
    name = f"al_{os.getpid()}_{next(_names)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield Settings(database_url=_url(server, name))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away is waited for one second."""
    monkeypatch.setattr("ledger.postgres.CONNECT_TIMEOUT_SECONDS", 1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A running PostgreSQL with a migrated database to copy."""
    with running_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        _migrate(Settings(database_url=_url(url, _TEMPLATE)))
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {_TEMPLATE}")


@pytest.fixture
def postgres_settings(postgres_server: str, tmp_path: Path) -> Iterator[Settings]:
    """A fresh, migrated PostgreSQL database, with keys for its log."""
    key_file = tmp_path / "given.key"
    create_keyring(key_file)
    with _postgres_database(postgres_server, _TEMPLATE) as settings:
        yield settings.model_copy(update={"log_key_file": key_file})


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "ledger.db"
    _migrate(Settings(file=file))
    return file


@pytest.fixture
def sqlite_settings(migrated_file: Path, tmp_path: Path) -> Settings:
    """A fresh, migrated SQLite file."""
    return Settings(file=Path(copyfile(migrated_file, tmp_path / "ledger.db")))


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """The settings of a fresh, migrated database of either kind.

    A test for one kind only names it: ``parametrize("settings", ["sqlite"], indirect=True)``.
    """
    name = "sqlite_settings" if request.param == "sqlite" else "postgres_settings"
    found: Settings = request.getfixturevalue(name)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a database of either kind in which nothing is created yet."""
    if request.param == "sqlite":
        yield Settings(file=tmp_path / "empty.db")
        return
    with _postgres_database(request.getfixturevalue("postgres_server"), "template0") as settings:
        yield settings


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A fresh, migrated database of either kind."""
    with _opened(settings) as database:
        yield database


@pytest.fixture
def empty(empty_settings: Settings) -> Iterator[Database]:
    """A database of either kind in which nothing is created yet."""
    with _opened(empty_settings) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_settings: Settings) -> Iterator[Database]:
    """A fresh, migrated SQLite file."""
    with _opened(sqlite_settings) as database:
        yield database


@pytest.fixture
def postgres_database(postgres_settings: Settings) -> Iterator[Database]:
    """A fresh, migrated PostgreSQL database."""
    with _opened(postgres_settings) as database:
        yield database


@pytest.fixture
def clock() -> TestClock:
    """The clock of the services under test."""
    return TestClock()


@pytest.fixture
def services(settings: Settings, clock: TestClock) -> Iterator[Services]:
    """A ledger of either kind, opened."""
    with open_services(settings, clock=clock) as opened:
        yield opened
