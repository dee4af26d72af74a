"""One interface to both databases: connections, the append, and whole transactions."""

import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import aiosql
from aiosql.adapters.pyformat import PyFormatAdapter
from aiosql.adapters.sqlite3 import SQLite3Adapter
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)

from ledger.deadline import TookTooLong
from ledger.store_errors import (
    FileUnusable,
    NotMigrated,
    OutcomeUnknown,
    StoreForbids,
    StoreUnavailable,
)

Dialect = Literal["sqlite", "postgresql"]

APPEND_LIMIT_BYTES = 8_000_000
"""At most so many bytes are handed to the database in one append."""


UNDEFINED_TABLE = "42P01"
"""PostgreSQL's SQLSTATE for a table that is not there."""
CANCELLED = "57014"
"""PostgreSQL's SQLSTATE for a statement that ran over its time."""
INSUFFICIENT_PRIVILEGE = "42501"
"""And for what its user has no right to."""


class EntryTaken(Exception):
    """Another append took the entry number, or the fact id, first."""


class CutDuringCommit(Exception):
    """The connection ended before the database said whether it had committed."""


class Recorder(ApplicationRecorder):
    """The library's recorder, with an append that says when it was judged."""

    @abstractmethod
    def append(
        self,
        stored: Sequence[StoredEvent],
        *,
        clock: datetime,
        also: Callable[[Any], None] | None = None,
    ) -> list[int]:
        """Write the entries in one transaction; returns their positions in order.

        `also` is handed its connection, and what it writes is there with the entries or not at all.
        Raises IntegrityError where a number or a fact id is taken, and then writes nothing.
        """


class Database(Protocol):
    """A database that holds the ledger. Row columns are read by name."""

    dialect: Dialect
    where: str
    """Its address for messages, without a password."""
    recorder: Recorder

    def reading(self) -> AbstractContextManager[Any]:
        """A connection for reading, each statement by itself."""

    def writing(self, *, wait: bool = True) -> AbstractContextManager[Any]:
        """A connection in a transaction that commits at the end; for tables other than entries.

        Without `wait` it raises StoreError at once where another writer has the whole file.
        """

    def close(self) -> None:
        """Give the connections back."""


class _AllAtOnce:
    """A SELECT that gives its rows at once, for a third of what handing each on would cost."""

    how: ClassVar[Mapping[str, Any]] = {}

    def select(
        self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None
    ) -> list[Any]:
        """The rows of a statement."""
        del query_name, record_class
        rows: list[Any] = conn.execute(sql, parameters, **self.how).fetchall()
        return rows


class _SQLiteAdapter(_AllAtOnce, SQLite3Adapter):  # type: ignore[misc]
    pass


class _PostgresAdapter(_AllAtOnce, PyFormatAdapter):  # type: ignore[misc]
    # So that the bytes of entries travel as they are, and not twice as long in hex.
    how: ClassVar[Mapping[str, Any]] = {"binary": True}


@lru_cache(maxsize=16)
def load_sql(folder: Path, dialect: Dialect) -> Any:
    """The statements in a folder, by name: ``x.sql`` serves both dialects, ``x.sqlite.sql`` one.

    They are read once in a process.
    """
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.sql"))
        if path.suffixes in ([".sql"], [f".{dialect}", ".sql"])
    ]
    adapter = _SQLiteAdapter if dialect == "sqlite" else _PostgresAdapter
    return aiosql.from_str("\n\n".join(texts), adapter, mandatory_parameters=False)


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except IntegrityError as error:
        raise EntryTaken(str(error)) from error
    except CutDuringCommit as error:
        raise OutcomeUnknown(where, str(error).strip().splitlines()[0]) from error
    except ProgrammingError as error:
        sqlstate = getattr(error.__cause__, "sqlstate", None)
        if sqlstate == UNDEFINED_TABLE:
            raise NotMigrated(where, ["its tables are missing: some migration is"]) from error
        if sqlstate == INSUFFICIENT_PRIVILEGE:
            raise StoreForbids(where, str(error).strip().splitlines()[0]) from error
        raise
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise FileUnusable(where, error) from error
    except (OperationalError, InterfaceError) as error:
        if isinstance(error.__cause__, sqlite3.Error):
            raise FileUnusable(where, error.__cause__) from error
        if getattr(error.__cause__, "sqlstate", None) == CANCELLED:
            raise TookTooLong from error
        raise StoreUnavailable(where, str(error).strip().splitlines()[0]) from error
