"""Bad input in words, each sentence whole: the field, what is wrong with it, what to write."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.describing import describe
from domain.facts import parse_fact

GRANTED: dict[str, Any] = {
    "fact": "access-granted",
    "id": "g1",
    "owner": "10001",
    "partner": "30001",
    "asset": {"type": "page", "id": "50001"},
    "tasks": ["ADVERTISE"],
    "effective_at": "2026-03-02T09:30:00Z",
}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"effectve_at": "2026-03-02T09:30:00Z"},
            "effectve_at is not a field of this fact; leave it out, or check its spelling",
        ),
        (
            {"asset": {"type": "page", "id": "50001", "nam": "x"}},
            "asset.nam is not a field of this fact; leave it out, or check its spelling",
        ),
        (
            {"effective_at": "2026-03-02T09:30:00"},
            "effective_at: '2026-03-02T09:30:00' has no offset; "
            "write Z or an offset such as +01:00 at its end",
        ),
        (
            {"effective_at": "2026-03-02T09:30:00.1234567Z"},
            "effective_at: '2026-03-02T09:30:00.1234567Z' is finer than a microsecond; "
            "give at most six fractional digits",
        ),
        (
            {"partner": 30001},
            "partner: 30001 is a number; ids are strings, so put it in quotes",
        ),
        (
            {"asset": {"type": "page", "id": 50001}},
            "asset.id: 50001 is a number; ids are strings, so put it in quotes",
        ),
        (
            {"tasks": ["ADVERTISE", "to look"]},
            "tasks.1: 'to look' is not a task; give 1 to 100 printable ASCII characters without a "
            "space",
        ),
        (
            {"source": {"kind": "document", "sha256": "AB"}},
            "source.sha256: 'AB' is not a SHA-256; give its 64 hexadecimal digits in lower case",
        ),
        (
            {"asset": {"type": "page", "id": "50001", "name": "Norr\x00sken"}},
            "asset.name: 'Norr\\x00sken' is not plain text; leave out its control characters",
        ),
        (
            {"tasks": []},
            "tasks is empty; name at least one task, or revoke the access to take all away",
        ),
        (
            {"partner": "10001"},
            "partner 10001 is the owner itself; a partner is another portfolio "
            "(if a record kept elsewhere says so, give source.kind as imported)",
        ),
    ],
    ids=[
        "unknown field",
        "unknown field of a value",
        "no offset",
        "seven digits",
        "number for an id",
        "number for an asset's id",
        "task with a space",
        "no SHA-256",
        "control character",
        "no tasks",
        "partner is the owner",
    ],
)
def test_one_mistake_is_told_in_one_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_fact(GRANTED | wrong)
    assert describe(caught.value) == [sentence]
