"""The rows of the read model, and writing many of them at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from domain.instants import FAR
from ledger.database import Dialect

Belief = Literal["access_window", "ownership", "episode", "anomaly"]
Table = Literal[
    "access_window", "ownership", "episode", "anomaly",
    "fact", "line", "book_append", "asset", "pair",
]  # fmt: skip

_SPAN = (
    "valid_from_earliest", "valid_from", "valid_to_earliest", "valid_to",
    "opened_by", "closed_by", "cause",
)  # fmt: skip
COLUMNS: dict[Table, tuple[str, ...]] = {
    "access_window": (
        "asset", "pair", *_SPAN,
        "tasks", "level", "planned_end", "partner_name", "asset_name",
    ),
    "ownership": ("asset", *_SPAN, "owner", "detail", "asset_name"),
    "episode": ("pair", *_SPAN, "partner_name", "removed_by"),
    "anomaly": ("book", "number", "why", "blocker"),
    "fact": ("asset", "pair", "number"),
    "book_append": ("book", "recorded_at", "last_number"),
    "asset": ("id", "book", "asset_type", "asset_id"),
    "pair": ("id", "book", "partner", "owner"),
    "line": ("pair", "asset"),
}  # fmt: skip
"""The columns of each table; those of a belief are followed by known_from and known_to."""

_KEYS: dict[Belief, tuple[str, ...]] = {
    "access_window": ("asset", "pair", "opened_by"),
    "ownership": ("asset", "opened_by"),
    "episode": ("pair", "opened_by"),
    "anomaly": ("book", "number"),
}
_KEY_INDEXES = {
    table: tuple(COLUMNS[table].index(column) for column in key) for table, key in _KEYS.items()
}


_TEXTS = frozenset((
    "book", "asset_type", "asset_id", "partner", "owner",
    "cause", "tasks", "level", "planned_end", "partner_name", "asset_name",
    "detail", "removed_by", "why",
))  # fmt: skip
BUNDLE = 100
"""Rows that one statement inserts in SQLite, for two thirds of what they would take one by one."""
_START = itemgetter(0, 1)
_SECOND = itemgetter(1, 2)


@dataclass(slots=True, eq=False)
class Row:
    """A row of a table of beliefs: what was believed, from one entry of the book to another."""

    table: Belief
    values: tuple[Any, ...]
    known_from: int = 0
    """Not looked up again for a row that is stored."""
    known_to: int = FAR
    stored: bool = False

    def key(self) -> tuple[Any, ...]:
        """What tells the row from all others that are believed now."""
        return tuple([self.values[i] for i in _KEY_INDEXES[self.table]])


class Rows(NamedTuple):
    """What is to be written of some entries."""

    inserts: Mapping[Table, Any]
    """Bundles of rows for SQLite; for PostgreSQL a text to be copied."""
    updates: Mapping[Belief, list[tuple[Any, ...]]]
    """Where beliefs end, and their keys."""


@dataclass(slots=True)
class Changes:
    """What a batch of entries changes in the read model."""

    rows: dict[Table, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    beliefs: dict[Belief, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """The new ones."""
    superseded: list[Row] = field(default_factory=list)

    def supersede(self, row: Row, known_to: int) -> None:
        """End a belief with an entry."""
        row.known_to = known_to
        if row.stored:
            self.superseded.append(row)

    def as_rows(self, dialect: Dialect) -> Rows:
        """Everything, as it is to be written; what is believed counts as stored from here on."""
        inserts: dict[Table, list[tuple[Any, ...]]] = {**self.rows}
        for belief, believed in self.beliefs.items():
            inserts[belief] = [(*row.values, row.known_from, row.known_to) for row in believed]
            for row in believed:
                row.stored = True
        updates: dict[Belief, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self.superseded:
            updates[row.table].append((row.known_to, *row.key()))
        inserts = {table: rows for table, rows in inserts.items() if rows}
        for rows in inserts.values():
            rows.sort(key=_START)  # what is near in the table lies on one page
        for keys in updates.values():
            keys.sort(key=_SECOND)
        written: dict[Table, Any]
        if dialect == "sqlite":
            written = {table: _bundled(rows) for table, rows in inserts.items()}
        else:
            written = {table: _copied(table, rows) for table, rows in inserts.items()}
        return Rows(written, dict(updates))


def write(connection: Any, dialect: Dialect, rows: Rows) -> None:
    """Write rows on a connection in a transaction."""
    (_write_sqlite if dialect == "sqlite" else _write_postgresql)(connection, rows)


def _insert_columns(table: Table) -> tuple[str, ...]:
    known = ("known_from", "known_to") if table in _KEYS else ()
    return (*COLUMNS[table], *known)


def _write_sqlite(connection: Any, rows: Rows) -> None:
    for belief, keys in rows.updates.items():
        where = " AND ".join(f"{column} = ?" for column in _KEYS[belief])
        # Names of tables and columns come from this module, values are bound.
        connection.executemany(
            f"UPDATE {belief} SET known_to = ? WHERE {where} AND known_to = {FAR}",  # noqa: S608
            keys,
        )
    for table, bundles in rows.inserts.items():
        columns = _insert_columns(table)
        marks = f"({', '.join('?' * len(columns))})"
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608
        *whole, last = bundles
        connection.executemany(into + ", ".join([marks] * BUNDLE), whole)
        connection.execute(into + ", ".join([marks] * (len(last) // len(columns))), last)


def _bundled(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """The values of the rows, of many in one list, for statements that insert so many at once."""
    return [
        list(chain.from_iterable(rows[start : start + BUNDLE]))
        for start in range(0, len(rows), BUNDLE)
    ]


def _write_postgresql(connection: Any, rows: Rows) -> None:
    with connection.cursor() as cursor:
        for belief, keys in rows.updates.items():
            columns = _KEYS[belief]
            types = ["text[]" if column == "book" else "bigint[]" for column in columns]
            names = ", ".join(("known_to", *columns))
            match = " AND ".join(f"old.{column} = new.{column}" for column in columns)
            arrays = ", ".join(["%s::bigint[]", *(f"%s::{kind}" for kind in types)])
            cursor.execute(
                f"UPDATE {belief} AS old SET known_to = new.known_to "  # noqa: S608
                f"FROM unnest({arrays}) AS new ({names}) WHERE {match} AND old.known_to = {FAR}",
                _transposed(keys),
            )
        for table, text in rows.inserts.items():
            listed = ", ".join(_insert_columns(table))
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                copy.write(text)


def _copied(table: Table, rows: list[tuple[Any, ...]]) -> str:
    """The rows in the text form of COPY, made where they are folded: whoever writes has no time."""
    names = _insert_columns(table)
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for nth, name in enumerate(names):
        if name in _TEXTS:
            columns[nth] = map(_copied_text, columns[nth])
    line = "\t".join(["%s"] * len(names)) + "\n"
    values = tuple(chain.from_iterable(zip(*columns, strict=True)))
    return line * len(rows) % values


@lru_cache(maxsize=20_000)
def _copied_text(text: str | None) -> str:
    if text is None:
        return r"\N"
    return text.translate(_ESCAPED)


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _transposed(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
