"""What the doors keep in memory has a bound: sessions that were ended, histories, callers."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.pages import matrix, session
from api.pages.session import Sessions, SignInFirst
from api.rates import MAX_NAMES, RateLimit
from bootstrap.settings import Settings
from keys.key import Role
from tests.api.conftest import OWNER, PARTNER, Recorder, SignIn


def test_of_a_key_that_ends_sessions_without_end_all_are_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No ended one opens again, other keys' go on, and after an hour nothing is kept of them."""
    monkeypatch.setattr(session, "MOST_ENDED", 5)
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def clock() -> datetime:
        return now

    sessions = Sessions(clock)
    cookies = [sessions.begun("secret") for _ in range(7)]
    others = sessions.begun("another")
    now += timedelta(seconds=1)
    for cookie in cookies[:6]:
        sessions.end(cookie)
    assert sum(map(len, sessions._ended.values())) <= 5
    for cookie in cookies:
        with pytest.raises(SignInFirst):
            sessions.secret_in(cookie)
    assert sessions.secret_in(others) == ("another", None)
    now += timedelta(seconds=1)
    fresh = sessions.begun("secret")
    assert sessions.secret_in(fresh) == ("secret", None)
    now += timedelta(hours=1, seconds=2)
    last = sessions.begun("another")
    sessions.end(last)
    assert (len(sessions._ended), sessions._all_ended) == (1, {})


def test_histories_are_kept_by_their_size_too(
    browser: TestClient,
    sign_in: SignIn,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many small ones, or one that is larger than all together may be."""
    recorder.story()
    sign_in(Role.READER, OWNER)
    kept = recorder.client.app.state.histories  # type: ignore[attr-defined]
    for nth in range(20):
        recorder.post(recorder.fact("partner-added", partner=str(800_000_000_000_000 + nth)))
        assert recorder.client.get(f"/v1/portfolios/{OWNER}/partners").status_code == 200
    histories = browser.app.state.histories  # type: ignore[attr-defined]
    for known_at in range(3, 24):
        assert browser.get(f"/pages/{OWNER}/matrix?known_at={known_at}").status_code == 200
    assert len(histories._kept) == matrix.KEPT_HISTORIES
    monkeypatch.setattr(matrix, "KEPT_SPANS", 4)  # a window and an ownership in each
    assert browser.get(f"/pages/{OWNER}/matrix?known_at=3").status_code == 200
    assert len(histories._kept) == 2
    monkeypatch.setattr(matrix, "KEPT_SPANS", 1)
    assert browser.get(f"/pages/{OWNER}/matrix?known_at=4").status_code == 200
    assert len(histories._kept) == 1
    assert len(kept._kept) == 0
    assert PARTNER in browser.get(f"/pages/{OWNER}/matrix?known_at=4").text


def test_so_many_accepted_keys_are_kept_in_mind_and_no_more() -> None:
    """Of more, those accepted longest ago; their next request is looked up as at first."""
    limit = RateLimit(lambda *_: None, Settings())  # type: ignore[arg-type]
    for nth in range(MAX_NAMES + 10):
        limit._remember(str(nth).encode(), f"key_{nth}")
    assert len(limit.accepted) == MAX_NAMES
    assert b"0" not in limit.accepted
