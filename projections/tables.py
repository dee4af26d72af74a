"""The rows of the read model, and writing many of them at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Literal

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


@dataclass(slots=True)
class Changes:
    """What a batch of entries changes in the read model."""

    rows: dict[Table, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    beliefs: list[Row] = field(default_factory=list)
    superseded: list[Row] = field(default_factory=list)

    def believe(self, row: Row) -> None:
        """Insert a new belief."""
        self.beliefs.append(row)

    def supersede(self, row: Row, known_to: int) -> None:
        """End a belief with an entry."""
        row.known_to = known_to
        if row.stored:
            self.superseded.append(row)

    def write(self, connection: Any, dialect: Dialect) -> None:
        """Write everything on a connection in a transaction."""
        write = _write_sqlite if dialect == "sqlite" else _write_postgresql
        inserts: dict[Table, list[tuple[Any, ...]]] = dict(self.rows)
        for row in self.beliefs:
            inserts.setdefault(row.table, []).append((*row.values, row.known_from, row.known_to))
            row.stored = True
        updates: dict[Belief, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self.superseded:
            updates[row.table].append((row.known_to, *row.key()))
        write(connection, inserts, updates)


def _insert_columns(table: Table) -> tuple[str, ...]:
    known = ("known_from", "known_to") if table in _KEYS else ()
    return (*COLUMNS[table], *known)


_START = itemgetter(0, 1)


def _write_sqlite(
    connection: Any,
    inserts: dict[Table, list[tuple[Any, ...]]],
    updates: dict[Belief, list[tuple[Any, ...]]],
) -> None:
    for table, keys in updates.items():
        keys.sort(key=itemgetter(1, 2))
        where = " AND ".join(f"{column} = ?" for column in _KEYS[table])
        # Names of tables and columns come from this module, values are bound.
        connection.executemany(
            f"UPDATE {table} SET known_to = ? WHERE {where} AND known_to = {FAR}",  # noqa: S608
            keys,
        )
    for name, rows in inserts.items():
        rows.sort(key=_START)  # what is near in the table lies on one page
        columns = _insert_columns(name)
        marks = ", ".join("?" * len(columns))
        connection.executemany(
            f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            rows,
        )


def _write_postgresql(
    connection: Any,
    inserts: dict[Table, list[tuple[Any, ...]]],
    updates: dict[Belief, list[tuple[Any, ...]]],
) -> None:
    with connection.cursor() as cursor:
        for table, keys in updates.items():
            columns = _KEYS[table]
            types = ["text[]" if column == "book" else "bigint[]" for column in columns]
            names = ", ".join(("known_to", *columns))
            match = " AND ".join(f"old.{column} = new.{column}" for column in columns)
            arrays = ", ".join(["%s::bigint[]", *(f"%s::{kind}" for kind in types)])
            cursor.execute(
                f"UPDATE {table} AS old SET known_to = new.known_to "  # noqa: S608
                f"FROM unnest({arrays}) AS new ({names}) WHERE {match} AND old.known_to = {FAR}",
                _transposed(keys),
            )
        for name, rows in inserts.items():
            listed = ", ".join(_insert_columns(name))
            with cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def _transposed(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
