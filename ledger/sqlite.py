"""The embedded ledger: one SQLite file, write-ahead log, every commit synced to disk."""

import os
import secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    ConnectionUnavailableError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteDatastore,
)

from ledger.database import CutDuringCommit, Dialect, Recorder, store_errors
from ledger.deadline import TookTooLong, is_over, remaining_seconds, require_time
from ledger.store_errors import FileUnusable

LOCK_TIMEOUT_SECONDS = 30
MOST_CACHED_BYTES = 256 * 2**20
"""The connections of a process use their pages anew rather than hold more than this together."""
MOST_CONNECTIONS = 60
"""More than a server has threads, so that no reader ever waits for a connection."""
PROGRESS_STEPS = 20_000
"""A statement looks at the clock each time it has taken so many steps."""
PREPARED_STATEMENTS = 256
"""So many each connection keeps prepared: more than the program has. The library keeps one."""


class _Pool(SQLiteConnectionPool):
    """The library's pool, of connections of ours."""

    def _create_connection(self) -> SQLiteConnection:
        try:
            return SQLiteConnection(_opened(self.db_name), max_age=None)
        except sqlite3.Error as error:
            raise InterfaceError(str(error)) from error


def _opened(path: str) -> sqlite3.Connection:
    """A connection that syncs every commit and keeps more than the library's."""
    raw = sqlite3.connect(
        path,
        uri=True,
        check_same_thread=False,
        isolation_level=None,
        timeout=LOCK_TIMEOUT_SECONDS,
        cached_statements=PREPARED_STATEMENTS,
    )
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA cache_size = -65536")  # KiB, per connection
    raw.execute(f"PRAGMA soft_heap_limit = {MOST_CACHED_BYTES}")  # of all, in this process
    raw.execute("PRAGMA temp_store = MEMORY")
    raw.execute("PRAGMA wal_autocheckpoint = 10000")  # pages; a page changed often moves once
    return raw


def _raw(connection: SQLiteConnection) -> sqlite3.Connection:
    raw: sqlite3.Connection = connection.cursor().sqlite_cursor.connection
    return raw


class _Datastore(SQLiteDatastore):
    def __init__(self, path: str) -> None:
        super().__init__(path, lock_timeout=LOCK_TIMEOUT_SECONDS, originator_id_type="text")
        self.pool.close()
        self.pool = _Pool(
            db_name=path,
            lock_timeout=LOCK_TIMEOUT_SECONDS,
            pool_timeout=LOCK_TIMEOUT_SECONDS,
            max_overflow=MOST_CONNECTIONS,
        )
        self._turn = Lock()

    @contextmanager
    def get_connection(self, *, commit: bool, wait: bool = True) -> Iterator[SQLiteConnection]:
        """The library's, but who waits to write waits outside of its pool.

        Within it all who come later would wait behind, also those who only read.
        """
        if not commit:
            with super().get_connection(commit=False) as connection:
                yield connection
            return
        left = remaining_seconds()
        patience = LOCK_TIMEOUT_SECONDS if left is None else min(LOCK_TIMEOUT_SECONDS, max(0, left))
        if not self._turn.acquire(timeout=patience if wait else 0):
            require_time()
            raise ConnectionUnavailableError("another request of this process is writing")
        try:
            with super().get_connection(commit=True) as connection:
                yield connection
        finally:
            self._turn.release()


