"""Moments: what is read, what is refused and why, and the one form that is written."""
# The names are sentences; a docstring says what a name cannot.

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import (
    FAR,
    format_instant,
    from_microseconds,
    parse_instant,
    to_microseconds,
)
from tests.depth import tries

VECTORS = Path(__file__).parents[3] / "shared/vectors/rfc3339/date-time.json"

REFUSED_BY_DESIGN = {
    "a valid date-time with a leap second, UTC": "is a leap second",
    "a valid date-time with a leap second, with minus offset": "is a leap second",
    "a second fraction of fifteen nines is valid": "is finer than a microsecond",
}
"""Valid by RFC 3339, but they would have to be guessed or rounded."""


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-03-02T09:30:00Z", "2026-03-02T09:30:00.000000Z"),
        ("2026-03-02T09:30:00.000000Z", "2026-03-02T09:30:00.000000Z"),
        ("2026-03-02t09:30:00z", "2026-03-02T09:30:00.000000Z"),
        ("2026-03-02T09:30:00.1Z", "2026-03-02T09:30:00.100000Z"),
        ("2026-03-02T09:30:00.123456+00:00", "2026-03-02T09:30:00.123456Z"),
        ("2026-03-02T09:30:00.000001-00:00", "2026-03-02T09:30:00.000001Z"),
        ("2026-03-02T00:30:00+01:00", "2026-03-01T23:30:00.000000Z"),
        ("2026-03-02T09:30:00-23:59", "2026-03-03T09:29:00.000000Z"),
        ("2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_with_an_offset_is_read_and_written_in_utc_to_the_microsecond(
    text: str, canonical: str
) -> None:
    moment = parse_instant(text)
    assert moment.utcoffset() == timedelta(0)
    assert format_instant(moment) == canonical


NOT_A_TIME = "{!r} is not an RFC 3339 time; write it as 2026-03-02T09:30:00Z"
NO_OFFSET = "{!r} has no offset; write Z or an offset such as +01:00 at its end"
TOO_FINE = "{!r} is finer than a microsecond; give at most six fractional digits"
LEAP = "{!r} is a leap second, which has no place on the UTC clock used here"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", NOT_A_TIME),
        ("2026-03-02", NOT_A_TIME),
        ("1772443800", NOT_A_TIME),
        ("2026-03-02 09:30:00Z", NOT_A_TIME),
        ("2026-03-02T09:30Z", NOT_A_TIME),
        ("2026-03-02T09:30:00,5Z", NOT_A_TIME),
        ("2026-03-02T09:30:00.Z", NOT_A_TIME),
        ("2026-03-02T24:00:00Z", NOT_A_TIME),
        ("2026-03-02T09:30:00+24:00", NOT_A_TIME),
        ("2026-03-02T09:30:00+0100", NOT_A_TIME),
        ("2026-03-02T09:30:00Z\n", NOT_A_TIME),
        (" 2026-03-02T09:30:00Z", NOT_A_TIME),
        ("٢٠٢٦-03-02T09:30:00Z", NOT_A_TIME),
        ("2026-03-02T09:30:00.000000ZZ", NOT_A_TIME),
        ("2026-03-02T09:30:00", NO_OFFSET),
        ("2026-03-02T09:30:00.123456", NO_OFFSET),
        ("2026-03-02T09:30:00.1234567Z", TOO_FINE),
        ("2026-03-02T09:30:00.0000000Z", TOO_FINE),
        ("2016-12-31T23:59:60Z", LEAP),
        ("2016-12-31T23:59:60.000000Z", LEAP),
    ],
)
def test_a_time_that_would_have_to_be_guessed_or_rounded_is_refused_with_the_reason(
    text: str, message: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse_instant(text)
    assert str(caught.value) == message.format(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z",
        "2026-02-29T00:00:00.000000Z",
        "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00.000000Z",
        "2026-04-31T00:00:00Z",
        "2026-03-02T09:60:00Z",
        "2026-03-02T09:60:00.000000Z",
        "2026-03-02T09:30:61Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_a_moment_that_the_calendar_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment of the calendar") as caught:
        parse_instant(text)
    assert str(caught.value).startswith(repr(text))


@pytest.mark.parametrize("value", [0, 1772443800, 1772443800.5, True, None, [], {}])
def test_a_bare_number_is_not_a_time(value: object) -> None:
    with pytest.raises(ValueError, match="write a string such as 2026-03-02T09:30:00Z"):
        parse_instant(value)


def test_a_datetime_of_another_zone_becomes_utc_and_one_without_is_refused() -> None:
    there = datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert format_instant(parse_instant(there)) == "2026-03-02T09:30:00.000000Z"
    with pytest.raises(ValueError, match="2026-03-02T10:30:00 has no offset; write it with one"):
        parse_instant(there.replace(tzinfo=None))


def _vectors() -> list[Any]:
    if not VECTORS.exists():
        reason = f"{VECTORS} is absent: the published vectors lie beside the project, not in it"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason), id="absent")]
    [suite] = json.loads(VECTORS.read_text(encoding="utf-8"))
    cases = [case for case in suite["tests"] if isinstance(case["data"], str)]
    return [pytest.param(case, id=case["description"]) for case in cases]


@pytest.mark.parametrize("case", _vectors())
def test_the_published_vectors_of_rfc_3339_are_read_as_they_say(case: dict[str, Any]) -> None:
    by_design = REFUSED_BY_DESIGN.get(case["description"])
    if case["valid"] and not by_design:
        assert parse_instant(case["data"]).tzinfo is UTC
        return
    with pytest.raises(ValueError, match=by_design):
        parse_instant(case["data"])


_moments = st.datetimes(timezones=st.just(UTC))


@given(_moments)
@settings(max_examples=tries(100), deadline=None)
def test_what_is_written_is_read_as_the_same_moment(moment: datetime) -> None:
    text = format_instant(moment)
    assert len(text) == 27
    assert parse_instant(text) == moment
    assert parse_instant(moment.isoformat()) == moment
    assert from_microseconds(to_microseconds(moment)) == moment
    assert to_microseconds(moment) < FAR


@given(_moments, _moments)
@settings(max_examples=tries(100), deadline=None)
def test_the_written_form_and_the_microseconds_sort_like_the_moments(
    one: datetime, other: datetime
) -> None:
    assert (one < other) == (format_instant(one) < format_instant(other))
    assert (one < other) == (to_microseconds(one) < to_microseconds(other))


def test_microseconds_count_from_1970_and_are_negative_before() -> None:
    assert to_microseconds(parse_instant("1970-01-01T00:00:00Z")) == 0
    assert to_microseconds(parse_instant("1970-01-01T00:00:01.000002Z")) == 1_000_002
    assert to_microseconds(parse_instant("1969-12-31T23:59:59.999999Z")) == -1
