"""Moments and levels in the evidence are those of the ledger, which gets to them another way."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import format_instant, from_microseconds, to_microseconds
from domain.levels import LEVEL_RULE, level
from domain.values import META_ASSET_TYPES
from evidence import levels
from evidence.instants import DAY, end_of_day, instant, is_day, microseconds
from projections.offboarding import deadline

FIRST = to_microseconds(datetime(1, 1, 1, tzinfo=UTC))
LAST = to_microseconds(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
TASKS = (
    "ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "EDIT", "MANAGE", "MESSAGES",
    "PROFILE_PLUS_FULL_CONTROL", "X",
)  # fmt: skip


@given(moment=st.integers(FIRST, LAST))
def test_a_moment_is_written_and_read_as_the_ledger_does(moment: int) -> None:
    text = format_instant(from_microseconds(moment))
    assert instant(moment) == text
    assert microseconds(text) == moment


@pytest.mark.parametrize("year", [1, 4, 100, 400, 1900, 1969, 1970, 2000, 2024, 2100, 9999])
def test_every_day_of_a_year_is_the_calendars(year: int) -> None:
    start = to_microseconds(datetime(year, 1, 1, tzinfo=UTC))
    for day in range(365):
        moment = start + day * DAY
        assert instant(moment) == format_instant(from_microseconds(moment))
        assert microseconds(instant(moment)) == moment


@pytest.mark.parametrize(
    "text",
    [
        None, 5, "", "2026-03-02", "2026-03-02T09:30:00Z", "2026-03-02T09:30:00.000000",
        "2026-03-02T09:30:00.000000z", "2026-03-02 09:30:00.000000Z",
        "2026-03-02T09:30:00.000000Z\n", "2026-02-29T00:00:00.000000Z",
        "2100-02-29T00:00:00.000000Z", "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z", "2026-01-00T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:60:00.000000Z", "2026-01-01T00:00:60.000000Z",
        "٢026-01-01T00:00:00.000000Z",
    ],
)  # fmt: skip
def test_another_form_is_no_moment(text: object) -> None:
    assert microseconds(text) is None


@pytest.mark.parametrize(
    "day", ["2026-12-31", "2026-02-28", "2026-02-31", "2024-02-29", "2026-04-31", "2999-12-31"]
)
def test_a_promised_day_ends_where_the_ledger_says(day: str) -> None:
    assert is_day(day)
    assert end_of_day(day) == to_microseconds(deadline(day))


@given(
    asset_type=st.sampled_from([*META_ASSET_TYPES, "poster"]),
    tasks=st.sets(st.sampled_from(TASKS)).map(sorted).map(tuple),
)
def test_the_level_rule_is_the_ledgers(asset_type: str, tasks: tuple[str, ...]) -> None:
    assert levels.level_of(asset_type, tasks) == level(asset_type, tasks)
    assert levels.LEVEL_RULE == LEVEL_RULE
