"""Asking over HTTP: moments, pages, and what cannot be asked."""

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.settings import Settings
from tests.api.conftest import OWNER, PAGE, PARTNER, Recorder

ACCESS = f"/v1/portfolios/{OWNER}/assets/page/{PAGE['id']}/access"


def test_who_had_access_names_both_clocks_and_the_entries(
    recorder: Recorder, client: TestClient
) -> None:
    """A holder carries its level, its certainty and its window."""
    recorder.story()
    answer = client.get(ACCESS, params={"at": "2026-04-01T00:00:00Z"}).json()
    (holder,) = answer["holders"]
    assert (holder["partner"], holder["level"], holder["certainty"]) == (
        PARTNER,
        "full_control",
        "certain",
    )
    assert holder["window"]["opened_by"] == 3
    assert (answer["known_at"]["entry"], answer["coverage"]) == (3, "known")
    assert answer["level_rule"] == "2026.1"
    before = client.get(ACCESS, params={"at": "2026-03-01T00:00:00Z"}).json()
    assert (before["holders"], before["coverage"]) == ([], "unknown")


def test_a_late_revoke_leaves_the_earlier_belief_readable(
    recorder: Recorder, client: TestClient
) -> None:
    """As known at entry 3 the access went on; as known now it had ended."""
    recorder.story()
    recorder.post(
        recorder.fact(
            "access-revoked", partner=PARTNER, asset=PAGE, effective_at="2026-05-01T00:00:00Z"
        )
    )
    asked = {"at": "2026-05-02T00:00:00Z"}
    assert client.get(ACCESS, params=asked).json()["holders"] == []
    then = client.get(ACCESS, params={**asked, "known_at": "3"}).json()
    assert [holder["partner"] for holder in then["holders"]] == [PARTNER]
    diff = client.get(
        f"/v1/portfolios/{OWNER}/diff",
        params={"from_known": "3", "to_known": "4", "at": asked["at"]},
    ).json()
    assert [(change["kind"], change["entries"]) for change in diff["changes"]] == [("removed", [4])]


def test_a_walk_through_pages_stays_on_one_instant(recorder: Recorder, client: TestClient) -> None:
    """What is recorded during the walk does not show in it."""
    recorder.story()
    partners = [f"70000000000000{n}" for n in range(5)]
    recorder.post(*[recorder.fact("partner-added", partner=partner) for partner in partners])
    seen, url = [], f"/v1/portfolios/{OWNER}/partners?limit=2"
    while url:
        answer = client.get(url)
        seen += [episode["partner"] for episode in answer.json()["episodes"]]
        recorder.post(recorder.fact("partner-added", partner=f"8000000000000{recorder.count}"))
        link = answer.headers.get("link", "")
        url = link.partition("<")[2].partition(">")[0]
        assert bool(url) == (answer.json()["next_cursor"] is not None)
    assert seen == sorted([PARTNER, *partners])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("at=2026-03-02", "is not an RFC 3339 time"),
        ("known_at=99", "is not an entry of book"),
        ("known_at=spring", "write it as 2026-03-02T09:30:00Z, or give the number of an entry"),
        ("att=2026-03-02T00:00:00Z", "att is not a parameter here; there is: at, during, known_at"),
        ("during=2026-03-02T00:00:00Z", "is not FROM/TO; write two times"),
        ("during=2026-03-03T00:00:00Z/2026-03-02T00:00:00Z", "is empty; give the earlier moment"),
    ],
)
def test_a_question_that_cannot_be_asked_is_explained(
    recorder: Recorder, client: TestClient, query: str, message: str
) -> None:
    """422 with a sentence."""
    recorder.story()
    answer = client.get(f"{ACCESS}?{query}")
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


def test_a_book_that_does_not_exist_is_not_found(client: TestClient) -> None:
    """404, and what to do."""
    answer = client.get("/v1/portfolios/123456/partners")
    assert answer.status_code == 404
    assert answer.json()["detail"] == (
        "this ledger holds no book 123456; check the portfolio id, or record its first fact"
    )


@pytest.mark.usefixtures("impatient")
def test_a_database_that_is_down_is_503_and_the_server_lives() -> None:
    """With PostgreSQL the server starts before its database does; where that is, is told here."""
    down = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(down)
    for host, told in (
        ("127.0.0.1", "the database at 127.0.0.1:1/nothing does not answer ("),
        ("203.0.113.7", "the database does not answer; what was just asked of it was not recorded"),
    ):
        with TestClient(app, raise_server_exceptions=False, client=(host, 1)) as client:
            assert client.get("/livez").status_code == 200
            for path in ("/readyz", f"/v1/portfolios/{OWNER}/partners"):
                answer = client.get(path)
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert answer.json()["detail"].startswith(told)
                assert host == "127.0.0.1" or "127.0.0.1" not in answer.text


@pytest.mark.parametrize("empty_settings", ["postgresql"], indirect=True)
def test_a_database_that_is_not_migrated_is_503(empty_settings: Settings) -> None:
    """Readiness says what to run."""
    with TestClient(create_app(empty_settings), raise_server_exceptions=False) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "is not migrated: ledger/0001_entries" in answer.json()["detail"]
        assert "access-ledger migrate" in answer.json()["detail"]
        assert client.get(f"/v1/portfolios/{OWNER}/partners").status_code == 503
