"""The rows of the matrix as HTML: made in one piece, for a template would handle each cell."""

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from api.pages.chart import Bar
from api.pages.rendering import LEVELS as WORDS
from api.pages.rendering import asset_address, kind_name, partner_address
from projections.answers import AssetRef
from projections.histories import LEVELS, Counts, Party

EMPTY = "<td></td>"
MARK = Markup('<span class="{}" title="{}">{}</span>')
LINK = Markup('<a href="{}{}" data-onward>{}</a>')
NAMED = Markup('<bdi class="name">{}</bdi> <span class="id">{}</span>')
NAMELESS = Markup('<span class="id">{}</span>')
OWN = Markup(" <small>this book\u2019s own portfolio</small>")
SMALL = Markup(" <small>{}</small>")


def party_head(book: str, party: Party, onward: str) -> Markup:
    """A partner with the link to its timeline."""
    link = _linked(partner_address(book, party.id), onward, party.name, party.id)
    return link + OWN if party.id == book else link


def asset_head(book: str, asset: AssetRef, onward: str, *, with_type: bool) -> Markup:
    """An asset with the link to its timeline."""
    link = _linked(asset_address(book, asset.type, asset.id), onward, asset.name, asset.id)
    return link + SMALL.format(kind_name(asset.type)) if with_type else link


@lru_cache(maxsize=20_000)
def _linked(address: str, onward: str, name: str | None, id: str) -> Markup:
    return LINK.format(address, onward, NAMED.format(name, id) if name else NAMELESS.format(id))


def row(head: Markup, cells: Iterable[Counts | None], *, with_count: bool, told: str = "") -> str:
    """A row with its head; `told` is what its element says of itself."""
    return (
        f'<tr{told}><th scope="row">{head}</th>'
        + "".join(
            EMPTY if cell is None else marked(tuple(cell), with_count=with_count) for cell in cells
        )
        + "</tr>\n"
    )


@lru_cache(maxsize=20_000)
def marked(cell: tuple[int, ...], *, with_count: bool) -> str:
    """A cell with its marks: a letter for each level, with a question mark where it is possible."""
    found = []
    for mark, count in enumerate(cell):
        if not count:
            continue
        possible = mark % 2 == 1
        letter, words = WORDS[LEVELS[mark // 2]]
        text = f"{letter}?" if possible else letter
        name = f"mark {letter.lower()}{' possible' if possible else ''}"
        shown = f"{text} {count}" if with_count or count > 1 else text
        said = f"possibly {words}" if possible else words
        found.append(MARK.format(name, said, shown))
    return f"<td>{''.join(found)}</td>"


def joined(rows: Iterable[str]) -> Markup:
    """Rows as the body of a table; each came from here, and is escaped."""
    return Markup("".join(rows))  # noqa: S704 - see above


def bars(found: Iterable[Bar]) -> Markup:
    """The bars of the histogram; they are numbers."""
    return joined(
        f'<rect x="{bar.x}" y="{bar.y}" width="0.9" height="{bar.height}"/>' for bar in found
    )
