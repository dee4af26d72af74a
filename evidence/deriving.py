"""Deriving: the answer to a question, worked out from the entries that bear on it.

The answers have the fields and the order of the ledger's own. Whether the entries are all that
there are is for `check_complete` to say; here they are folded as they come.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

from evidence.canonical import Json
from evidence.completeness import bearing
from evidence.entries import Entry, text_of
from evidence.errors import Incomplete
from evidence.instants import DAY, FAR, end_of_day, instant
from evidence.levels import LEVEL_RULE
from evidence.questions import Question
from evidence.reading import Asset, Episode, Ownership, Reading, Window, read
from evidence.showing import (
    asset_coverage,
    asset_json,
    episode,
    holdings,
    in_time,
    last_name,
    owner_at,
    ownership,
    partner_coverage,
    parts,
)
from evidence.statements import Statement

NOT_SEEN = (
    "people of the partner who were invited into the owner's own portfolio",
    "system users and the access tokens they hold",
    "apps that act for the partner",
    "leads access given apart from the Page",
    "assets that the partner owns itself and the owner only borrows",
)
"""What no ledger of partner shares can see."""

_CHANGED = "access_changed"


def derive(question: Question, entries: Sequence[Entry], statement: Statement) -> dict[str, Json]:
    """The answer as plain values of JSON."""
    known = [
        entry
        for entry in bearing(question, entries, statement)
        if entry.number <= question.known_at
    ]
    reading = read(known, {entry.number: entry for entry in entries})
    answer: dict[str, Json] = {
        "book": question.book,
        "at": question.at,
        "known_at": {"entry": statement.known_at, "recorded_at": statement.recorded_at},
        "level_rule": LEVEL_RULE,
    }
    match question.kind:
        case "who":
            return answer | _who(question, reading)
        case "owner":
            return answer | _owner(question, reading)
        case "what":
            return answer | _what(question, reading)
        case "line":
            return answer | _line(question, reading)
        case "matrix":
            return answer | _matrix(question, reading)
        case "offboard":
            return answer | _offboarding(question, reading, statement)
        case "asset-timeline":
            return answer | _asset_timeline(question, reading, known)
        case "partner-timeline":
            return answer | _partner_timeline(question, reading, known)


def _asset_asked(question: Question) -> Asset:
    assert question.asset is not None
    return question.asset


def _owners(reading: Reading, asset: Asset) -> list[Ownership]:
    return in_time(span for span in reading.ownerships if span.asset == asset)


def _episodes(question: Question, reading: Reading) -> list[Episode]:
    theirs = (span for span in reading.episodes if span.pair[1] == question.partner)
    return in_time(theirs, lambda span: span.pair)


def _during(question: Question) -> Json:
    return (
        None if question.during is None else dict(zip(("from", "to"), question.during, strict=True))
    )


def _asked(question: Question) -> Callable[[Window], bool]:
    """Whether a window is or may be open at the moment, or at any moment of the period."""
    since, until = question.bounds
    if question.during is None:
        return lambda held: held.may_cover(since)
    return lambda held: (
        held.since_earliest < until and since < held.until and held.since_earliest < held.until
    )


def _who(question: Question, reading: Reading) -> dict[str, Json]:
    asset, at = _asset_asked(question), question.moment
    owners = _owners(reading, asset)
    held = filter(_asked(question), (w for w in reading.windows if w.asset == asset))
    return {
        "during": _during(question),
        "asset": asset_json(asset, last_name([span.name for span in owners])),
        "owner": owner_at(owners, at),
        "coverage": asset_coverage(question.book, owners, at),
        "holders": holdings(in_time(held, lambda w: w.pair), *question.bounds),
    }


def _owner(question: Question, reading: Reading) -> dict[str, Json]:
    asset, at = _asset_asked(question), question.moment
    owners = _owners(reading, asset)
    return {
        "asset": asset_json(asset, last_name([span.name for span in owners])),
        "coverage": asset_coverage(question.book, owners, at),
        "ownerships": parts(ownership(span, at) for span in owners if span.may_cover(at)),
    }


def _of_partner(question: Question, reading: Reading) -> dict[str, Json]:
    """What every answer about a partner says of it."""
    episodes = _episodes(question, reading)
    return {
        "partner": question.partner,
        "partner_name": last_name([span.partner_name for span in episodes]),
        "coverage": partner_coverage(episodes, question.moment),
    }


def _what(question: Question, reading: Reading) -> dict[str, Json]:
    theirs = (w for w in reading.windows if w.pair[1] == question.partner)
    held = filter(_asked(question), theirs)
    ordered = in_time(held, lambda w: w.asset, lambda w: w.pair)
    return {
        **_of_partner(question, reading),
        "during": _during(question),
        "holdings": holdings(ordered, *question.bounds),
    }


def _line(question: Question, reading: Reading) -> dict[str, Json]:
    asset = _asset_asked(question)
    owners = _owners(reading, asset)
    theirs = (w for w in reading.windows if (w.asset, w.pair[1]) == (asset, question.partner))
    held = in_time(filter(_asked(question), theirs), lambda w: w.pair)
    return {
        **_of_partner(question, reading),
        "during": _during(question),
        "asset": asset_json(asset, last_name([span.name for span in owners])),
        "owner": owner_at(owners, question.moment),
        "coverage": asset_coverage(question.book, owners, question.moment),
        "holdings": holdings(held, *question.bounds),
    }


def _matrix(question: Question, reading: Reading) -> dict[str, Json]:
    at = question.moment
    cells = in_time(filter(_asked(question), reading.windows), lambda w: w.asset, lambda w: w.pair)
    held = {cell.asset for cell in cells}
    spans: dict[Asset, list[Ownership]] = defaultdict(list)
    for span in reading.ownerships:
        spans[span.asset].append(span)
    coverage = {asset: asset_coverage(question.book, own, at) for asset, own in spans.items()}
    known = {asset for asset, found in coverage.items() if found == "known"}
    return {
        "known_assets_without_holder": len(known - held),
        "unknown_assets": list(coverage.values()).count("unknown"),
        "cells": holdings(cells, at, at + 1),
        "next_cursor": None,
    }


def _offboarding(question: Question, reading: Reading, statement: Statement) -> dict[str, Json]:
    at = question.moment
    begun = [w for w in _windows(question, reading) if w.since_earliest <= at]
    ended = [w for w in begun if w.until <= at and w.cause != _CHANGED]
    owned = [span for span in reading.ownerships if span.owner == question.partner]
    for span in owned:
        if span.asset not in statement.owned:
            raise Incomplete(
                f"entry {span.opened_by} records {question.partner} as the owner of "
                f"{':'.join(span.asset)}, and the statement leaves that out"
            )
    return {
        **_of_partner(question, reading),
        "episodes": parts(
            episode(span, at) for span in _episodes(question, reading) if span.since_earliest <= at
        ),
        "had": len({(w.pair, w.asset) for w in begun}),
        "cut_off": parts(_offboarded(w, at) for w in ended),
        "still_open": parts(_offboarded(w, at) for w in begun if at < w.until),
        "owned_by_partner": parts(
            ownership(span, at)
            for span in in_time(owned, lambda span: span.asset)
            if span.may_cover(at)
        ),
        "not_seen": list(NOT_SEEN),
    }


def _windows(question: Question, reading: Reading) -> list[Window]:
    """The partner's windows in the order of time."""
    theirs = [w for w in reading.windows if w.pair[1] == question.partner]
    return sorted(theirs, key=lambda w: (w.since, w.asset, w.pair, w.opened_by))


