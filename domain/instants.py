"""Moments: RFC 3339 in, one canonical UTC form out, microseconds in between."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

Microseconds = int
"""Microseconds since 1970-01-01T00:00:00Z: the form in which moments are compared and stored."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FAR: Microseconds = 2**62
"""Later than every instant (and every entry number): the end of what has not ended."""

# RFC 3339 section 5.6. [0-9] and not \d, which takes the digits of every script.
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)
# What `format_instant` writes, which is most of what is read.
_CANONICAL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-5][0-9]\.[0-9]{6}Z"
)
_CANONICAL_LENGTH = 27


def parse_instant(text: object) -> datetime:
    """The moment that an RFC 3339 time with an offset names, in UTC.

    Raises ValueError, saying what is wrong, for anything that would have to be guessed or rounded.
    """
    if isinstance(text, datetime):
        if text.tzinfo is None:
            raise ValueError(f"{text.isoformat()} has no offset; write it with one")
        return text.astimezone(UTC)
    if not isinstance(text, str):
        raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a message
            f"{text!r} is not a time; write a string such as 2026-03-02T09:30:00Z"
        )
    if len(text) == _CANONICAL_LENGTH and _CANONICAL.fullmatch(text):
        with suppress(ValueError):  # what the calendar does not have is explained below
            return datetime.fromisoformat(text)
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time; write it as 2026-03-02T09:30:00Z")
    date, time, fraction, offset = match.groups()
    if offset is None:
        raise ValueError(f"{text!r} has no offset; write Z or an offset such as +01:00 at its end")
    if fraction and len(fraction) > 7:  # noqa: PLR2004 - a dot and six digits
        raise ValueError(
            f"{text!r} is finer than a microsecond; give at most six fractional digits"
        )
    if time.endswith(":60"):
        raise ValueError(
            f"{text!r} is a leap second, which has no place on the UTC clock used here"
        )
    try:
        moment = datetime.fromisoformat(f"{date}T{time}{fraction or ''}{offset.upper()}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a moment of the calendar ({error})") from None


def format_instant(moment: datetime) -> str:
    """The canonical form ``YYYY-MM-DDTHH:MM:SS.ffffffZ``: fixed width, so it sorts as text."""
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def to_microseconds(moment: datetime) -> Microseconds:
    """Microseconds since the epoch; negative before 1970."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: Microseconds) -> datetime:
    """The moment in UTC; the inverse of `to_microseconds`."""
    return EPOCH + timedelta(microseconds=microseconds)
