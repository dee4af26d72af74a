"""Moments as they are written at the terminal."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.failures import Usage
from cli.times import as_of, instant, known_option, period
from projections.moments import NOW as DEFAULT

NOW = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("now-90d", NOW - timedelta(days=90)),
        ("now-12h", NOW - timedelta(hours=12)),
        ("now-5m", NOW - timedelta(minutes=5)),
        ("now-2w", NOW - timedelta(weeks=2)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T09:30:00+01:00", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        ("2026-03-02T09:30:00.000001Z", datetime(2026, 3, 2, 9, 30, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(text: str, moment: datetime) -> None:
    assert instant(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is not an RFC 3339 time"),
        ("2026-02-30", "'2026-02-30' is not a day of the calendar"),
        ("2026-03-02T09:30:00", "'2026-03-02T09:30:00' has no offset"),
        ("2026-03-02T09:30:00.1234567Z", "finer than a microsecond"),
        ("2026-03-02T09:30:60Z", "leap second"),
        ("now+1d", "'now+1d' is not an RFC 3339 time"),
        ("now-999999w", "now-999999w is before the calendar begins"),
        ("1772443800", "'1772443800' is not an RFC 3339 time"),
        ("", "'' is not an RFC 3339 time"),
    ],
)
def test_what_is_no_moment_is_answered_with_how_to_write_one(text: str, message: str) -> None:
    with pytest.raises(Usage, match="write 2026-03-02T09:30:00Z") as refused:
        instant(text, NOW)
    assert message in str(refused.value)


def test_knowledge_may_be_an_entry_number_or_a_moment() -> None:
    assert known_option("17", NOW) == 17
    assert known_option("0", NOW) == 0
    assert known_option("2026-03-02", NOW) == datetime(2026, 3, 2, tzinfo=UTC)
    assert known_option(None, NOW) is None
    with pytest.raises(Usage, match=r"'-1' is not an RFC 3339 time.* or the number of an entry"):
        known_option("-1", NOW)


def test_now_is_the_default_of_both_clocks() -> None:
    assert as_of("now", "now", NOW) == as_of(None, None, NOW) == DEFAULT


def test_a_period_is_two_moments() -> None:
    assert period("2026-03-01/now", NOW) == (datetime(2026, 3, 1, tzinfo=UTC), NOW)
    with pytest.raises(Usage, match="is not a period; write FROM/TO"):
        period("2026-03-01", NOW)
