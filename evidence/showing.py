"""The parts of an answer as values of JSON: spans, holdings, owners, episodes, coverage."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from evidence.canonical import Json
from evidence.instants import FAR, instant
from evidence.levels import level_of
from evidence.reading import Asset, Episode, Line, Ownership, Span, Window

_WEAKEST_FIRST = ("unknown", "own_access_only", "known")


def window(span: Span) -> dict[str, Json]:
    """A span with its edges and the entries at its ends."""
    return {
        "from": instant(span.since),
        "from_earliest": instant(span.since_earliest),
        "to": _end(span.until),
        "to_earliest": _end(span.until_earliest),
        "opened_by": span.opened_by,
        "closed_by": span.closed_by or None,
        "cause": span.cause,
    }


def _end(moment: int) -> str | None:
    return None if moment == FAR else instant(moment)


def asset_json(asset: Asset, name: str | None) -> dict[str, Json]:
    """An asset with its name."""
    return {"type": asset[0], "id": asset[1], "name": name}


def certainty(span: Span, since: int, until: int) -> str:
    """Whether a span that may overlap [since, until) does so for certain."""
    return _certainly(span.since, span.until_earliest, since, until)


def _certainly(start: int, end: int, since: int, until: int) -> str:
    overlaps = start < end and start < until and since < end
    return "certain" if overlaps else "possible"


def holdings(windows: Sequence[Window], since: int, until: int) -> list[Json]:
    """Windows as holdings in a period.

    Windows that follow one another by changes are one stretch of access: inside the edge of a
    change each is possible, and that there was access is certain.
    """
    certain = _lines_with_access(windows, since, until)
    return [
        {
            "asset": asset_json(held.asset, held.asset_name),
            "owner": held.pair[0],
            "partner": held.pair[1],
            "partner_name": held.partner_name,
            "tasks": list(held.tasks),
            "level": level_of(held.asset[0], held.tasks),
            "planned_end": held.planned_end,
            "certainty": certainty(held, since, until),
            "access": "certain" if (held.pair, held.asset) in certain else "possible",
            "window": window(held),
        }
        for held in windows
    ]


def _lines_with_access(windows: Sequence[Window], since: int, until: int) -> set[Line]:
    """The lines on which there was access for certain, whatever the tasks."""
    opened_by = {held.opened_by: held for held in windows}
    changed_to = {held.closed_by for held in windows}
    certain = set()
    for first in windows:
        if first.opened_by in changed_to:
            continue
        last = first
        while last.closed_by in opened_by:
            last = opened_by[last.closed_by]
        if _certainly(first.since, last.until_earliest, since, until) == "certain":
            certain.add((first.pair, first.asset))
    return certain


def ownership(span: Ownership, at: int) -> dict[str, Json]:
    """Who owned an asset."""
    return {
        "asset": asset_json(span.asset, span.name),
        "owner": span.owner,
        "detail": span.detail,
        "certainty": certainty(span, at, at + 1),
        "window": window(span),
    }


def episode(span: Episode, at: int) -> dict[str, Json]:
    """A partnership."""
    return {
        "owner": span.pair[0],
        "partner": span.pair[1],
        "partner_name": span.partner_name,
        "removed_by": span.removed_by,
        "certainty": certainty(span, -FAR, at + 1),
        "window": window(span),
    }


def asset_coverage(book: str, spans: Sequence[Ownership], at: int) -> str:
    """What the book can say about an asset's holders; in an edge the least that is possible."""
    possible = [_coverage(book, span) for span in spans if span.may_cover(at)]
    if not possible or not any(span.since <= at for span in spans):
        return "unknown"
    return min(possible, key=_WEAKEST_FIRST.index)


def _coverage(book: str, span: Ownership) -> str:
    if span.owner is None:
        return "known" if span.detail == "asset_deleted" else "unknown"
    return "known" if span.owner == book else "own_access_only"


def partner_coverage(episodes: Iterable[Episode], at: int) -> str:
    """Known from the first effective event of one of the partner's pairs on."""
    return "known" if any(span.since <= at for span in episodes) else "unknown"


def owner_at(spans: Iterable[Ownership], at: int) -> str | None:
    """The owner recorded at a moment; inside an edge the one before it."""
    return next((span.owner for span in spans if span.since <= at < span.until), None)


def in_time(spans: Iterable[Any], *before: Callable[[Any], object]) -> list[Any]:
    """Spans in the order of some keys, then of time, then of the entries that opened them."""
    return sorted(
        spans, key=lambda span: (*(key(span) for key in before), span.since, span.opened_by)
    )


def last_name(names: Sequence[str | None]) -> str | None:
    """The name that was given last."""
    return next((name for name in reversed(names) if name is not None), None)


def parts(values: Iterable[dict[str, Json]]) -> list[Json]:
    """Parts of an answer as one list."""
    return cast("list[Json]", list(values))
