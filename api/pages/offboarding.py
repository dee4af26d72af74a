"""Offboarding: what a partner had, what was cut off and how late, what is left to do."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from fastapi import Request

from api.pages.asking import Asked
from api.pages.matrix import history_of, holding_row
from api.pages.parts import first_of
from api.pages.proving import of_offboarding
from api.pages.showing import Cell, View
from domain.instants import format_instant, to_microseconds
from domain.values import PORTFOLIO_PATTERN
from projections.answers import Episode, OffboardedWindow
from projections.moments import AsOf, UnknownPartner

COLUMNS = (
    "section", "asset_type", "asset_id", "asset_name", "owner", "partner", "partner_name", "level",
    "tasks", "certainty", "planned_end", "planned_end_at", "days_late", "from_earliest", "from",
    "to_earliest", "to", "opened_by", "closed_by", "cause", "closed_recorded_by",
    "closed_recorded_at",
)  # fmt: skip
ALL_COLUMNS = ("partner", "partner_name", "state", "open_accesses", "since", "until")


class ListedPartner(NamedTuple):
    """A partner in the list, with its last partnership."""

    name: str | None
    episode: Episode
    open: int
    is_partner: bool


def listed_row(row: ListedPartner) -> dict[str, Cell]:
    """A partner as a row of a sheet."""
    window = row.episode.window
    return {
        "partner": row.episode.partner,
        "partner_name": row.name,
        "state": "partner" if row.is_partner else "removed",
        "open_accesses": row.open,
        "since": format_instant(window.from_),
        "until": format_instant(window.to) if window.to else None,
    }


def show_all(request: Request, asked: Asked) -> View:
    """Every partner, with how much is open: from here to the report on each."""
    clocks = asked.clocks()
    known = clocks.known_at.entry
    history = history_of(request, asked, known)
    answer = asked.questions.partners(asked.book, AsOf(at=clocks.at, known_at=known))
    at = to_microseconds(clocks.at)
    open_now = Counter(history.partners[partner].id for _, partner, _ in history.open_at(at))
    names = dict(history.partners)
    listed = [
        ListedPartner(
            names.get(episode.partner),
            episode,
            open_now[episode.partner],
            is_partner=episode.window.to is None or episode.window.to > clocks.at,
        )
        for episode in {episode.partner: episode for episode in answer.episodes}.values()
    ]
    return View(
        answer=lambda: answer,
        rows=lambda: map(listed_row, listed),
        columns=ALL_COLUMNS,
        clocks=clocks,
        template="partners.html",
        context={"part": first_of(request, listed)},
    )


def show(request: Request, asked: Asked) -> View:
    """The report on one partner."""
    partner = request.path_params["partner"]
    if not re.fullmatch(PORTFOLIO_PATTERN, partner):
        raise UnknownPartner(asked.book, partner[:80])
    clocks = asked.clocks()
    as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    report = asked.questions.offboarding_report(asked.book, partner, as_of)
    closing = closing_entries(asked, partner, as_of)
    return View(
        answer=lambda: report,
        rows=lambda: [
            *(row_of("cut_off", item, closing) for item in report.cut_off),
            *(row_of("still_open", item, closing) for item in report.still_open),
        ],
        columns=COLUMNS,
        clocks=clocks,
        template="offboarding.html",
        context={
            "report": report,
            "still_open": first_of(request, report.still_open),
            "cut_off": first_of(request, report.cut_off),
            "closing": closing,
            "lateness": lateness,
            "overdue": sum((item.days_late or 0) > 0 for item in report.still_open),
        },
        evidence=of_offboarding(partner),
    )


Closing = dict[int, tuple[str, datetime]]
"""Who recorded an entry, and when, by its number."""


def closing_entries(asked: Asked, partner: str, as_of: AsOf) -> Closing:
    """Who recorded what touches the partner, and when."""
    timeline = asked.questions.partner_timeline(asked.book, partner, as_of)
    return {entry.number: (entry.recorded_by, entry.recorded_at) for entry in timeline.entries}


def lateness(item: OffboardedWindow, *, is_open: bool) -> str:
    """How the end compares with the planned one, in words."""
    if item.planned_end_at is None or item.days_late is None:
        return "no end was planned"
    distance = timedelta(days=abs(item.days_late))
    said = f"{distance.days} days" if distance.days != 1 else "1 day"
    if distance < timedelta(days=1):
        hours = distance // timedelta(hours=1)
        said = f"{hours} hours" if hours != 1 else "1 hour"
    if item.days_late > 0:
        return f"{said} past the planned end" if is_open else f"{said} late"
    return f"{said} until the planned end" if is_open else f"in time ({said} early)"


def row_of(section: str, item: OffboardedWindow, closing: Closing) -> dict[str, Cell]:
    """An access as a row of a sheet."""
    by, at = closing.get(item.holding.window.closed_by or 0, (None, None))
    return {
        "section": section,
        **holding_row(item.holding),
        "planned_end_at": format_instant(item.planned_end_at) if item.planned_end_at else None,
        "days_late": item.days_late,
        "closed_recorded_by": by,
        "closed_recorded_at": format_instant(at) if at else None,
    }
