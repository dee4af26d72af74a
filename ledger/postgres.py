"""The ledger in PostgreSQL: one writer at a time, in the order of its commits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, Self

import psycopg
from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import PoolTimeout

from domain.refusals import ClockAstray
from ledger.database import CutDuringCommit, Dialect, Recorder, store_errors
from ledger.deadline import require_time

CONNECT_TIMEOUT_SECONDS = 5
POOL_SIZE = 4
MAX_OVERFLOW = 12
CLOCK_ASTRAY = "AL001"
"""The SQLSTATE that the append function raises; see migrations/postgresql/0001_entries.sql."""


ENDED = ("08", "57P")
"""How the SQLSTATEs begin with which a server says that it ends a connection."""


def _reason(error: Exception) -> str:
    """What the server said, or else the way to it, without how it was tried."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = next((line for line in lines if "FATAL" in line), lines[0])  # of several addresses
    return " ".join(line.rpartition(" failed: ")[2].strip(" -").split())


@contextmanager
def _committing() -> Iterator[None]:
    """Tell an end of the connection, which says nothing of the commit, from an answer to it."""
    try:
        yield
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith(ENDED):
            raise CutDuringCommit(str(error)) from error
        raise


@contextmanager
def _transaction(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction, committed at the end; what fails before that is rolled back."""
    with ExitStack() as stack, connection.transaction():
        yield
        stack.enter_context(_committing())


class _Heard(psycopg.Connection[Any]):
    """A connection whose class keeps why the last one could not be made.

    The library's pool tries again until its time is up, and then says no more than that it is.
    """

    why_none = ""

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Connect, or keep what was said against it and raise it."""
        try:
            made = super().connect(*args, **kwargs)
        except Exception as error:
            cls.why_none = _reason(error)
            raise
        cls.why_none = ""
        return made


class _Datastore(PostgresDatastore):
    """The library's pool, opened at the first use and with all parameters of the URL."""

    def __init__(self, url: str, statement_seconds: float | None) -> None:
        self._statement_seconds = statement_seconds
        given: dict[str, Any] = dict(conninfo_to_dict(url))
        super().__init__(
            dbname=given.pop("dbname", "") or "",
            host=given.pop("host", "") or "",
            port=given.pop("port", "") or "",
            user=given.pop("user", "") or "",
            password=given.pop("password", "") or "",
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            pool_size=POOL_SIZE,
            max_overflow=MAX_OVERFLOW,
            originator_id_type="text",
        )
        self._connections: type[_Heard] = type("Heard", (_Heard,), {})  # of this pool alone
        self.pool.connection_class = self._connections
        kwargs = self.pool.kwargs
        assert isinstance(kwargs, dict)
        kwargs.update(given)
        kwargs.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
        for name in [name for name, value in kwargs.items() if value == ""]:
            del kwargs[name]  # libpq's defaults and PG* variables stand

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """The library's setting up of a connection, with a limit to the time of a statement.

        No statement is shared out inside the server: beginning its processes takes longer than a
        question about the largest book.
        """
        library = super().after_connect_func()
        settings = ["SET max_parallel_workers_per_gather = 0"]
        if self._statement_seconds is not None:
            limit = max(1, int(self._statement_seconds * 1000))
            settings.append(f"SET statement_timeout = {limit}")
        given = "; ".join(settings).encode()

        def after_connect(connection: psycopg.Connection[Any]) -> None:
            library(connection)
            connection.execute(given)

        return after_connect

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """The library's; where none can be had it says why."""
        try:
            with super().get_connection() as connection:
                yield connection
        except OperationalError as error:
            why = self._connections.why_none
            if isinstance(error.__cause__, PoolTimeout) and why:
                raise OperationalError(why) from error.__cause__
            raise

    def register_type_adapters(self) -> None:
        """Do nothing: appends pass plain arrays, so no type of the library's is needed."""


class PostgresRecorder(PostgresApplicationRecorder, Recorder):
    """The library's recorder around one function that takes the lock, inserts and notifies."""

    def append(
        self,
        stored: Sequence[StoredEvent],
        *,
        clock: datetime,
        also: Callable[[Any], None] | None = None,
    ) -> list[int]:
        """Write the entries; the database refuses where `clock` is five minutes off its own."""
        require_time()
        columns: tuple[list[Any], ...] = (
            [s.originator_id for s in stored],
            [s.originator_version for s in stored],
            [s.topic for s in stored],
            [s.state for s in stored],
        )
        try:
            with self.datastore.get_connection() as connection, ExitStack() as stack:
                if also is None:
                    stack.enter_context(_committing())  # the statement is its own transaction
                else:
                    # First, since appends take turns from then on until the end.
                    stack.enter_context(_transaction(connection))
                    also(connection)
                rows = connection.execute(
                    "SELECT append_entries("
                    "%s, %b::text[], %b::bigint[], %b::text[], %b::bytea[]) AS position",
                    (clock, *columns),
                    prepare=True,
                ).fetchall()
        except psycopg.Error as error:
            if error.sqlstate == CLOCK_ASTRAY:
                raise ClockAstray(str(error).splitlines()[0]) from error
            raise
        except Exception as error:
            cause = error.__cause__
            if isinstance(cause, psycopg.Error) and cause.sqlstate == CLOCK_ASTRAY:
                raise ClockAstray(str(cause).splitlines()[0]) from cause
            raise
        return [row["position"] for row in rows]

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> list[int]:
        """The library's name for an append."""
        return self.append(stored_events, clock=datetime.now(UTC)) if stored_events else []


class PostgresDatabase:
    """A ledger in a PostgreSQL database; nothing is opened before the first use."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, statement_seconds: float | None = None) -> None:
        parts = conninfo_to_dict(url)
        self.url = url
        host, port = parts.get("host") or "localhost", parts.get("port") or 5432
        self.where = f"{host}:{port}/{parts.get('dbname') or ''}"
        self._datastore = _Datastore(url, statement_seconds)
        self.recorder: Recorder = PostgresRecorder(self._datastore)

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in autocommit; each statement sees what was committed before it."""
        require_time()
        with store_errors(self.where), self._datastore.get_connection() as connection:
            yield connection

    @contextmanager
    def writing(self, *, wait: bool = True) -> Iterator[psycopg.Connection[Any]]:
        """A connection in one transaction, committed at the end; nobody locks the whole ledger."""
        del wait
        require_time()
        with (
            store_errors(self.where),
            self._datastore.get_connection() as connection,
            _transaction(connection),
        ):
            yield connection

    def close(self) -> None:
        """Close the pool."""
        self._datastore.close()
