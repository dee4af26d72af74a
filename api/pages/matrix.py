"""The matrix: partners by type of asset, by the assets of one type, or by every asset."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from threading import Lock
from typing import Any, get_args

import orjson
from fastapi import Request, Response
from markupsafe import Markup

from api.pages.asking import Asked, Asking, query
from api.pages.chart import chart_of
from api.pages.rendering import LEVELS as WORDS
from api.pages.showing import Cell, View
from api.problems import BadRequest
from domain.instants import FAR, Microseconds, format_instant, from_microseconds, to_microseconds
from projections.answers import Coverage, Holding, Matrix, Window
from projections.histories import LEVELS, Counts, History, Owned, Span
from projections.moments import AsOf, Clocks

EVERY = "every"
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
            "step": lambda moment: query(
                type=wanted, at=from_microseconds(moment), known_at=str(clocks.known_at.entry)
            ),
            "kind": lambda kind: query(type=kind, at=asked.at, known_at=asked.known_at),
            "every": EVERY,
            "history": history,
            "table": by_asset(history, at, wanted) if wanted else by_type(history, at),
            "told": told(history, at),
            "chart": chart,
            "change_before": history.change_before(at),
            "change_after": history.change_after(at),
        },
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
        "asset_type": holding.asset.type,
        "asset_id": holding.asset.id,
        "asset_name": holding.asset.name,
        "owner": holding.owner,
        "partner": holding.partner,
        "partner_name": holding.partner_name,
        "level": holding.level,
        "tasks": " ".join(holding.tasks),
        "certainty": holding.certainty,
        "access": holding.access,
        "planned_end": holding.planned_end,
        **window_row(window),
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

NONE: Counts = []

MARK = Markup('<span class="{}" title="{}">{}</span>')


@lru_cache(maxsize=10_000)
def marks(cell: tuple[int, ...], *, counted: bool) -> Markup:
    """The marks of a cell: a letter for each level, with a question mark where it is possible."""
    found = []
    for mark, count in enumerate(cell):
        if not count:
            continue
        possible = mark % 2 == 1
        letter, words = WORDS[LEVELS[mark // 2]]
        text = f"{letter}?" if possible else letter
        name = f"mark {letter.lower()}{' possible' if possible else ''}"
        shown = f"{text} {count}" if counted or count > 1 else text
        said = f"possibly {words}" if possible else words
        found.append(MARK.format(name, said, shown))
    return Markup().join(found)


def by_type(history: History, at: Microseconds) -> dict[str, Any]:
    """Partners by type: a row for each partner there ever was as known then."""
    cells, types = history.by_type(at), history.types
    coverages = history.coverages(at)
    assets: Counter[str] = Counter(asset.type for asset in history.assets)
    unknown: Counter[str] = Counter(
        asset.type
        for asset, coverage in zip(history.assets, coverages, strict=True)
        if coverage != "known"
    )
    return {
        "columns": [(kind, assets[kind], unknown[kind]) for kind in types],
        "rows": [
            (
                party,
                [
                    marks(tuple(cells.get((place, kind), ())), counted=True)
                    for kind in history.types
                ],
            )
            for place, party in enumerate(history.partners)
        ],
    }


def by_asset(history: History, at: Microseconds, wanted: str) -> dict[str, Any]:
    """Assets by partner: a row for each asset of the type, or for every one."""
    cells = history.by_asset(at)
    coverages = history.coverages(at)
    partners = range(len(history.partners))
    return {
        "columns": history.partners,
        "rows": [
            (
                place,
                asset,
                coverages[place],
                [
                    marks(tuple(cells.get((place, partner), ())), counted=False)
                    for partner in partners
                ],
            )
            for place, asset in enumerate(history.assets)
            if wanted in {EVERY, asset.type}
        ],
    }


def told(history: History, at: Microseconds) -> str:
    """The matrix in a sentence."""
    levels = [0] * (2 * len(LEVELS))
    partners, assets = set(), set()
    for asset, partner, mark in history.open_at(at):
        levels[mark] += 1
        partners.add(partner)
        assets.add(asset)
    coverages = history.coverages(at)
    empty = sum(
        coverage == "known" and place not in assets for place, coverage in enumerate(coverages)
    )
    unknown = sum(coverage == "unknown" for coverage in coverages)
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
    """Columns instead of rows, and edges as lengths: most are 0, and that is small."""
    return {
        "known_at": history.known_at.entry,
        "windows": {
            "asset": [span.asset for span in history.windows],
            "partner": [span.partner for span in history.windows],
            "level": [span.level for span in history.windows],
            **_spans(history.windows),
        },
        "ownerships": {
            "asset": [owned.asset for owned in history.ownerships],
            "coverage": [COVERAGES.index(owned.coverage) for owned in history.ownerships],
            **_spans(history.ownerships),
        },
        "types": [history.types.index(asset.type) for asset in history.assets],
        "partners": len(history.partners),
        "changes": history.changes,
    }


def _spans(spans: Iterable[Span | Owned]) -> dict[str, list[int | None]]:
    found = list(spans)
    return {
        "from": [span.from_ for span in found],
        "from_edge": [span.from_ - span.from_earliest for span in found],
        "to": [None if span.to == FAR else span.to for span in found],
        "to_edge": [span.to - span.to_earliest for span in found],
    }
