"""Moments as they are written at the terminal."""

import re
from datetime import UTC, datetime, timedelta

from cli.failures import Usage
from domain.instants import parse_instant
from projections.moments import AsOf

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO = re.compile(r"now-([0-9]{1,6})([mhdw])")
_ENTRY = re.compile(r"[0-9]{1,15}")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

HOW = "write 2026-03-02T09:30:00Z, 2026-03-02 (its 00:00Z), now, now-90d or now-12h"


def instant(text: str, now: datetime) -> datetime:
    """The moment that a word names. Raises Usage."""
    if text == "now":
        return now
    if match := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError:
            raise Usage(f"{text} is before the calendar begins; {HOW}") from None
    if _DATE.fullmatch(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            raise Usage(f"{text!r} is not a day of the calendar; {HOW}") from None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Usage(f"{error} ({HOW})") from None


def at_option(text: str | None, now: datetime) -> datetime | None:
    """The value of --at; ``now`` is the default."""
    return None if text in (None, "now") else instant(str(text), now)


def known_option(text: str | None, now: datetime) -> datetime | int | None:
    """The value of --known-at: a moment, or the number of an entry."""
    if text is None or text == "now":
        return None
    if _ENTRY.fullmatch(text):
        return int(text)
    try:
        return instant(text, now)
    except Usage as error:
        raise Usage(f"{error}, or the number of an entry") from None


def as_of(at: str | None, known_at: str | None, now: datetime) -> AsOf:
    """Both clocks of a question."""
    return AsOf(at=at_option(at, now), known_at=known_option(known_at, now))


def period(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The value of --during: FROM/TO."""
    since, slash, until = text.partition("/")
    if not slash:
        raise Usage(
            f"--during {text!r} is not a period; write FROM/TO, such as 2026-03-01/2026-04-01"
        )
    return instant(since, now), instant(until, now)
