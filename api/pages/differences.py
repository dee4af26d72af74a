"""What differs between two moments, on either clock: who had access, and who owned what."""

from collections.abc import Iterable, Sequence

from fastapi import Request

from api.pages.asking import EARLIER, Asked, moment_of, pinned, query
from api.pages.comparing import (
    HEADINGS,
    OwnerChange,
    Side,
    Sort,
    clock_of,
    heading,
    is_turned,
    owners_between,
    sort_of,
)
from api.pages.entries import Names, Told, names_of, told
from api.pages.matrix import history_of, line_row
from api.pages.ownership import owned_by
from api.pages.presets import presets_of
from api.pages.showing import Cell, View
from domain.instants import to_microseconds
from projections.answers import Change, Holding, Ownership
from projections.moments import NOW, AsOf, Clocks
from projections.paging import MAX_PAGE

COLUMNS = (
    "section", "difference", "asset_type", "asset_id", "asset_name", "owner", "partner",
    "partner_name", "before", "before_tasks", "before_certainty", "after", "after_tasks",
    "after_certainty", "entries",
)  # fmt: skip
MOST = 300
"""How many differences a page shows; its twins hold all."""
MOST_TOLD = 4
"""How many entries of one difference are told in words; of more there are the numbers."""
NEAR = 5
"""Entries as near to each other as this are read at once."""
WORDS = {
    "partner-added": "partner added",
    "partner-removed": "partner removed",
    "ownership-established": "owner recorded",
    "ownership-transferred": "passed on to another owner",
    "ownership-ended": "no longer owned",
    "access-granted": "access given",
    "access-changed": "access changed",
    "access-revoked": "access taken away",
}


def show(request: Request, asked: Asked) -> View:
    """The differences between a moment before and the one that is asked about."""
    later = asked.clocks()
    from_at, from_known_at = (request.query_params.get(name, "") for name in EARLIER)
    wanted = moment_of(from_at, from_known_at, "before, ")
    earlier = asked.questions.clocks(asked.book, _earlier(wanted, later))
    before, after = (_side(request, asked, clocks) for clocks in (earlier, later))
    answer = asked.questions.changes_between(asked.book, before.as_of, after.as_of)
    changes = [(sort_of(change), change) for change in answer.changes]
    changes.sort(key=lambda item: list(HEADINGS).index(item[0]))
    owners = owners_between(before, after)
    return View(
        answer=lambda: answer,
        rows=lambda: [
            *(access_row(sort, change) for sort, change in changes),
            *map(owner_row, owners),
        ],
        columns=COLUMNS,
        clocks=later,
        template="differences.html",
        context={
            "is_asked": wanted != NOW,
            **_compared(before, after),
            **_listed(request, asked, (before, after), changes, owners),
            "presets": presets_of(asked, later),
        },
        pinned=dict(zip(EARLIER, pinned(earlier).values(), strict=True)),
    )


def _earlier(wanted: AsOf, later: Clocks) -> AsOf:
    """The moment before; where none is asked for, that before the newest entries were recorded."""
    newest = later.known_at.entry
    if wanted == NOW:
        return AsOf(at=later.at, known_at=max(0, newest - 1))
    return AsOf(
        at=wanted.at or later.at,
        known_at=newest if wanted.known_at is None else wanted.known_at,
    )


def _side(request: Request, asked: Asked, clocks: Clocks) -> Side:
    history = history_of(request, asked, clocks.known_at.entry)
    coverages = history.coverages(to_microseconds(clocks.at))
    keys = [(asset.type, asset.id) for asset in history.assets]
    as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    owned: dict[tuple[str, str], list[Ownership]] = {}
    for item in asked.questions.ownership_at(asked.book, as_of).ownerships:
        owned.setdefault((item.asset.type, item.asset.id), []).append(item)
    return Side(
        clocks,
        dict(zip(keys, coverages, strict=True)),
        {key: tuple(items) for key, items in owned.items()},
    )


