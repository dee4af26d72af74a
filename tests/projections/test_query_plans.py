"""No question about one asset, one partner or one line reads a whole table."""

import re
from typing import Any

import pytest

from bootstrap.services import Services

ABOUT_A_PART = [
    "newest_append", "append_by_moment", "append_before", "who_had_access",
    "who_had_access_during", "windows_of_asset", "what_could", "what_could_during",
    "windows_of_partner", "owners_of_asset", "episodes_of_partner", "entries_of_asset",
    "entries_of_partner", "entries_page", "entries_on_line", "stored_entry", "asset", "pair",
    "concerns", "who_had_access_of_partner", "who_had_access_during_of_partner",
    "windows_of_asset_of_partner", "owners_of_partner", "anomalies_of_partner",
    "entries_of_asset_of_partner", "entries_page_of_partner", "entries_of", "lines_of_pair",
    "lines_of_asset", "progress", "entries_after_position",
]  # fmt: skip
"""The statements that are not about a whole book."""

PAGES = {"entries_page", "entries_after_position"}
"""Those that give entries by their numbers read them in order; others look each of them up."""

GATHERED = "held|asset_of_partner|entry_of_partner"

VALUES: dict[str, Any] = {
    "book": "10001", "asset_type": "page", "asset_id": "50001", "partner": "30001",
    "owner": "10001", "at": 5, "since": 5, "until": 6, "known": 3, "after": 1, "number": 2,
    "moment": 5, "limit": 10, "position": 0, "asset": 1, "pair": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", ABOUT_A_PART)
def test_a_statement_about_a_part_of_a_book_finds_it_by_an_index(
    services: Services, name: str
) -> None:
    """PostgreSQL is told that scans are dear, as they are in a large ledger."""
    statement = getattr(services.questions._sql, name).sql
    with services.database.reading() as connection:
        if services.database.dialect == "sqlite":
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES).fetchall()
            plan = [row["detail"] for row in rows]
            # What concerns a partner is gathered first, and then walked through.
            assert not [step for step in plan if re.match(rf"SCAN (?!CONSTANT|{GATHERED})", step)]
            assert not [
                step for step in plan if re.search(r"stored_events.*\((?!rowid)\w+=\?\)", step)
            ]
            if name not in PAGES:
                assert not [step for step in plan if re.search(r"originator_version[<>]", step)]
            if name in {"concerns", "entries_of_asset"} or name.startswith(
                ("who_had_access", "windows_of_asset", "entries_of_asset")
            ):
                assert plan[0].startswith("SEARCH asset "), "from the asset, not from all pairs"
        else:
            connection.execute("SET enable_seqscan = off")
            try:
                rows = connection.execute(f"EXPLAIN {statement}", VALUES).fetchall()
            finally:
                connection.execute("RESET enable_seqscan")
            plan = [row["QUERY PLAN"] for row in rows]
            # The table of positions has one row.
            assert not [step for step in plan if "Seq Scan" in step and "projection" not in step]
