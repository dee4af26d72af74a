"""The offboarding report: what a partner had, what was cut off and how late, what is still open."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from domain.instants import from_microseconds
from domain.values import last_day
from projections import answers
from projections.moments import Moment
from projections.reading_rows import episode_of, holdings, last_name, ownership_of
from projections.timelines import partner_coverage

NOT_SEEN = (
    "people of the partner who were invited into the owner's own portfolio",
    "system users and the access tokens they hold",
    "apps that act for the partner",
    "leads access given apart from the Page",
    "assets that the partner owns itself and the owner only borrows",
)
"""What a ledger of partner shares cannot see: it has to be checked at Meta."""

_DAY = timedelta(days=1)


def report(
    sql: Any, connection: Any, book: str, partner: str, moment: Moment
) -> answers.OffboardingReport:
    """The report on one partner at a moment. A change of tasks is not an end of access."""
    subject = {"book": book, "partner": partner, "known": moment.known}
    episodes = list(sql.episodes_of_partner(connection, **subject))
    begun = [
        row
        for row in sql.windows_of_partner(connection, **subject)
        if row["valid_from_earliest"] <= moment.at
    ]
    still_open = [row for row in begun if moment.at < row["valid_to"]]
    ended = [
        row for row in begun if row["valid_to"] <= moment.at and row["cause"] != "access_changed"
    ]
    owned = [
        ownership_of(row, moment.at)
        for row in sql.owners(connection, book=book, known=moment.known)
        if row["owner"] == partner and row["valid_from_earliest"] <= moment.at < row["valid_to"]
    ]
    return answers.OffboardingReport(
        book=book,
        at=moment.at_instant,
        known_at=moment.known_at,
        partner=partner,
        partner_name=last_name(episodes, "partner_name"),
        coverage=partner_coverage(episodes, moment.at),
        episodes=tuple(
            episode_of(row, moment.at)
            for row in episodes
            if row["valid_from_earliest"] <= moment.at
        ),
        had=len({(row["owner"], row["asset_type"], row["asset_id"]) for row in begun}),
        cut_off=_offboarded(ended, moment),
        still_open=_offboarded(still_open, moment),
        owned_by_partner=tuple(owned),
        not_seen=NOT_SEEN,
    )


def deadline(planned_end: str) -> datetime:
    """The end of the planned day, in UTC."""
    return datetime.combine(last_day(planned_end), time(), UTC) + _DAY


def _offboarded(rows: list[Any], moment: Moment) -> tuple[answers.OffboardedWindow, ...]:
    found = []
    for row in rows:
        # Certainty is that of the moment for what is open, else of the last one before its end.
        at = min(moment.at, row["valid_to"] - 1)
        (holding,) = holdings([row], at, at + 1)
        planned = deadline(row["planned_end"]) if row["planned_end"] else None
        end = from_microseconds(min(row["valid_to"], moment.at))
        found.append(
            answers.OffboardedWindow(
                holding=holding,
                planned_end_at=planned,
                days_late=None if planned is None else round((end - planned) / _DAY, 6),
            )
        )
    return tuple(found)