def _compared(before: Side, after: Side) -> dict[str, object]:
    """Both sides, and the addresses of the same question asked a little differently."""
    first, second = before.clocks, after.clocks
    one, other = pinned(first), pinned(second)
    earlier = dict(zip(EARLIER, one.values(), strict=True))
    turned = dict(zip(EARLIER, other.values(), strict=True))
    return {
        "clocks_form": "two_clocks.html",
        "before": before,
        "after": after,
        "clock": clock_of(first, second),
        "is_turned": is_turned(first, second),
        "last_at": max(first.at, second.at),
        "turn": query(**turned, **one),
        "happened": query(from_at=earlier["from_at"], **other),
        "learned": query(from_known_at=earlier["from_known_at"], **other),
        "at_before": query(**one),
        "at_after": query(**other),
    }


def _listed(
    request: Request,
    asked: Asked,
    sides: tuple[Side, Side],
    changes: Sequence[tuple[Sort, Change]],
    owners: Sequence[OwnerChange],
) -> dict[str, object]:
    """What is on the page: the first of what differs, and the entries that did it."""
    known = max(side.clocks.known_at.entry for side in sides)
    names = names_of(history_of(request, asked, known))
    first, second = (side.clocks for side in sides)
    # What reads backwards neither began nor ended.
    clock = "both" if is_turned(first, second) else clock_of(first, second)
    shown, owners_shown = changes[:MOST], owners[: max(0, MOST - len(changes))]
    named = [change.entries for _, change in shown] + [owner.entries for owner in owners_shown]
    entries = {number for some in named if len(some) <= MOST_TOLD for number in some}
    sorts = [sort for sort, _ in changes]
    return {
        "groups": [
            (sort, heading(sort, clock), sorts.count(sort), [c for s, c in shown if s == sort])
            for sort in HEADINGS
            if sort in sorts
        ],
        "owners": owners_shown,
        "owners_differ": len(owners),
        "missing": len(changes) + len(owners) - len(shown) - len(owners_shown),
        "names": names,
        "kind_of": lambda item: owned_by(item, asked.book, dict(names.partners)),
        "entries": told_entries(asked, entries, names, known),
        # An entry is shown as known when it was there, however the moments are turned.
        "to_entry": query(at=asked.at, known_at=asked.known_at and str(known)),
        "WORDS": WORDS,
        "MOST_TOLD": MOST_TOLD,
    }


def told_entries(asked: Asked, numbers: Iterable[int], names: Names, known: int) -> dict[int, Told]:
    """Those of the entries that the key may see, by their numbers."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number - runs[-1][-1] <= NEAR and number - runs[-1][0] < MAX_PAGE:
            runs[-1].append(number)
        else:
            runs.append([number])
    found: dict[int, Told] = {}
    for run in runs:
        size = run[-1] - run[0] + 1
        page = asked.questions.entries(asked.book, after=run[0] - 1, known_at=known, limit=size)
        wanted = set(run)
        found |= {item.number: told(item, names) for item in page.entries if item.number in wanted}
    return found


# --- the sheet


def access_row(sort: Sort, change: Change) -> dict[str, Cell]:
    """A difference in access as a row of a sheet; what is possible beside another is joined."""
    return {
        "section": "access",
        "difference": sort,
        **line_row((change.after or change.before)[0]),
        **_access("before", change.before),
        **_access("after", change.after),
        "entries": _numbers(change.entries),
    }


def owner_row(change: OwnerChange) -> dict[str, Cell]:
    """A difference in ownership as a row of a sheet."""
    return {
        "section": "ownership",
        "difference": "owner",
        "asset_type": change.asset.type,
        "asset_id": change.asset.id,
        "asset_name": change.asset.name,
        **_owner("before", change.before),
        **_owner("after", change.after),
        "entries": _numbers(change.entries),
    }


def _access(side: str, holdings: Sequence[Holding]) -> dict[str, Cell]:
    return {
        side: " | ".join(holding.level for holding in holdings),
        f"{side}_tasks": " | ".join(" ".join(holding.tasks) for holding in holdings),
        f"{side}_certainty": " | ".join(holding.certainty for holding in holdings),
    }


def _owner(side: str, ownerships: Sequence[Ownership]) -> dict[str, Cell]:
    return {
        side: " | ".join(item.owner or item.detail for item in ownerships),
        f"{side}_certainty": " | ".join(item.certainty for item in ownerships),
    }


def _numbers(entries: Sequence[int]) -> str:
    return " ".join(str(number) for number in entries)
