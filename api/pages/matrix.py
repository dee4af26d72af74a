"""The matrix: partners by type of asset, by the assets of one type, or by every asset."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from math import gcd
from threading import Lock
from typing import Any, get_args

import orjson
from fastapi import Request, Response

from api.pages.asking import Asked, Asking, query
from api.pages.chart import chart_of
from api.pages.proving import of_matrix
from api.pages.rendering import LEVELS as WORDS
from api.pages.rows import bars
from api.pages.showing import Cell, View
from api.pages.table import EVERY, Moment, moment_of, table
from api.problems import BadRequest
from domain.instants import FAR, Microseconds, format_instant, from_microseconds, to_microseconds
from projections.answers import Coverage, Holding, Matrix, Window
from projections.histories import LEVELS, Counts, History, Owned, Span
from projections.moments import AsOf, Clocks

COLUMNS = (
    "asset_type", "asset_id", "asset_name", "owner", "partner", "partner_name", "level", "tasks",
    "certainty", "access", "planned_end", "from_earliest", "from", "to_earliest", "to",
    "opened_by", "closed_by", "cause",
)  # fmt: skip
KEPT_HISTORIES = 16
KEPT_SPANS = 200_000
"""So many windows and ownerships are kept together, or one history that has more."""
COVERAGES: tuple[Coverage, ...] = get_args(Coverage)


class Histories:
    """Histories in hand. One never changes: it is of a book as known at an entry."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, str | None], History] = OrderedDict()
        self._lock = Lock()

    def of(self, asked: Asked, known_at: int) -> History:
        """The history of the book as the key may see it; read where it is not in hand."""
        wanted = (asked.book, known_at, asked.partner)
        with self._lock:
            if found := self._kept.get(wanted):
                self._kept.move_to_end(wanted)
                return found
        found = asked.questions.history(asked.book, known_at)
        with self._lock:
            self._kept[wanted] = found
            while len(self._kept) > 1 and not self._fits():
                self._kept.popitem(last=False)
        return found

    def _fits(self) -> bool:
        spans = sum(len(kept.windows) + len(kept.ownerships) for kept in self._kept.values())
        return len(self._kept) <= KEPT_HISTORIES and spans <= KEPT_SPANS


def history_of(request: Request, asked: Asked, known_at: int) -> History:
    """The history of the book, as known at an entry."""
    histories: Histories = request.app.state.histories
    return histories.of(asked, known_at)


def show(request: Request, asked: Asked) -> View:
    """The matrix at one moment."""
    clocks = asked.clocks()
    history = history_of(request, asked, clocks.known_at.entry)
    wanted = request.query_params.get("type", "")
    if wanted not in {"", EVERY, *history.types}:
        raise BadRequest(
            422,
            "no-such-type",
            f"this book holds no asset of the type {wanted[:80]!r}; "
            f"it holds: {', '.join(history.types) or 'none yet'}",
        )
    at = to_microseconds(clocks.at)
    moment = moment_of(history, at, wanted)
    chart = chart_of(history, at, to_microseconds(clocks.now))
    return View(
        answer=lambda: matrix_of(asked, clocks, wanted),
        rows=lambda: map(holding_row, matrix_of(asked, clocks, wanted).cells),
        columns=COLUMNS,
        clocks=clocks,
        template="matrix.html",
        context={
            "wanted": wanted,
            "at_us": at,
            "step": lambda change: query(
                type=wanted, at=from_microseconds(change), known_at=str(clocks.known_at.entry)
            ),
            "kind": lambda kind: query(type=kind, at=asked.at, known_at=asked.known_at),
            "every": EVERY,
            "history": history,
            "table": table(request, moment, query(at=asked.at, known_at=asked.known_at)),
            "told": told(moment),
            "chart": chart,
            "bars": bars(chart.bars),
            "change_before": history.change_before(at),
            "change_after": history.change_after(at),
        },
        evidence=of_matrix(asked),
    )


def matrix_of(asked: Asked, clocks: Clocks, wanted: str) -> Matrix:
    """The API's answer, cut to the type that is on the screen."""
    found = asked.questions.matrix_at(
        asked.book, AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    )
    if wanted in {"", EVERY}:
        return found
    cells = tuple(cell for cell in found.cells if cell.asset.type == wanted)
    return found.model_copy(update={"cells": cells})