def _offboarded(held: Window, at: int) -> dict[str, Json]:
    """One access, as it stood at the moment or at the last one before its end."""
    last = min(at, held.until - 1)
    (holding,) = holdings([held], last, last + 1)
    if held.planned_end is None:
        return {"holding": holding, "planned_end_at": None, "days_late": None}
    planned = end_of_day(held.planned_end)
    return {
        "holding": holding,
        "planned_end_at": instant(planned),
        "days_late": round((min(held.until, at) - planned) / DAY, 6),
    }


def _asset_timeline(
    question: Question, reading: Reading, known: Sequence[Entry]
) -> dict[str, Json]:
    asset, at = _asset_asked(question), question.moment
    owners = _owners(reading, asset)
    windows = sorted(
        (w for w in reading.windows if w.asset == asset),
        key=lambda w: (w.since, w.pair, w.opened_by),
    )
    return {
        "asset": asset_json(asset, last_name([span.name for span in owners])),
        "coverage": asset_coverage(question.book, owners, at),
        "windows": holdings(windows, -FAR, FAR),
        "ownerships": parts(ownership(span, at) for span in owners),
        "entries": _entries({f"asset:{':'.join(asset)}"}, reading, known),
    }


def _partner_timeline(
    question: Question, reading: Reading, known: Sequence[Entry]
) -> dict[str, Json]:
    touched = {subject for entry in known for subject in entry.touches}
    ending = f":{question.partner}"
    pairs = {s for s in touched if s.startswith("partner:") and s.endswith(ending)}
    return {
        **_of_partner(question, reading),
        "episodes": parts(episode(span, question.moment) for span in _episodes(question, reading)),
        "windows": holdings(_windows(question, reading), -FAR, FAR),
        "entries": _entries(pairs, reading, known),
    }


def _entries(subjects: set[str], reading: Reading, known: Sequence[Entry]) -> list[Json]:
    """The entries that touch one of some subjects, with what became of each."""
    by_number = {entry.number: entry for entry in known}
    return parts(
        _timeline_entry(entry, reading, by_number)
        for entry in known
        if not subjects.isdisjoint(entry.touches)
    )


def _timeline_entry(entry: Entry, reading: Reading, by_number: dict[int, Entry]) -> dict[str, Json]:
    status, why = "effective", None
    voided_by = reading.void.get(entry.number)
    if voided_by is not None:
        status, why = "void", text_of(by_number[voided_by].event, "reason")
    elif entry.is_void:
        status = "voids"
    elif entry.number in reading.without_effect:
        status, why = "no_effect", reading.without_effect[entry.number]
    return {
        "number": entry.number,
        "recorded_at": entry.recorded_at,
        "recorded_by": entry.recorded_by,
        "event": entry.event,
        "touches": dict(entry.touches),
        "status": status,
        "voided_by": voided_by,
        "why": why,
    }