class _Readers:
    """Connections that only read: one for each thread that does, given back for the next.

    Apart from the library's pool, whose turns cost more than a short statement.
    """

    def __init__(self, pool: SQLiteConnectionPool) -> None:
        self._pool = pool
        self._free: deque[sqlite3.Connection] = deque()

    def take(self) -> sqlite3.Connection:
        """A connection that nobody else uses."""
        try:
            return self._free.pop()
        except IndexError:
            return self._opened()

    def _opened(self) -> sqlite3.Connection:
        if self._pool.closed:
            raise ConnectionPoolClosedError
        connection = _opened(self._pool.db_name)
        connection.set_progress_handler(is_over, PROGRESS_STEPS)
        return connection

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Keep a connection for the next reader, or close it where enough are kept."""
        if self._pool.closed or len(self._free) >= self._pool.pool_size:
            connection.close()
        else:
            self._free.append(connection)

    def close(self) -> None:
        """Close those that are not in use."""
        while self._free:
            self._free.pop().close()


class _Reading:
    """A connection for reading, within the time of the request; each statement is by itself.

    Where all is well this is all that happens: a chain of context managers would cost more than
    what is read.
    """

    __slots__ = ("_connection", "_readers", "_where")

    def __init__(self, readers: _Readers, where: str) -> None:
        self._readers = readers
        self._where = where

    def __enter__(self) -> sqlite3.Connection:
        require_time()
        try:
            self._connection = self._readers.take()
        except sqlite3.Error as error:
            raise FileUnusable(self._where, error) from error
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._readers.give_back(self._connection)
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise TookTooLong from error
            raise FileUnusable(self._where, error) from error


class SQLiteRecorder(SQLiteApplicationRecorder, Recorder):
    """The library's recorder with one write statement for a whole append."""

    def append(
        self,
        stored: Sequence[StoredEvent],
        *,
        clock: datetime,
        also: Callable[[Any], None] | None = None,
    ) -> list[int]:
        """Write the entries; the clock is this machine's own and needs no second opinion."""
        del clock
        rows = [(s.originator_id, s.originator_version, s.topic, s.state) for s in stored]
        with self.datastore.get_connection(commit=True) as connection:
            raw = _raw(connection)
            with _immediate(raw):
                raw.executemany(self.insert_events_statement, rows)
                last = raw.execute("SELECT last_insert_rowid()").fetchone()[0]
                if also is not None:
                    also(raw)
        # One writer holds the file at a time, so the rows of an append stand side by side.
        return list(range(last - len(rows) + 1, last + 1))

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> list[int]:
        """The library's name for an append."""
        return self.append(stored_events, clock=datetime.now(UTC)) if stored_events else []


@contextmanager
def _immediate(raw: sqlite3.Connection, *, wait: bool = True) -> Iterator[None]:
    """A transaction that takes the write lock at once, so that it never fails half way for it."""
    try:
        _begin(raw, wait=wait)
        try:
            with _interrupted_in_time(raw):
                yield
            _commit(raw)
        except BaseException:
            raw.rollback()
            raise
    except sqlite3.IntegrityError as error:
        raise IntegrityError(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise OperationalError(str(error)) from error


def _begin(raw: sqlite3.Connection, *, wait: bool) -> None:
    """Take the write lock; without waiting only if no other process has it."""
    if wait:
        raw.execute("BEGIN IMMEDIATE")
        return
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        raw.execute("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_SECONDS * 1000}")


def _commit(raw: sqlite3.Connection) -> None:
    """Commit; what could not be synced may be in the file all the same."""
    try:
        raw.commit()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
            raise CutDuringCommit(str(error)) from error
        raise


@contextmanager
def _interrupted_in_time(raw: sqlite3.Connection) -> Iterator[None]:
    """Stop a statement that is at work when the time of the request is up."""
    require_time()
    if remaining_seconds() is None:
        yield
        return
    raw.set_progress_handler(is_over, PROGRESS_STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TookTooLong from error
        raise
    finally:
        raw.set_progress_handler(None, 0)


class SQLiteDatabase:
    """A ledger in one file; it is created where it does not exist."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self._datastore = _Datastore(str(path))
        self._readers = _Readers(self._datastore.pool)
        self.recorder: Recorder = SQLiteRecorder(self._datastore)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for reading; each statement sees what was committed before it."""
        return _Reading(self._readers, self.where)

    @contextmanager
    def writing(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """A connection that holds the file's write lock; one commit at the end."""
        with (
            store_errors(self.where),
            self._datastore.get_connection(commit=True, wait=wait) as connection,
        ):
            raw = _raw(connection)
            with _immediate(raw, wait=wait):
                yield raw

    def copy_to(self, path: Path) -> int:
        """A copy of the file as it is at one moment, while others go on writing; returns its bytes.

        It is whole under its name or not there at all. Raises FileExistsError, and writes over
        nothing.
        """
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with self.reading() as connection, closing(sqlite3.connect(fresh)) as copy:
                connection.backup(copy)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            os.link(fresh, path)
            return path.stat().st_size
        finally:
            fresh.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file's connections."""
        self._datastore.close()
        self._readers.close()
