"""The pages without a browser: sessions, doors, twins, and what they tell the browser to do."""

import csv
import hashlib
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.datastructures import State
from starlette.testclient import TestClient

import api.pages
from api.pages.asking import stated
from api.pages.session import COOKIE, Sessions, SignInFirst, safe_next
from api.pages.site import create_site
from bootstrap.services import Services
from keys.key import NewKey, Role
from tests.api.conftest import FORM, OTHER, OWNER, PAGE, PARTNER, Recorder, SignIn

pytestmark = pytest.mark.long

STATIC = Path(api.pages.__file__).parent / "static"
INSIDE = (
    "matrix", "matrix.json", "matrix.csv", "matrix/history.json", "ownership", "ownership.json",
    "ownership.csv", "offboarding", "offboarding.json", "offboarding.csv",
    f"offboarding/{PARTNER}", f"offboarding/{PARTNER}.json", f"offboarding/{PARTNER}.csv",
    "search", "search.json", "search.csv", "differences", "differences.json", "differences.csv",
    *(f"{page}{twin}" for twin in ("", ".json", ".csv") for page in (
        f"assets/page/{PAGE['id']}/timeline", f"partners/{PARTNER}/timeline", "entries/3",
    )),
    "evidence",
)  # fmt: skip

OPEN = {"/static/{name}", "/sign-in", "/sign-out", "/verify"}
NO_BOOK = {"/", "/books.json", "/books.csv", "/keys.txt"}


def test_a_session_is_a_sealed_cookie_of_this_site_alone(
    browser: TestClient, services: Services
) -> None:
    _, secret = services.keys.create(NewKey(name="a", role=Role.READER, books=frozenset({OWNER})))
    body = f"key=%20{secret}%0A&next=/pages/{OWNER}/ownership%3Fat%3D2026-03-02"
    answer = browser.post("/pages/sign-in", content=body, headers=FORM)
    assert answer.headers["location"] == f"/pages/{OWNER}/ownership?at=2026-03-02"
    cookie = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly; Path=/pages; SameSite=strict$", cookie)
    browser.base_url = "https://testserver"
    answer = browser.post("/pages/sign-in", content=body, headers=FORM)
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_a_key_that_opens_nothing_is_told_so(browser: TestClient) -> None:
    answer = browser.post("/pages/sign-in", content="key=al_live_no", headers=FORM)
    assert answer.status_code == 401
    assert "This key opens nothing here" in answer.text
    assert "al_live_no" not in answer.text
    assert "set-cookie" not in answer.headers


def test_every_page_of_a_book_is_among_those_that_are_tried() -> None:
    """A page that is new is not tested here, so it may not be there."""
    routes = {context.path for context in iter_route_contexts(create_site(State()).routes)}
    tried = {"/{book}/" + as_route(path) for path in INSIDE}
    assert routes == OPEN | NO_BOOK | tried


def as_route(path: str) -> str:
    """The route of a path that is tried."""
    asset = f"page/{PAGE['id']}"
    named = {asset: "{type}/{id}", PARTNER: "{partner}", "entries/3": "entries/{number}"}
    for given, name in named.items():
        path = path.replace(given, name)
    return path


@pytest.mark.parametrize("path", INSIDE)
def test_without_a_session_one_is_asked_to_sign_in_first(browser: TestClient, path: str) -> None:
    """A page leads to the form, which leads back; data says it as the API does."""
    for cookie in (None, "forged"):
        if cookie:
            browser.cookies.set(COOKIE, cookie)
        answer = browser.get(f"/pages/{OWNER}/{path}?at=2026-03-02")
        if path.endswith(("json", "csv")):
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 303
            back = f"%2Fpages%2F{OWNER}%2F{path.replace('/', '%2F')}%3Fat%3D2026-03-02"
            assert answer.headers["location"] == f"/pages/sign-in?next={back}"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/", "https://evil.example/pages/", "/v1/keys", "/pages/\\evil.example", "",
        "javascript:alert(1)",
    ],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    assert safe_next(wanted) == "/pages/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
@pytest.mark.parametrize("form", ["sign-in", "sign-out"])
def test_a_form_of_another_site_is_refused(
    browser: TestClient, form: str, headers: dict[str, str]
) -> None:
    answer = browser.post(f"/pages/{form}", content="key=x", headers={**FORM, **headers})
    assert answer.status_code == 422
    assert "the form was sent from another site" in answer.text


