"""The figures of the ledger's own work, for whoever watches it."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Histogram

from ledger.database import Database, load_sql

APPEND_SECONDS = Histogram(
    "access_ledger_append_seconds", "How long the store took to write an append."
)


@dataclass(frozen=True, slots=True)
class LogFigures:
    """What there is to watch in the store."""

    entries: int
    sealed: int
    """How many entries the newest checkpoint is over."""
    sealed_at: str | None
    checked_at: str | None
    """When the last self-check was, and below what it found."""
    problem: str | None


def log_figures(database: Database) -> LogFigures | None:
    """The figures of the log; None where how far it has come is not stored."""
    sql = load_sql(Path(__file__).parent / "sql", database.dialect)
    with database.reading() as connection:
        row = sql.log_figures(connection)
    if row is None:
        return None
    return LogFigures(
        entries=row["entries"],
        sealed=row["sealed"] or 0,
        sealed_at=row["sealed_at"],
        checked_at=row["checked_at"],
        problem=row["problem"],
    )
