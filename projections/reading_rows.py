"""From rows of the read model to the parts of an answer."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
from pydantic import TypeAdapter

from domain.instants import FAR, Microseconds, from_microseconds
from ledger.stored_bytes import event_fields, from_stored
from projections import answers
from projections.answers import Certainty, Coverage
from projections.moments import During

BY_HOLDER = itemgetter("owner", "partner", "valid_from", "opened_by")
"""The order of windows on one asset."""
_PACKED = (
    "partner", "owner",
    "valid_from_earliest", "valid_from", "valid_to_earliest", "valid_to",
    "opened_by", "closed_by", "cause",
    "tasks", "level", "planned_end", "partner_name", "asset_name",
)  # fmt: skip
"""The columns of who_had_access in asking.sqlite.sql."""
_HOLDINGS = TypeAdapter(tuple[answers.Holding, ...])
"""All of an answer made at once, for less than two thirds of what one by one would cost."""
_WEAKNESS: dict[Coverage, int] = {"unknown": 0, "own_access_only": 1, "known": 2}


def named(rows: Iterable[Any], **same: Any) -> list[Any]:
    """The rows as mappings that find a column at once, with what is the same in each of them.

    A row of SQLite compares its names one by one, which costs more than the statement. What it is
    asked most often comes packed into one text.
    """
    found = list(rows)
    if not found:
        return found
    if isinstance(found[0], dict):
        return [row | same for row in found] if same else found
    names = found[0].keys()
    if names == ["packed"]:
        names, found = _PACKED, orjson.loads(found[0]["packed"])
    return [dict(zip(names, row, strict=True), **same) for row in found]


def window_of(row: Any) -> answers.Window:
    """The span of a row."""
    return answers.Window.model_validate(_window(row))


def _window(row: Any) -> dict[str, Any]:
    return {
        "from": from_microseconds(row["valid_from"]),
        "from_earliest": from_microseconds(row["valid_from_earliest"]),
        "to": _end(row["valid_to"]),
        "to_earliest": _end(row["valid_to_earliest"]),
        "opened_by": row["opened_by"],
        "closed_by": row["closed_by"] or None,
        "cause": row["cause"],
    }


def _end(moment: Microseconds) -> datetime | None:
    return None if moment == FAR else from_microseconds(moment)


def certainty_during(row: Any, since: Microseconds, until: Microseconds) -> Certainty:
    """Whether the span overlaps [since, until) for certain; it may, or it would not be here."""
    certain = row["valid_from"] < until and since < row["valid_to_earliest"]
    return "certain" if certain and row["valid_from"] < row["valid_to_earliest"] else "possible"


def holdings(
    rows: Sequence[Any],
    since: Microseconds,
    until: Microseconds,
    *,
    among: Sequence[Any] | None = None,
) -> tuple[answers.Holding, ...]:
    """The holdings that windows come to in a period, in the order of the rows.

    A chain of windows linked by changes is one stretch of access: inside the edge of a change both
    windows are possible, and that there was access is certain. `among` are the windows of all pages
    where the rows are those of one.
    """
    certain = _certain_chains(rows if among is None else among, since, until)
    refs = {
        named: answers.AssetRef(type=named[0], id=named[1], name=named[2])
        for named in {_named_asset(row) for row in rows}
    }
    return _HOLDINGS.validate_python(
        [
            {
                "asset": refs[_named_asset(row)],
                "owner": row["owner"],
                "partner": row["partner"],
                "partner_name": row["partner_name"],
                "tasks": orjson.loads(row["tasks"]),
                "level": row["level"],
                "planned_end": row["planned_end"],
                "certainty": certainty_during(row, since, until),
                "access": "certain" if _line(row) in certain else "possible",
                "window": _window(row),
            }
            for row in rows
        ]
    )


def _named_asset(row: Any) -> tuple[str, str, str | None]:
    return (row["asset_type"], row["asset_id"], row["asset_name"])


def _line(row: Any) -> tuple[str, str, str, str]:
    return (row["owner"], row["partner"], row["asset_type"], row["asset_id"])


def _certain_chains(
    rows: Sequence[Any], since: Microseconds, until: Microseconds
) -> set[tuple[str, str, str, str]]:
    """The lines on which there was access for certain, whatever the tasks.

    A chain is followed by the entries at its ends: where a replacement stands before an entry with
    a lower number, neither time nor numbers tell the order of windows of no length.
    """
    opened_by = {row["opened_by"]: row for row in rows}
    changed_to = {row["closed_by"] for row in rows}
    certain = set()
    for first in rows:
        if first["opened_by"] in changed_to:
            continue
        last = first
        while last["closed_by"] in opened_by:
            last = opened_by[last["closed_by"]]
        start, end = first["valid_from"], last["valid_to_earliest"]
        if start < until and since < end and start < end:
            certain.add(_line(first))
    return certain


def ownership_of(row: Any, at: Microseconds) -> answers.Ownership:
    """The ownership that a row says."""
    return answers.Ownership(
        asset=answers.AssetRef(type=row["asset_type"], id=row["asset_id"], name=row["asset_name"]),
        owner=row["owner"],
        detail=row["detail"],
        certainty=certainty_during(row, at, at + 1),
        window=window_of(row),
    )


def episode_of(row: Any, at: Microseconds) -> answers.Episode:
    """The episode that a row says."""
    return answers.Episode(
        owner=row["owner"],
        partner=row["partner"],
        partner_name=row["partner_name"],
        removed_by=row["removed_by"],
        certainty=certainty_during(row, -FAR, at + 1),
        window=window_of(row),
    )


def entry_view(book: str, row: Any) -> answers.ListedEntry:
    """An entry as answers show it."""
    entry = from_stored(book, row["number"], row["state"])
    return answers.ListedEntry(
        number=entry.number,
        position=row["position"],
        recorded_at=entry.recorded_at,
        recorded_by=entry.recorded_by,
        event=event_fields(entry),
        touches=entry.touches,
    )


def covers(row: Any, at: Microseconds) -> bool:
    """Whether the span covers the moment, certainly or possibly."""
    return bool(row["valid_from_earliest"] <= at < row["valid_to"])


def coverage_of(book: str, rows: Sequence[Any], at: Microseconds) -> Coverage:
    """How much a book can say about one asset's holders, from the asset's ownerships.

    Inside an edge it is the least of what the possible owners allow; before the first ownership has
    begun for certain nothing is known.
    """
    possible = [span_coverage(book, row) for row in rows if covers(row, at)]
    return weakest(possible) if any(row["valid_from"] <= at for row in rows) else "unknown"


def weakest(possible: Sequence[Coverage]) -> Coverage:
    """The least that one of the coverages allows; of none of them nothing is known."""
    return min(possible, key=_WEAKNESS.__getitem__, default="unknown")


def span_coverage(book: str, row: Any) -> Coverage:
    """How much a book can say about an asset while this ownership lasts."""
    if row["owner"] == book or (row["owner"] is None and row["detail"] == "asset_deleted"):
        return "known"
    return "unknown" if row["owner"] is None else "own_access_only"


def owner_of(rows: Iterable[Any], at: Microseconds) -> str | None:
    """The owner recorded at the moment; inside an edge the one before it."""
    for row in rows:
        if row["valid_from"] <= at < row["valid_to"]:
            return row["owner"]  # type: ignore[no-any-return]
    return None


def last_name(rows: Sequence[Any], column: str) -> str | None:
    """The name last given, if any."""
    named: Callable[[Any], bool] = lambda row: row[column] is not None  # noqa: E731
    return next((row[column] for row in reversed(rows) if named(row)), None)


def asset_ref(asset: tuple[str, str], name: str | None) -> answers.AssetRef:
    """An asset as answers name it."""
    return answers.AssetRef(type=asset[0], id=asset[1], name=name)


def period_of(during: During | None) -> answers.Period | None:
    """A period as answers name it."""
    return answers.Period(from_=during[0], to=during[1]) if during else None