def test_signing_out_ends_the_session_wherever_its_cookie_is(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    recorder.story()
    sign_in(Role.READER, OWNER)
    kept = browser.cookies[COOKIE]
    assert browser.get(f"/pages/{OWNER}/matrix").status_code == 200
    answer = browser.post("/pages/sign-out", headers={"origin": "http://testserver"})
    assert answer.headers["location"] == "/pages/sign-in"
    assert COOKIE not in browser.cookies
    browser.cookies.set(COOKIE, kept, path="/pages")
    assert browser.get(f"/pages/{OWNER}/matrix").status_code == 303


def test_a_revoked_key_ends_its_sessions(
    browser: TestClient, sign_in: SignIn, recorder: Recorder, services: Services
) -> None:
    recorder.story()
    key = sign_in(Role.READER, OWNER)
    services.keys.revoke(key)
    assert browser.get(f"/pages/{OWNER}/matrix").status_code == 303


def test_a_session_goes_on_while_it_is_used_and_ends_an_hour_after() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def clock() -> datetime:
        return now

    sessions = Sessions(clock)
    cookie = sessions.begun("secret")
    assert sessions.secret_in(cookie) == ("secret", None)
    now += timedelta(minutes=50)
    _, successor = sessions.secret_in(cookie)
    assert successor is not None
    now += timedelta(minutes=50)
    with pytest.raises(SignInFirst):
        sessions.secret_in(cookie)
    assert sessions.secret_in(successor)[0] == "secret"
    sessions.end(successor)
    with pytest.raises(SignInFirst):
        sessions.secret_in(successor)
    with pytest.raises(SignInFirst):
        Sessions(clock).secret_in(successor)


def test_a_session_that_is_used_all_the_time_ends_after_half_a_day() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    sessions = Sessions(lambda: now)
    cookie: str | None = sessions.begun("secret")
    for _ in range(24):
        now += timedelta(minutes=30)
        assert cookie is not None
        _, cookie = sessions.secret_in(cookie)
    now += timedelta(minutes=1)
    assert cookie is not None
    with pytest.raises(SignInFirst):
        sessions.secret_in(cookie)


@pytest.mark.parametrize("path", INSIDE)
def test_a_key_goes_through_the_doors_that_are_its_own(
    browser: TestClient, sign_in: SignIn, recorder: Recorder, path: str
) -> None:
    recorder.story()
    address = f"/pages/{OWNER}/{path}"
    for role in (Role.READER, Role.RECORDER):
        sign_in(role, OWNER)
        assert browser.get(address).status_code == 200
    sign_in(Role.AUDITOR)
    assert browser.get(address).status_code == 200
    sign_in(Role.ADMIN)
    assert browser.get(address).status_code == 403
    new = NewKey(name="stranger", role=Role.READER, books=frozenset({OTHER}))
    secret = recorder.client.app.state.services.keys.create(new)[1]  # type: ignore[attr-defined]
    browser.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
    there, nowhere = browser.get(address), browser.get(address.replace(OWNER, "123456"))
    assert there.status_code == nowhere.status_code == 404
    assert there.text.replace(OWNER, "123456") == nowhere.text


def test_a_partner_sees_what_concerns_it_and_is_noted(
    browser: TestClient, sign_in: SignIn, recorder: Recorder, services: Services
) -> None:
    recorder.story()
    day = "2026-03-03T00:00:00Z"
    asset = {"type": "page", "id": "204857600219483", "name": "hush-page"}
    recorder.post(
        recorder.fact("partner-added", partner=OTHER, partner_name="hush-rival", effective_at=day),
        recorder.fact("ownership-established", asset=asset, effective_at=day),
        recorder.fact(
            "access-granted", partner=OTHER, asset=asset, tasks=["MANAGE"], effective_at=day
        ),
    )
    sign_in(Role.READER, OWNER)
    assert "hush-" in browser.get(f"/pages/{OWNER}/matrix").text
    sign_in(Role.PARTNER, OWNER, partner=PARTNER)
    for path in INSIDE:
        for query in ("", "?type=every", "?q=hush"):
            if "search" in path and query == "?q=hush":
                continue  # it repeats what was sought
            text = browser.get(f"/pages/{OWNER}/{path}{query}").text
            assert "hush-" not in text, path
            assert OTHER not in text
            assert "204857600219483" not in text
    assert browser.get(f"/pages/{OWNER}/offboarding/{OTHER}").status_code == 404
    assert "hush-" not in browser.get("/pages/").text
    noted = {record.detail for record in services.access_log.listed(OWNER)}
    assert {"/pages/", f"/pages/{OWNER}/matrix?type=every"} <= noted


def test_the_twins_are_the_api_s_answer(
    browser: TestClient, sign_in: SignIn, recorder: Recorder, client: TestClient
) -> None:
    recorder.story()
    sign_in(Role.READER, OWNER)
    asked = "at=2026-03-05T00:00:00Z&known_at=3"
    for page, route in (
        ("matrix", "access-matrix"),
        ("ownership", "ownership"),
        ("offboarding", "partners"),
        (f"offboarding/{PARTNER}", f"partners/{PARTNER}/offboarding"),
    ):
        twin = browser.get(f"/pages/{OWNER}/{page}.json?{asked}")
        assert twin.json() == client.get(f"/v1/portfolios/{OWNER}/{route}?{asked}").json()
        sheet = browser.get(f"/pages/{OWNER}/{page}.csv?{asked}")
        assert sheet.headers["content-disposition"].startswith(f'attachment; filename="{OWNER}-')
        assert len(list(csv.DictReader(io.StringIO(sheet.text)))) == 1, page


def test_every_answer_carries_the_policy(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    """No page may hold what the policy forbids, and nothing but files of ours is kept."""
    recorder.story()
    sign_in(Role.READER, OWNER)
    for path in ("", "sign-in", "nowhere/at/all", f"{OWNER}/nowhere", f"{OWNER}/matrix?at=x",
                 *(f"{OWNER}/{path}" for path in INSIDE)):  # fmt: skip
        answer = browser.get(f"/pages/{path}")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "etag" not in answer.headers
        if answer.headers["content-type"].startswith("text/html"):
            assert not re.search(r"\son\w+=|style=|<style|<script(?![^>]* src=)", answer.text)
    (style,) = re.findall(r'"(/pages/static/style.css\?v=\w+)"', browser.get("/pages/").text)
    assert "immutable" in browser.get(style).headers["cache-control"]
    assert browser.get("/pages/static/README.md").status_code == 404


def test_a_question_that_cannot_be_asked_is_kept(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    recorder.story()
    sign_in(Role.READER, OWNER)
    for query, why in (
        ("at=spring&known_at=2", "as of: &#39;spring&#39; is not an RFC 3339 time"),
        ("at=2026-03-05&known_at=99", "known_at 99 is not an entry of book"),
        ("at=2026-03-05&known_at=2&type=catalog", "holds no asset of the type &#39;catalog&#39;"),
    ):
        answer = browser.get(f"/pages/{OWNER}/matrix?{query}")
        assert answer.status_code == 422
        assert why in answer.text
        for value in re.findall(r"=([^&]+)", query):
            assert f'value="{value}"' in answer.text
    assert browser.get(f"/pages/{OWNER}/matrix?at=1&at=2").status_code == 422
    answer = browser.get(f"/pages/{OWNER}/offboarding/nobody")
    assert answer.status_code == 404
    assert "there is no partner nobody here" in answer.text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-15", "2026-03-15T00:00:00Z"),
        (" 2026-03-15 12:00 ", "2026-03-15T12:00:00Z"),
        ("2026-03-15T12:00:30.25 UTC", "2026-03-15T12:00:30.25Z"),
        ("2026-03-15T12:00:00+01:00", "2026-03-15T12:00:00+01:00"),
        ("12", "12"),
        ("15.3.2026", "15.3.2026"),
    ],
)
def test_times_are_read_as_people_write_them(written: str, meant: str) -> None:
    """What would have to be guessed is left for the strict reader to refuse."""
    assert stated(written) == meant


def test_the_server_leads_to_its_pages(browser: TestClient) -> None:
    assert browser.get("/").headers["location"] == "/pages/"
    assert browser.get("/nowhere").headers["content-type"] == "application/problem+json"


def test_the_shipped_htmx_is_the_one_that_is_named() -> None:
    digest = hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest()
    assert f"| htmx.min.js | {digest} |" in (STATIC / "README.md").read_text("utf-8")
    assert "Zero-Clause BSD" in (STATIC / "LICENSE-htmx").read_text("utf-8")
