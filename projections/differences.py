"""One matrix against another."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from projections.answers import Change, Holding
from projections.moments import Moment
from projections.reading_rows import holdings, named

Line = tuple[str, str, str, str]
"""Asset type, asset id, owner, partner: the order in which changes are listed."""


def changes_between(
    sql: Any, connection: Any, book: str, start: Moment, end: Moment
) -> tuple[Change, ...]:
    """The lines on which the matrices of a book at two moments differ."""
    sides = [
        holdings(
            named(sql.matrix_at(connection, book=book, known=moment.known, at=moment.at)),
            moment.at,
            moment.at + 1,
        )
        for moment in (start, end)
    ]
    low, high = sorted((start.known, end.known))

    def learned(line: Line) -> list[int]:
        asset_type, asset_id, owner, partner = line
        rows = sql.entries_on_line(
            connection,
            book=book, asset_type=asset_type, asset_id=asset_id,
            owner=owner, partner=partner, after=low, known=high,
        )  # fmt: skip
        return [row["number"] for row in rows]

    return changes(*sides, learned=learned)


def changes(
    before: Sequence[Holding],
    after: Sequence[Holding],
    *,
    learned: Callable[[Line], Iterable[int]] = lambda _: (),
) -> tuple[Change, ...]:
    """The lines on which two matrices differ in tasks, level or certainty, sorted by asset.

    `learned` gives the entries on a line that one of the two sides did not know yet.
    """
    old, new = _by_line(before), _by_line(after)
    found = []
    for line in sorted(old.keys() | new.keys()):
        was, now = old.get(line, ()), new.get(line, ())
        if _said(was) == _said(now):
            continue
        entries = {number for holding in (*was, *now) for number in _entries(holding, was, now)}
        entries.update(learned(line))
        kind = "added" if not was else "removed" if not now else "changed"
        found.append(
            Change(kind=kind, before=tuple(was), after=tuple(now), entries=tuple(sorted(entries)))
        )
    return tuple(found)


def _by_line(holdings: Sequence[Holding]) -> dict[Line, list[Holding]]:
    lines: dict[Line, list[Holding]] = defaultdict(list)
    for holding in holdings:
        asset = holding.asset
        lines[asset.type, asset.id, holding.owner, holding.partner].append(holding)
    return lines


def _said(holdings: Sequence[Holding]) -> list[tuple[tuple[str, ...], str]]:
    return [(holding.tasks, holding.certainty) for holding in holdings]


def _entries(holding: Holding, was: Sequence[Holding], now: Sequence[Holding]) -> list[int]:
    """The entries by which a window came or went between the two matrices."""
    entries = []
    if holding in now and holding not in was:
        entries.append(holding.window.opened_by)
    if holding in was and holding not in now and holding.window.closed_by:
        entries.append(holding.window.closed_by)
    return entries
