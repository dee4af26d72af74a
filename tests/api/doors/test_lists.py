"""Lists in pages: a walk shows no more than the key sees, and a cursor opens nothing else."""

import pytest

from keys.key import Role
from tests.api.doors.table import ROWS, Target
from tests.api.doors.world import TWO, A, B, World, assert_keeps_still, everything


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.pages])
def test_no_page_of_a_walk_shows_more_than_the_key_sees(
    world: World, name: str, role: Role
) -> None:
    """From the first page to the last, cursors and links included."""
    row = ROWS[name]
    if role not in row.roles:
        return
    query, pages = "?limit=2", 0
    while query:
        answer = world.ask(row, Target(A), world.keys[role, "a"], query=query)
        assert answer.status_code == 200, answer.text
        assert_keeps_still(answer, role, "a")
        if role is Role.PARTNER:
            assert TWO not in everything(answer)
        cursor = answer.json()["next_cursor"]
        pages += 1
        query = f"?limit=2&cursor={cursor}" if cursor and pages < 40 else ""


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if row.pages and row.of == "book"]
)
def test_a_cursor_of_another_book_or_partner_opens_nothing(world: World, name: str) -> None:
    """It is refused, and the refusal tells nothing of what is there."""
    row = ROWS[name]
    theirs = world.ask(row, Target(B), world.keys[Role.RECORDER, "b"], query="?limit=1")
    cursor = theirs.json()["next_cursor"]
    for role in (Role.RECORDER, Role.READER, Role.PARTNER):
        if role not in row.roles:
            continue
        answer = world.ask(
            row, Target(A), world.keys[role, "a"], query=f"?cursor={cursor or 'none'}"
        )
        assert answer.status_code == 422
        assert_keeps_still(answer, role, "a")
    if Role.PARTNER in row.roles:
        whole = world.ask(row, Target(A), world.keys[Role.RECORDER, "a"], query="?limit=1")
        query = f"?cursor={whole.json()['next_cursor'] or 'none'}"
        assert (
            world.ask(row, Target(A), world.keys[Role.PARTNER, "a"], query=query).status_code == 422
        )
