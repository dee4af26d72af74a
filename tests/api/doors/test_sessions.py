"""The pages' doors are sessions: what is no good session is asked to sign in, always alike."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.session import COOKIE
from bootstrap.settings import Settings
from keys.key import Role
from tests.api.conftest import FORM
from tests.api.doors.table import ROWS, Target
from tests.api.doors.world import CLOSED, A, B, World, assert_keeps_still, everything

PAGES_INSIDE = [name for name in CLOSED if ROWS[name].session]


@pytest.fixture(scope="module")
def bad_cookies(world: World) -> dict[str, str]:
    """A cookie header of each kind that opens nothing; they were good once, or never."""
    good = world.keys[Role.READER, "a"]
    soon = datetime.now(UTC) + timedelta(milliseconds=1500)
    made = {
        "revoked": world.key(Role.READER, "a"),
        "rotated": world.key(Role.READER, "a"),
        "expired": world.key(Role.READER, "a", expires_at=soon),
        "ended": world.key(Role.READER, "a"),
    }
    cookies = {kind: world.session(secret) for kind, (_, secret) in made.items()}
    assert all(cookies.values())
    world.services.keys.revoke(made["revoked"][0].id)
    world.services.keys.rotate(made["rotated"][0].id)
    ended = {"Cookie": f"{COOKIE}={cookies['ended']}"}
    assert world.client.post("/pages/sign-out", headers=ended).status_code == 303
    while datetime.now(UTC) <= soon:
        time.sleep(0.01)
    kept = world.session(good)
    cookies |= {"empty": "", "forged": "x" * 200, "cut": kept[:-2], "the key itself": good}
    return {kind: f"{COOKIE}={cookie}" for kind, cookie in cookies.items()} | {
        "another name": f"session={kept}"
    }


@pytest.mark.parametrize("name", PAGES_INSIDE)
def test_without_a_session_that_is_good_a_page_answers_the_same(
    world: World, bad_cookies: dict[str, str], name: str
) -> None:
    """No cookie, forged, ended, of a key that was revoked, rotated or expired, or a bare key."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    good = world.keys[Role.READER, "a"]
    sent: dict[str, dict[bytes, bytes]] = {
        "none": {},
        "a key without a session": {b"Authorization": f"Bearer {good}".encode()},
        **{kind: {b"Cookie": cookie.encode()} for kind, cookie in bad_cookies.items()},
    }
    answers = {kind: world.send(row, Target(A), headers, method) for kind, headers in sent.items()}
    wanted = 401 if name.endswith((".json", ".csv")) else 303
    first = answers["none"]
    for kind, answer in answers.items():
        assert answer.status_code == wanted, kind
        assert (answer.content, dict(answer.headers)) == (first.content, dict(first.headers))
        assert "hush-" not in everything(answer)


@pytest.mark.parametrize("name", [name for name in CLOSED if not ROWS[name].session])
def test_a_session_opens_no_door_of_the_api(world: World, name: str) -> None:
    """Its cookie is for the pages alone; a browser sends it nowhere else."""
    row, method = ROWS[name], name.split(maxsplit=1)[0]
    cookie = {b"Cookie": f"{COOKIE}={world.session(world.keys[row.roles[0], 'a'])}".encode()}
    assert world.send(row, Target(A, key="none"), cookie, method).status_code == 401


def test_a_browser_that_signs_in_anew_sees_the_other_book_alone(world: World) -> None:
    """One browser, two keys: nothing of the first session comes into the second."""
    for mine in ("a", "b", "a"):
        secret = world.keys[Role.READER, mine]
        world.client.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
        for book, status in ((A, 200 if mine == "a" else 404), (B, 200 if mine == "b" else 404)):
            answer = world.client.get(f"/pages/{book}/matrix")
            assert answer.status_code == status
            assert_keeps_still(answer, Role.READER, mine)
    world.client.cookies.clear()


def test_the_history_in_hand_of_one_book_is_not_handed_to_another(world: World) -> None:
    """It is kept by book, entry and partner, and the two books have equal ones of each."""
    answers = {
        (mine, role): world.ask(
            ROWS["GET /pages/{book}/matrix"],
            Target({"a": A, "b": B}[mine]),
            world.keys[role, mine],
            query="?known_at=6",
        )
        for _ in range(2)
        for mine in "ab"
        for role in (Role.READER, Role.PARTNER)
    }
    for (mine, role), answer in answers.items():
        assert answer.status_code == 200, answer.text
        assert f"hush-{mine}-" in answer.text
        assert_keeps_still(answer, role, mine)


@pytest.mark.usefixtures("impatient")
def test_a_page_tells_nobody_elsewhere_where_the_database_is() -> None:
    """A sign-in is looked up without a session, so anybody could ask; here it is told."""
    down = Settings(database_url="postgresql://someone:secret@127.0.0.1:1/ledger")
    for host, told in (("127.0.0.1", True), ("203.0.113.7", False)):
        client = TestClient(create_app(down), raise_server_exceptions=False, client=(host, 1))
        with client as browser:
            answer = browser.post("/pages/sign-in", content="key=al_live_x", headers=FORM)
        assert answer.status_code == 503
        assert ("127.0.0.1:1/ledger" in answer.text) is told
        assert ("does not answer" in answer.text, "secret" in answer.text) == (True, False)
