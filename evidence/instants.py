"""Moments as entries write them, in microseconds and back; and the end of a promised day.

The calendar is worked out here: years are those of the proleptic Gregorian calendar, and a day has
86,400 seconds, as in RFC 3339 without leap seconds.
"""

import re
from functools import lru_cache

FAR = 2**62
"""Later than every moment: the end of what has not ended."""

SECOND = 1_000_000
DAY = 86_400 * SECOND

_CANONICAL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z"
)
_DAY = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_CANONICAL_LENGTH = 27
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BEFORE = tuple(sum(_LENGTHS[:month]) for month in range(len(_LENGTHS)))
_FEBRUARY = 2
_HOURS, _SIXTY = 24, 60
_DAYS_TO_1970 = 719_162


def microseconds(text: object) -> int | None:
    """Microseconds since 1970 of a moment in the canonical form; None for anything else."""
    return _read(text) if isinstance(text, str) and len(text) == _CANONICAL_LENGTH else None


@lru_cache(maxsize=10_000)  # one moment is read for each thing that is asked of it
def _read(text: str) -> int | None:
    found = _CANONICAL.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction = map(int, found.groups())
    if not (year and 1 <= month <= len(_LENGTHS) and 1 <= day <= _length(year, month)):
        return None
    if hour >= _HOURS or minute >= _SIXTY or second >= _SIXTY:
        return None
    seconds = (hour * _SIXTY + minute) * _SIXTY + second
    return _days(year, month, day) * DAY + seconds * SECOND + fraction


def instant(moment: int) -> str:
    """The canonical form of a moment: ``YYYY-MM-DDTHH:MM:SS.ffffffZ``."""
    days, rest = divmod(moment, DAY)
    seconds, fraction = divmod(rest, SECOND)
    minutes, second = divmod(seconds, _SIXTY)
    hour, minute = divmod(minutes, _SIXTY)
    return f"{_date(days)}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"


def is_day(text: object) -> bool:
    """Whether it is a day as entries write it: records kept by hand promise until 31 April."""
    return isinstance(text, str) and bool(_DAY.fullmatch(text))


def end_of_day(day: str) -> int:
    """The moment at which a day ends in UTC; for one that its month lacks, the month's last."""
    year, month, number = map(int, day.split("-"))
    return (_days(year, month, min(number, _length(year, month))) + 1) * DAY


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(year: int, month: int) -> int:
    return _LENGTHS[month - 1] + (month == _FEBRUARY and _is_leap(year))


def _days_before(year: int) -> int:
    """Days from 0001-01-01 to the first day of a year."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01."""
    before = _BEFORE[month - 1] + (month > _FEBRUARY and _is_leap(year))
    return _days_before(year) + before + day - 1 - _DAYS_TO_1970


def _date(days: int) -> str:
    """The date that many days after 1970-01-01."""
    left = days + _DAYS_TO_1970
    year = left // 366 + 1  # never too late, and a few steps too early at most
    while _days_before(year + 1) <= left:
        year += max(1, (left - _days_before(year + 1)) // 366)
    left -= _days_before(year)
    month = 1
    while left >= _length(year, month):
        left -= _length(year, month)
        month += 1
    return f"{year:04}-{month:02}-{left + 1:02}"
