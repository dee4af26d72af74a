"""The rows of the read model, comparable between two of them."""

from collections.abc import Iterable
from typing import Any

from bootstrap.services import Services


def rows_by_name(services: Services, tables: Iterable[str]) -> list[list[str]]:
    """Every row of these tables, with the names of assets and pairs: their numbers may differ."""
    with services.database.reading() as connection:

        def rows(table: str) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}").fetchall()]

        named = {
            table: {row.pop("id"): tuple(row.values()) for row in rows(table)}
            for table in ("asset", "pair")
        }
        return [
            sorted(
                str([named.get(name, {}).get(value, value) for name, value in row.items()])
                for row in rows(table)
            )
            for table in tables
        ]
