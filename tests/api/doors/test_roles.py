"""Every route, every role, every kind of key: the right status, no byte of another's data."""

from dataclasses import replace
from itertools import product

import pytest
from fastapi.routing import iter_route_contexts
from starlette.datastructures import State
from starlette.routing import Mount

from api.app import create_app
from api.pages.rendering import ROOT
from api.pages.site import create_site
from bootstrap.settings import Settings
from keys.key import Role
from tests.api.doors.table import BOOKS, NO_BOOK, ROWS, Row, Target
from tests.api.doors.world import (
    BOUND,
    CLOSED,
    A,
    B,
    World,
    assert_keeps_still,
    everything,
)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    """A route that is new to this table is not tested, so it may not be there."""
    routes = {
        f"{method} {under}{context.path}"
        for under, routes in (
            ("", create_app(Settings()).routes),
            (ROOT, create_site(State()).routes),
        )
        for context in iter_route_contexts(routes)
        if not isinstance(context.original_route, Mount)  # of the site, whose routes come after
        for method in context.methods or [type(context.original_route).__name__]
    }
    assert routes == set(ROWS)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.open])
def test_an_open_route_answers_anybody_and_tells_of_no_book(world: World, name: str) -> None:
    """With any key, and with none."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for secret in (None, "nonsense", world.keys[Role.READER, "a"]):
        answer = world.ask(row, Target(A), secret, method)
        assert answer.status_code == row.status
        assert "hush-" not in answer.text
        assert A not in answer.text or name.endswith("openapi.json")


def expected(row: Row, role: Role, *, own: bool) -> int:
    """The status for a key of a role that is about its own book or another's."""
    if row.of == "book" and role in BOUND and not own:
        return 404
    if role not in row.roles:
        return 403
    if row.of == "leaf" and role in BOUND and not own:
        return 404
    return row.status


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", CLOSED)
def test_a_route_answers_the_roles_that_it_is_for_about_their_own(
    world: World, name: str, role: Role
) -> None:
    """The keys of both books, each about both books."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    for mine, asked in product("ab", "ab"):
        answer = world.ask(row, world.target(asked, row), world.keys[role, mine], method)
        assert answer.status_code == expected(row, role, own=mine == asked), answer.text
        assert_keeps_still(answer, role, mine)
        if role in BOUND and mine == asked:
            # An access log holds what was sent, so a cursor that somebody got elsewhere too.
            text = answer.text if name.endswith("/access-log") else everything(answer)
            assert BOOKS["b" if mine == "a" else "a"] not in text
        if answer.status_code == 403 and not row.session:
            assert answer.json()["type"] == "/problems/not-allowed"
            assert "ask whoever manages the keys" in answer.json()["detail"]


@pytest.mark.parametrize("name", [name for name in CLOSED if not ROWS[name].session])
def test_without_a_key_that_is_good_a_route_answers_the_same_401(world: World, name: str) -> None:
    """Missing, malformed, unknown, revoked, expired, rotated out: one answer to all."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    good = world.keys[row.roles[0], "a"]
    target = world.target("a", row)
    written = (
        "", "Bearer", "Bearer ", "Basic YTpi", good, f"Basic {good}", f"Bearer {good}x",
        f"Bearer {good[:-1]}", f"Bearer {good.upper()}", f"Bearer {good} {good}",
        "Bearer al_live_" + "A" * 43, "Bearer \u00e9",
        *(f"Bearer {secret}" for secret in world.spent(row.roles[0]).values()),
    )  # fmt: skip
    elsewhere = [{b"X-Api-Key": good.encode()}, {b"Cookie": f"key={good}".encode()}]
    sent = [{}, *({b"Authorization": text.encode("latin-1")} for text in written), *elsewhere]
    answers = [world.send(row, target, headers, method) for headers in sent]
    for headers, answer in zip(sent, answers, strict=True):
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.content == answers[0].content
        assert dict(answer.headers) == dict(answers[0].headers)
        assert "hush-" not in everything(answer)
    by_query = world.client.request(method, f"{row.ask(target)}", params={"key": good})
    assert by_query.status_code == 401


@pytest.mark.parametrize("role", BOUND)
@pytest.mark.parametrize("name", [name for name in CLOSED if ROWS[name].of == "book"])
def test_a_book_of_others_is_answered_like_one_that_does_not_exist(
    world: World, name: str, role: Role
) -> None:
    """Byte for byte, but for the id that was asked about."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret, target = world.keys[role, "a"], world.target("b", row)
    there, absent = (
        world.ask(row, asked, secret, method) for asked in (target, replace(target, book=NO_BOOK))
    )
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.text.replace(B, NO_BOOK) == absent.text
    assert dict(there.headers) == dict(absent.headers)


@pytest.mark.parametrize("name", [name for name in CLOSED if ROWS[name].of == "leaf"])
@pytest.mark.parametrize("role", [Role.RECORDER, Role.READER])
def test_a_leaf_of_others_is_answered_like_one_that_does_not_exist(
    world: World, name: str, role: Role
) -> None:
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    secret, target = world.keys[role, "a"], world.target("b", row)
    there = world.ask(row, target, secret, method)
    absent = world.ask(row, replace(target, leaf=98765), secret, method)
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.text.replace(f"leaf {target.leaf} ", "leaf 98765 ") == absent.text
