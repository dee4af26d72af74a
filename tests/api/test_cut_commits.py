"""Where the store goes away during a commit, that is said, and asking again finds out."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from keys.key import Role
from ledger.store_errors import OutcomeUnknown, StoreUnavailable
from tests.api.conftest import OWNER, PARTNER, Recorder, knocking
from tests.faults.cut import Cutter

AGAIN = (
    "what was being recorded is there as a whole or not at all, which is not known here; start "
    "the database or check its address, then send the same again with the same ids or the same "
    "Idempotency-Key, which records nothing twice"
)
APPENDS_TAKE_TURNS = 4203118420
"""The advisory lock of append_entries."""


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_an_append_whose_answer_was_cut_is_unknown_and_can_be_sent_again(
    settings: Settings,
) -> None:
    """It was committed, and its answer lost: 503 says so, and the same again finds it."""
    assert settings.database_url
    folder = psycopg.conninfo.conninfo_to_dict(settings.database_url)["host"]
    cutter = Cutter(str(Path(str(folder)) / ".s.PGSQL.5432"), every=1)
    cutter.cuts = 1  # so the next one is cut after the commit
    through = psycopg.conninfo.make_conninfo(
        settings.database_url, host="127.0.0.1", port=cutter.port
    )
    cut_off = settings.model_copy(update={"database_url": through})
    with open_services(cut_off) as services, TestClient(create_app(cut_off, services)) as client:
        client.headers.update(knocking(services, Role.RECORDER, OWNER))
        recorder = Recorder(client)
        fact = recorder.fact("partner-added", partner=PARTNER)
        answer = recorder.post(fact)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "went away during a commit" in answer.json()["detail"]
        assert answer.json()["detail"].endswith(AGAIN)
        assert cutter.cuts == 2
        cutter.every = 1_000_000
        answer = recorder.post(fact)
        assert (answer.status_code, answer.json()["facts"][0]["status"]) == (200, "already")
    cutter.close()


def _end_who_waits(url: str, waits_for: str) -> None:
    """End the connections that wait for something, once one does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(500):
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event = %s",
                (waits_for,),
            ).fetchall()
            if ended:
                return
            time.sleep(0.02)
    raise AssertionError(f"nobody waits for {waits_for}")


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_transaction_that_ends_before_its_commit_has_recorded_nothing(
    settings: Settings, services: Services, client: TestClient
) -> None:
    """That is known, and said; with the Idempotency-Key it is then written, once."""
    recorder, url = Recorder(client), settings.database_url or ""
    fact, key = recorder.fact("partner-added", partner=PARTNER), {"Idempotency-Key": '"k"'}
    with ThreadPoolExecutor() as pool, psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (APPENDS_TAKE_TURNS,))
        posted = pool.submit(recorder.post, fact, headers=key)
        _end_who_waits(url, "advisory")
        detail = posted.result().json()["detail"]
    assert "what was just asked of it was not recorded" in detail
    assert services.books.books() == {}
    assert recorder.post(fact, headers=key).status_code == 201
    assert services.books.books() == {OWNER: 1}


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_commit_that_the_server_ends_is_unknown(settings: Settings, services: Services) -> None:
    """Whoever asked is not told that nothing was recorded."""
    url = settings.database_url or ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE slow (one INTEGER)")
        connection.execute(
            "CREATE FUNCTION wait_long() RETURNS TRIGGER LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION wait_long()"
        )

    def insert() -> None:
        with services.database.writing() as connection:
            connection.execute("INSERT INTO slow VALUES (1)")

    with ThreadPoolExecutor() as pool:
        inserted = pool.submit(insert)
        _end_who_waits(url, "PgSleep")
        with pytest.raises(OutcomeUnknown, match="which records nothing twice"):
            inserted.result()


@contextmanager
def _no_file_grows_beyond(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_commit_that_sqlite_cannot_write_is_unknown_and_the_connection_is_of_use_after_it(
    settings: Settings, services: Services
) -> None:
    """The write-ahead log takes no more bytes when the transaction is to be committed."""
    size = Path(f"{settings.file}-wal").stat().st_size
    create = "CREATE TABLE more (one INTEGER)"

    def fill() -> None:
        with ExitStack() as full, services.database.writing() as connection:
            connection.execute(create)
            full.enter_context(_no_file_grows_beyond(size))

    with pytest.raises(OutcomeUnknown, match="send the same again"):
        fill()
    with services.database.writing() as connection:
        connection.execute(create)


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_not_there_recorded_nothing() -> None:
    """There is nothing unknown about it."""
    away = Settings(database_url="postgresql://someone@127.0.0.1:1/ledger")
    with (
        open_services(away, check_schema=False) as services,
        pytest.raises(StoreUnavailable, match="was not recorded; start the database"),
        services.database.writing(),
    ):
        pass
