"""The matrix at one moment as a table: its heads, and its rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.pages.parts import first_of
from api.pages.rows import asset_head, joined, party_head, row
from domain.instants import Microseconds
from projections.answers import Coverage
from projections.histories import History, Mark, counted

EVERY = "every"
MOST_PARTNERS, MOST_CELLS, LEAST_ASSETS = 500, 12_000, 20
"""Of a larger matrix a page shows the first rows."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so at one moment, and which assets are looked at; read from the history once."""

    history: History
    wanted: str
    """A type of assets, every asset, or none: then assets are counted by type."""
    opened: Sequence[tuple[int, int, Mark]]
    """The windows that are open, by the places of asset and partner, and their kind."""
    coverages: Sequence[Coverage]


def moment_of(history: History, at: Microseconds, wanted: str) -> Moment:
    """What is so at a moment."""
    return Moment(history, wanted, list(history.open_at(at)), history.coverages(at))


def table(request: Request, moment: Moment, onward: str) -> dict[str, Any]:
    """The heads and rows; of a large matrix the first rows. `onward` ends the links."""
    shown = _by_asset if moment.wanted else _by_type
    return shown(request, moment, onward)


def _by_type(request: Request, moment: Moment, onward: str) -> dict[str, Any]:
    """Partners by type: a row for each partner there ever was as known then."""
    history = moment.history
    types, kinds = history.types, [asset.type for asset in history.assets]
    cells = history.by_type(moment.opened)
    assets = Counter(kinds)
    unknown = Counter(
        kind for kind, coverage in zip(kinds, moment.coverages, strict=True) if coverage != "known"
    )
    part = first_of(request, list(enumerate(history.partners)), MOST_PARTNERS)
    return {
        "columns": [(kind, assets[kind], unknown[kind]) for kind in types],
        "body": joined(
            row(
                party_head(history.book, party, onward),
                (cells.get((place, kind)) for kind in types),
                with_count=True,
            )
            for place, party in part.rows
        ),
        "part": part,
    }


def _by_asset(request: Request, moment: Moment, onward: str) -> dict[str, Any]:
    """Assets by partner: a row for each asset of the type, or for every one."""
    history, wanted = moment.history, moment.wanted
    cells, partners = counted(moment.opened), range(len(history.partners))
    assets = [
        (place, asset)
        for place, asset in enumerate(history.assets)
        if wanted in {EVERY, asset.type}
    ]
    part = first_of(request, assets, max(LEAST_ASSETS, MOST_CELLS // max(1, len(partners))))
    return {
        "heads": joined(
            f'<th scope="col">{party_head(history.book, party, onward)}</th>'
            for party in history.partners
        ),
        "body": joined(
            row(
                asset_head(history.book, asset, onward, with_type=wanted == EVERY),
                (cells.get((place, partner)) for partner in partners),
                with_count=False,
                told=f' data-asset="{place}" class="{moment.coverages[place]}"',
            )
            for place, asset in part.rows
        ),
        "part": part,
    }