def holding_row(holding: Holding) -> dict[str, Cell]:
    """A holding as a row of a sheet."""
    window = holding.window
    return {
        **line_row(holding),
        "level": holding.level,
        "tasks": " ".join(holding.tasks),
        "certainty": holding.certainty,
        "access": holding.access,
        "planned_end": holding.planned_end,
        **window_row(window),
    }


def line_row(holding: Holding) -> dict[str, Cell]:
    """Who holds what of whom, as the beginning of a row."""
    return {
        "asset_type": holding.asset.type,
        "asset_id": holding.asset.id,
        "asset_name": holding.asset.name,
        "owner": holding.owner,
        "partner": holding.partner,
        "partner_name": holding.partner_name,
    }


def window_row(window: Window) -> dict[str, Cell]:
    """A span as the end of a row."""
    return {
        "from_earliest": format_instant(window.from_earliest),
        "from": format_instant(window.from_),
        "to_earliest": format_instant(window.to_earliest) if window.to_earliest else None,
        "to": format_instant(window.to) if window.to else None,
        "opened_by": window.opened_by,
        "closed_by": window.closed_by,
        "cause": window.cause,
    }


# --- what the page shows


def told(moment: Moment) -> str:
    """The matrix in a sentence."""
    found = Counter(mark for _, _, mark in moment.opened)
    levels = [found[mark] for mark in range(2 * len(LEVELS))]
    partners = {partner for _, partner, _ in moment.opened}
    assets = {asset for asset, _, _ in moment.opened}
    empty = sum(
        coverage == "known" and place not in assets
        for place, coverage in enumerate(moment.coverages)
    )
    unknown = sum(coverage == "unknown" for coverage in moment.coverages)
    return sentence(len(partners), len(assets), levels, empty, unknown)


def sentence(partners: int, assets: int, levels: Counts, empty: int, unknown: int) -> str:
    """The figures of a matrix in words; the script says the same."""
    parts = [
        f"{count} with {'possibly ' if mark % 2 else ''}{WORDS[LEVELS[mark // 2]][1]}"
        for mark, count in enumerate(levels)
        if count
    ]
    first = (
        f"{plural(partners, 'partner')} with access to {plural(assets, 'asset')}: "
        f"{', '.join(parts)}."
        if parts
        else "No access of a partner is recorded at this moment."
    )
    rest = f" {plural(empty, 'asset')} without a partner."
    if unknown:
        rest += f" {plural(unknown, 'asset')} not known then: an empty cell there is not a no."
    return first + rest


def plural(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


# --- what the script paints from


def history(request: Request, asked: Asking) -> Response:
    """The whole history in numbers: the script paints the matrix of any instant from it."""
    clocks = asked.clocks()
    found = history_of(request, asked, clocks.known_at.entry)
    content = orjson.dumps(packed(found))
    return Response(content, media_type="application/json")


def packed(history: History) -> dict[str, Any]:
    """Columns instead of rows, times in steps from the first, and edges as lengths: small numbers.

    A step is the longest that every time is a whole number of.
    """
    spans: list[Span | Owned] = [*history.windows, *history.ownerships]
    times = {
        time
        for span in spans
        for time in (span.from_earliest, span.from_, span.to_earliest, span.to)
        if time != FAR
    }
    start = min(times, default=0)
    unit = gcd(*(time - start for time in times)) or 1
    return {
        "known_at": history.known_at.entry,
        "start": start,
        "unit": unit,
        "windows": {
            "asset": [span.asset for span in history.windows],
            "partner": [span.partner for span in history.windows],
            "level": [span.level for span in history.windows],
            **_spans(history.windows, start, unit),
        },
        "ownerships": {
            "asset": [owned.asset for owned in history.ownerships],
            "coverage": [COVERAGES.index(owned.coverage) for owned in history.ownerships],
            **_spans(history.ownerships, start, unit),
        },
        "types": [history.types.index(asset.type) for asset in history.assets],
        "partners": len(history.partners),
    }


def _spans(
    spans: Sequence[Span | Owned], start: Microseconds, unit: Microseconds
) -> dict[str, list[int | None]]:
    return {
        "from": [(span.from_ - start) // unit for span in spans],
        "from_edge": [(span.from_ - span.from_earliest) // unit for span in spans],
        "to": [None if span.to == FAR else (span.to - start) // unit for span in spans],
        "to_edge": [
            0 if span.to == span.to_earliest else (span.to - span.to_earliest) // unit
            for span in spans
        ],
    }
