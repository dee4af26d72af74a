"""Taking in the entries of a book: they are folded by the views that they touch."""

from collections.abc import Iterable, Sequence
from itertools import groupby, starmap
from operator import attrgetter

from projections.placing import Taken, moment, take
from projections.shelf import BookShelf, Shelf
from projections.views import AnyView, LineView, with_late_lines

Stored = tuple[str, int, bytes]
"""An entry as it is stored: book, number and bytes."""
_RECORDED_AT = attrgetter("recorded_at")


def take_book(shelf: Shelf, book: str, entries: list[Stored]) -> None:
    """Take in the next entries of one book, in their order, append by append."""
    views, changes = shelf.book(book, first=entries[0][1]), shelf.changes
    shelf.count(views, len(entries))
    appends = changes.rows["book_append"]
    for recorded_at, append in groupby(starmap(take, entries), key=_RECORDED_AT):
        known = _take_append(shelf, views, append)
        appends.append((book, moment(recorded_at), known))


def _take_append(shelf: Shelf, views: BookShelf, append: Iterable[Taken]) -> int:
    """Take in one append; returns its last number.

    No state inside it is ever believed, only the one at its end.
    """
    touched: list[AnyView] = []
    known = 0
    for taken in append:
        touched += _take(shelf, views, taken)
        known = taken.number
    if len(touched) > 1:
        touched = list(dict.fromkeys(touched))
    for view in touched:
        if view.late:
            touched = with_late_lines(touched)
            break
    for view in touched:
        view.settle(known, shelf.changes)
    return known


def _take(shelf: Shelf, views: BookShelf, taken: Taken) -> Sequence[AnyView]:
    """Take in one entry; returns the views that it touches, the lines last."""
    asset_type, asset_id, partner, owner = taken.subject
    view: AnyView
    around: list[LineView] = []
    if asset_type and partner:
        view = shelf.line(views, taken.subject)
        speaks_of = (view.asset.id, view.pair.id, taken.number)
    elif asset_type:
        view = shelf.asset(views, asset_type, asset_id)
        speaks_of = (view.id, 0, taken.number)
        around = shelf.lines_of(views, view)  # before the fold goes on: they are loaded as it was
    else:
        view = shelf.pair(views, owner, partner)
        speaks_of = (0, view.id, taken.number)
        around = shelf.lines_of(views, view)
    shelf.changes.rows["fact"].append(speaks_of)
    if taken.target:
        views.voided_by[taken.target] = taken.number
        view.void(taken.number, taken.target)
        return (view,)
    placed = taken.placed(shelf.place(views, taken) if taken.replaces else (taken.number,))
    if not view.put(placed) or not view.take(placed):
        return (view,)
    for line in around:
        line.take(placed)
    return (view, *around)
