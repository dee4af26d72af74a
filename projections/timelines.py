"""Timelines: everything that is recorded of an asset or a partner, first to last."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from domain.events import EntryVoided
from domain.instants import FAR, Microseconds
from domain.voids import Voids
from ledger.stored_bytes import event_fields, from_stored
from projections import answers
from projections.moments import Moment
from projections.reading_rows import (
    coverage_of,
    episode_of,
    holdings,
    last_name,
    named,
    ownership_of,
)

AssetKey = tuple[str, str]


def by_asset(rows: Iterable[Any]) -> dict[AssetKey, list[Any]]:
    """Rows by the asset they speak of."""
    found: dict[AssetKey, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["asset_type"], row["asset_id"]].append(row)
    return found


def partner_coverage(episodes: Sequence[Any], at: Microseconds) -> answers.Coverage:
    """Known from the first effective event of one of the partner's pairs on."""
    return "known" if any(row["valid_from"] <= at for row in episodes) else "unknown"


def of_asset(
    sql: Any, connection: Any, book: str, asset: AssetKey, moment: Moment
) -> answers.AssetTimeline:
    """The timeline of an asset, as known at the moment's entry."""
    subject = {
        "book": book, "asset_type": asset[0], "asset_id": asset[1], "known": moment.known,
    }  # fmt: skip
    owners = named(sql.owners_of_asset(connection, **subject))
    windows = named(sql.windows_of_asset(connection, **subject))
    entries = list(sql.entries_of_asset(connection, **subject))
    return answers.AssetTimeline(
        book=book,
        at=moment.at_instant,
        known_at=moment.known_at,
        asset=answers.AssetRef(type=asset[0], id=asset[1], name=last_name(owners, "asset_name")),
        coverage=coverage_of(book, owners, moment.at),
        windows=holdings(windows, -FAR, FAR),
        ownerships=tuple(ownership_of(row, moment.at) for row in owners),
        entries=_entries(book, entries),
    )


def of_partner(
    sql: Any, connection: Any, book: str, partner: str, moment: Moment
) -> answers.PartnerTimeline:
    """The timeline of a partner, as known at the moment's entry."""
    subject = {"book": book, "partner": partner, "known": moment.known}
    episodes = list(sql.episodes_of_partner(connection, **subject))
    windows = named(sql.windows_of_partner(connection, **subject))
    entries = list(sql.entries_of_partner(connection, **subject))
    return answers.PartnerTimeline(
        book=book,
        at=moment.at_instant,
        known_at=moment.known_at,
        partner=partner,
        partner_name=last_name(episodes, "partner_name"),
        coverage=partner_coverage(episodes, moment.at),
        episodes=tuple(episode_of(row, moment.at) for row in episodes),
        windows=holdings(windows, -FAR, FAR),
        entries=_entries(book, entries),
    )


def _entries(book: str, rows: Iterable[Any]) -> tuple[answers.TimelineEntry, ...]:
    """The entries with what became of each: effective, without effect, void, or a void itself."""
    voids = Voids()
    reasons: dict[int, str] = {}
    entries = []
    for row in rows:
        entry = from_stored(book, row["number"], row["state"])
        entries.append((entry, row["why"]))
        if isinstance(entry.event, EntryVoided):
            voids.add(entry.number, entry.event.entry)
            reasons[entry.number] = entry.event.reason
    found = []
    for entry, why in entries:
        number, voided_by = entry.number, voids.voided_by(entry.number)
        status: Any = (
            "void" if voided_by is not None
            else "voids" if voids.is_a_void(number)
            else "no_effect" if why is not None
            else "effective"
        )  # fmt: skip
        found.append(
            answers.TimelineEntry(
                number=number,
                recorded_at=entry.recorded_at,
                recorded_by=entry.recorded_by,
                event=event_fields(entry),
                touches=entry.touches,
                status=status,
                voided_by=voided_by,
                why=reasons[voided_by] if voided_by is not None else why,
            )
        )
    return tuple(found)
