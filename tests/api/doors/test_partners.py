"""A partner sees what concerns it, and finds no trace of another."""

import re
from dataclasses import replace
from typing import Any

import pytest

from keys.key import Role
from tests.api.doors.table import NO_PAGE, PAGES, ROWS, Target
from tests.api.doors.world import (
    CLOSED,
    ONE,
    PINNED,
    TWO,
    A,
    World,
    assert_keeps_still,
    everything,
)


@pytest.mark.parametrize("name", [n for n in CLOSED if ROWS[n].strangers is not None])
def test_another_partner_is_answered_like_one_that_does_not_exist(world: World, name: str) -> None:
    """Its id, and the assets that it alone works on."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret = world.keys[Role.PARTNER, "a"]
    strange = Target(A, partner=TWO, page=PAGES["two"])
    nowhere = Target(A, partner="699999999999999", page=NO_PAGE)
    pinned = f"{'&' if '?' in row.ask(strange) else '?'}{PINNED}" if row.session else ""
    there, absent = (
        world.ask(row, target, secret, method, pinned) for target in (strange, nowhere)
    )
    assert (there.status_code, absent.status_code) == (row.strangers, row.strangers), there.text
    assert_keeps_still(there, Role.PARTNER, "a")
    same = there.text.replace(TWO, nowhere.partner).replace(PAGES["two"], nowhere.page)
    clock = r'"at":"[^"]*"'
    assert re.sub(clock, "", same) == re.sub(clock, "", absent.text)


@pytest.mark.parametrize("name", [n for n in CLOSED if Role.PARTNER in ROWS[n].roles])
def test_a_partner_finds_its_own_and_no_trace_of_another(world: World, name: str) -> None:
    """Also not the other's id, and not on an asset that both work on."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for page in ("one", "both"):
        target = Target(A, page=PAGES[page])
        answer = world.ask(row, target, world.keys[Role.PARTNER, "a"], method)
        assert answer.status_code == row.status
        assert_keeps_still(answer, Role.PARTNER, "a")
        assert TWO not in everything(answer)
        assert PAGES["two"] not in everything(answer)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"kind": "what", "partner": ONE}, 200),
        ({"kind": "offboard", "partner": ONE}, 200),
        ({"kind": "partner-timeline", "partner": ONE}, 200),
        ({"kind": "line", "partner": ONE, "asset": {"type": "page", "id": PAGES["both"]}}, 200),
        ({"kind": "owner", "asset": {"type": "page", "id": PAGES["both"]}}, 200),
        ({"kind": "what", "partner": TWO}, 404),
        ({"kind": "offboard", "partner": TWO}, 404),
        ({"kind": "partner-timeline", "partner": TWO}, 404),
        ({"kind": "line", "partner": TWO, "asset": {"type": "page", "id": PAGES["both"]}}, 404),
        ({"kind": "line", "partner": ONE, "asset": {"type": "page", "id": PAGES["two"]}}, 422),
        ({"kind": "owner", "asset": {"type": "page", "id": PAGES["two"]}}, 422),
        ({"kind": "who", "asset": {"type": "page", "id": PAGES["one"]}}, 422),
        ({"kind": "asset-timeline", "asset": {"type": "page", "id": PAGES["one"]}}, 422),
        ({"kind": "matrix"}, 422),
    ],
)
def test_the_packs_of_a_partner_are_about_itself(
    world: World, question: dict[str, Any], status: int
) -> None:
    row = replace(ROWS["POST /v1/portfolios/{book}/evidence"], body=lambda _: question)
    answer = world.ask(row, Target(A), world.keys[Role.PARTNER, "a"])
    assert answer.status_code == status, answer.text[:500]
    assert_keeps_still(answer, Role.PARTNER, "a")
    if status == 200:
        assert TWO not in everything(answer)
