"""Showing an answer: as a page, as JSON and as CSV, each from the same answer."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.pages.asking import CLOCKS, Asked, Asking, pinned, query
from api.pages.parts import ALL
from api.pages.proving import Offer
from api.pages.rendering import render
from api.routes.showing import shown
from bootstrap.services import Services
from ledger.keyring import KeysMissing, KeysUnreadable
from projections.moments import Clocks

_UNFIT = re.compile(r"[^A-Za-z0-9._]+")
"""What has no place in the name of a file."""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class View:
    """What one question comes to: the answer, its rows for a sheet, and the page that shows it.

    `answer` and `rows` are asked for where they are shown.
    """

    answer: Callable[[], BaseModel]
    rows: Callable[[], Iterable[Mapping[str, Cell]]]
    columns: Sequence[str]
    clocks: Clocks
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    evidence: Offer | None = None
    """What of it a pack can prove."""
    pinned: Mapping[str, str] = field(default_factory=dict)
    """What the permanent link pins beside both clocks."""


Showing = Callable[[Request, Asked], View]


def add_page(router: APIRouter, path: str, show: Showing) -> None:
    """Serve what `show` gives at the path as a page, and beside it as `.json` and as `.csv`."""

    def page(request: Request, asked: Asking) -> Response:
        view = show(request, asked)
        return page_of(request, asked, view)

    def as_json(request: Request, asked: Asking) -> Response:
        return shown(request, show(request, asked).answer())

    def as_csv(request: Request, asked: Asking) -> Response:
        view = show(request, asked)
        address = request.scope["path"].partition(f"/{asked.book}/")[2]
        name = f"{asked.book}-{_UNFIT.sub('-', address)}"
        return csv_response(name, view.columns, view.rows())

    # The twins come first: where the path ends in an id, the page would take them for one.
    router.add_api_route(f"{path}.json", as_json, methods=["GET"])
    router.add_api_route(f"{path}.csv", as_csv, methods=["GET"])
    router.add_api_route(path, page, methods=["GET"])


def page_of(request: Request, asked: Asked, view: View) -> Response:
    """The page that shows a view, with the addresses that lead on from it."""
    path = quote(request.scope["path"])
    kept = {name: value for name, value in request.query_params.items() if name not in CLOCKS}
    clocks = pinned(view.clocks)
    permanent = query(**{**kept, **view.pinned}, **clocks)
    return render(
        request,
        view.template,
        asked=asked,
        clocks=view.clocks,
        kept=kept,
        path=path,
        permanent=f"{path}{permanent}",
        checkpoint=newest_checkpoint(request),
        twins={"JSON": f"{path}.json{permanent}", "CSV": f"{path}.csv{permanent}"},
        now_known=query(**kept, at=asked.at),
        since_known=query(from_known_at=str(view.clocks.known_at.entry), at=asked.at),
        # Links to other pages ask about the same moments; what is left open stays open.
        onward=query(at=asked.at, known_at=asked.known_at),
        all_rows=f"{path}{query(**{**kept, **ALL}, at=asked.at, known_at=asked.known_at)}",
        evidence=view.evidence,
        address=view.evidence.address(asked.book, clocks) if view.evidence else "",
        form={},
        **view.context,
    )


def newest_checkpoint(request: Request) -> str:
    """The newest signed checkpoint in a line, or that there is none; each is verified once."""
    state = request.app.state
    services: Services = state.services
    note, line = state.checkpoint_line
    if note is not None and note == services.log.newest_note():
        return str(line)
    try:
        sealed = services.log.newest_checkpoint()
    except (KeysMissing, KeysUnreadable):
        sealed = None
    if sealed is None:
        return "none signed yet"
    checkpoint = sealed.checkpoint
    line = f"{checkpoint.origin}, {checkpoint.size} entries, {checkpoint.root.hex()[:16]}…"
    state.checkpoint_line = (sealed.note, line)
    return line


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> Response:
    """A sheet as a file."""
    return Response(
        csv_text(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """The rows as CSV (RFC 4180); no cell is a formula to a spreadsheet."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_inert(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def _inert(value: Cell) -> Cell:
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value
