"""Who owned what, with what a partner owns marked: the owner only borrows it."""

from fastapi import Request

from api.pages.asking import Asked
from api.pages.matrix import history_of, plural, window_row
from api.pages.parts import first_of
from api.pages.proving import of_ownership
from api.pages.showing import Cell, View
from projections.answers import Ownership
from projections.moments import AsOf

COLUMNS = (
    "asset_type", "asset_id", "asset_name", "owner", "owner_name", "owned_by", "detail",
    "certainty", "from_earliest", "from", "to_earliest", "to", "opened_by", "closed_by", "cause",
)  # fmt: skip
ORDER = ("partner", "other", "nobody", "book")
"""What wants a look comes first."""


def show(request: Request, asked: Asked) -> View:
    """Ownership at one moment."""
    clocks = asked.clocks()
    known = clocks.known_at.entry
    names = dict(history_of(request, asked, known).partners)
    answer = asked.questions.ownership_at(asked.book, AsOf(at=clocks.at, known_at=known))
    listed = sorted(
        ((owned_by(item, asked.book, names), item) for item in answer.ownerships),
        key=lambda row: ORDER.index(row[0]),
    )
    part = first_of(request, listed)
    inverted = sum(kind == "partner" for kind, _ in listed)
    return View(
        answer=lambda: answer,
        rows=lambda: (row_of(kind, item, names) for kind, item in listed),
        columns=COLUMNS,
        clocks=clocks,
        template="ownership.html",
        context={
            "part": part,
            "names": names,
            "inverted": plural(inverted, "asset") if inverted else "",
        },
        evidence=of_ownership(asked, [item.asset for _, item in part.rows]),
    )


def owned_by(item: Ownership, book: str, partners: dict[str, str | None]) -> str:
    """Whose the asset is, seen from the book: its own, a partner's, another's, or nobody's."""
    if item.owner is None:
        return "nobody"
    if item.owner == book:
        return "book"
    return "partner" if item.owner in partners else "other"


def row_of(kind: str, item: Ownership, names: dict[str, str | None]) -> dict[str, Cell]:
    """An ownership as a row of a sheet."""
    return {
        "asset_type": item.asset.type,
        "asset_id": item.asset.id,
        "asset_name": item.asset.name,
        "owner": item.owner,
        "owner_name": names.get(item.owner or ""),
        "owned_by": kind,
        "detail": item.detail,
        "certainty": item.certainty,
        **window_row(item.window),
    }
