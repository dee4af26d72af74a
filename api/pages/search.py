"""Finding a partner or an asset of a book by a part of its name, or of its id."""

from fastapi import Request
from pydantic import BaseModel

from api.pages.asking import Asked
from api.pages.matrix import history_of
from api.pages.showing import View
from projections.answers import AssetRef

MOST = 50


class PartnerRef(BaseModel):
    """A partner, with the name it was last given."""

    id: str
    name: str | None


class Found(BaseModel):
    """What a part of a name or an id leads to; the first of many."""

    book: str
    sought: str
    partners: tuple[PartnerRef, ...]
    assets: tuple[AssetRef, ...]
    more: bool


def show(request: Request, asked: Asked) -> View:
    """The partners and assets whose name or id holds what is sought."""
    clocks = asked.clocks()
    history = history_of(request, asked, clocks.known_at.entry)
    sought = request.query_params.get("q", "").strip()[:200]
    partners = [party for party in history.partners if _holds(sought, party.id, party.name)]
    assets = [asset for asset in history.assets if _holds(sought, asset.id, asset.name)]
    found = Found(
        book=asked.book,
        sought=sought,
        partners=tuple(PartnerRef(id=party.id, name=party.name) for party in partners[:MOST]),
        assets=tuple(assets[:MOST]),
        more=len(partners) > MOST or len(assets) > MOST,
    )
    return View(
        answer=lambda: found,
        rows=lambda: [
            *({"kind": "partner", "id": item.id, "name": item.name} for item in found.partners),
            *({"kind": item.type, "id": item.id, "name": item.name} for item in found.assets),
        ],
        columns=("kind", "id", "name"),
        clocks=clocks,
        template="search.html",
        context={"found": found},
    )


def _holds(sought: str, id: str, name: str | None) -> bool:
    wanted = sought.casefold()
    # An ad account is written with act_ in some places, and its id is what follows.
    told = wanted.removeprefix("act_") in id.casefold() or wanted in (name or "").casefold()
    return bool(wanted) and told
