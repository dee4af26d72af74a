"""Questions: what can be asked, and how it is written."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import Json
from evidence.errors import MalformedQuestion
from evidence.questions import Question, read_question
from tests.depth import tries
from tests.evidence.test_entries import JSON

AT = "2026-03-15T12:00:00.000000Z"
UNTIL = "2026-03-15T12:00:00.000001Z"
SINCE = "2026-03-01T00:00:00.000000Z"
PAGE = {"type": "page", "id": "104857600219483"}
BASE: dict[str, Json] = {"book": "10001", "at": AT, "known_at": 17}
WHO: dict[str, Json] = {"kind": "who", **BASE, "asset": PAGE}  # type: ignore[dict-item]

SOUND: list[dict[str, Any]] = [
    WHO,
    {"kind": "owner", **BASE, "asset": PAGE},
    {"kind": "asset-timeline", **BASE, "asset": {"type": "poster", "id": "x:y"}},
    {"kind": "what", **BASE, "partner": "30001"},
    {"kind": "offboard", **BASE, "partner": "30001"},
    {"kind": "partner-timeline", **BASE, "partner": "30001"},
    {"kind": "line", **BASE, "asset": PAGE, "partner": "30001"},
    {"kind": "matrix", **BASE, "known_at": 0},
    {**WHO, "during": {"from": SINCE, "to": UNTIL}},
    {"kind": "what", **BASE, "partner": "30001", "during": {"from": AT, "to": UNTIL}},
    {**WHO, "kind": "line", "partner": "30001", "during": {"from": AT, "to": UNTIL}},
]


@pytest.mark.parametrize("value", SOUND, ids=lambda value: value["kind"])
def test_a_question_is_written_as_it_was_read(value: dict[str, Json]) -> None:
    assert read_question(value).as_json() == value


def test_a_period_bounds_what_is_asked_about() -> None:
    """Its end is left out, and `at` is the last microsecond before."""
    asked = read_question({**WHO, "during": {"from": SINCE, "to": UNTIL}})
    assert asked.bounds == (1_772_323_200_000_000, 1_773_576_000_000_001)
    assert asked.moment == 1_773_576_000_000_000
    assert read_question(WHO).bounds == (1_773_576_000_000_000, 1_773_576_000_000_001)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "whose"}, "the field 'kind' of the question"),
        ({"book": 10001}, "the field 'book' of the question"),
        ({"at": "2026-03-15"}, "the field 'at' of the question"),
        ({"known_at": -1}, "the field 'known_at' of the question"),
        ({"known_at": 2**53}, "the field 'known_at' of the question"),
        ({"known_at": True}, "the field 'known_at' of the question"),
        ({"asset": {"type": "page", "id": "x"}}, "the field 'asset' of the question"),
        ({"asset": {**PAGE, "name": "P"}}, "the field 'asset' of the question"),
        ({"asset": None}, "the field 'asset' of the question"),
        ({"partner": "30001"}, "of the kind who does not name a partner"),
        ({"kind": "matrix"}, "of the kind matrix does not name an asset"),
        ({"kind": "line"}, "of the kind line names a partner"),
        ({"kind": "what"}, "of the kind what does not name an asset"),
        ({"why": "so"}, "the question has a field 'why' that it cannot have"),
        ({"during": {"from": SINCE}}, "the field 'during' of the question"),
        ({"during": {"from": UNTIL, "to": UNTIL}}, "ends before it begins"),
        ({"during": {"from": SINCE, "to": AT}}, "the last microsecond before its end"),
        (
            {"kind": "owner", "during": {"from": SINCE, "to": UNTIL}},
            "of the kind owner does not name a period",
        ),
    ],
)
def test_a_malformed_question_is_refused_with_a_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedQuestion, match=said):
        read_question({**WHO, **change})


def test_a_question_names_what_it_is_about() -> None:
    value = {name: field for name, field in WHO.items() if name != "asset"}
    with pytest.raises(MalformedQuestion, match="of the kind who names an asset"):
        read_question(value)


def test_a_question_that_cannot_be_is_not_built_either() -> None:
    with pytest.raises(MalformedQuestion, match="by its type and id"):
        Question("who", "10001", AT, 1, asset=("page", "x"))
    with pytest.raises(MalformedQuestion, match="the field 'at'"):
        Question("matrix", "10001", "now", 1)


@given(value=JSON)
@settings(max_examples=tries(200))
def test_any_value_of_json_is_a_question_or_refused(value: Json) -> None:
    with suppress(MalformedQuestion):
        read_question(value)


@given(
    value=st.sampled_from(SOUND),
    name=st.sampled_from([*WHO, "partner", "during"]),
    new=JSON | st.sampled_from([AT, "10001", 3, PAGE]),
)
@settings(max_examples=tries(300))
def test_a_question_with_any_field_is_one_or_refused(
    value: dict[str, Json], name: str, new: Json
) -> None:
    changed = {**value, name: new}
    with suppress(MalformedQuestion):
        assert read_question(changed).as_json() == changed
