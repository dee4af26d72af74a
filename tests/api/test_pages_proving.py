"""Evidence from the pages, without a browser: packs of what is on the screen, and their doors."""

import html
import re
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from evidence.page.__main__ import PAGE as VERIFY
from evidence.verifying import Verified, read_keys, verify_pack
from keys.key import Role
from tests.api.conftest import FORM, OTHER, OWNER, PAGE, PARTNER, Recorder, SignIn

ASKED = "at=2026-03-05&known_at=3"
ASSET = f"assets/page/{PAGE['id']}/timeline"
OF_PARTNER = f"partners/{PARTNER}/timeline"
OFFBOARDING = f"offboarding/{PARTNER}"
CHOSEN = f"page:{PAGE['id']}"
PACKS = [
    ("matrix", "matrix", {}),
    ("matrix?type=page", "matrix", {}),
    (ASSET, "asset-timeline", {"kind": "asset-timeline"}),
    (ASSET, "who", {"kind": "who"}),
    (ASSET, "owner", {"kind": "owner"}),
    (OF_PARTNER, "partner-timeline", {"kind": "partner-timeline"}),
    (OF_PARTNER, "what", {"kind": "what"}),
    (OFFBOARDING, "offboard", {}),
    ("ownership", "owner", {"asset": CHOSEN}),
]


def address_on(browser: TestClient, page: str) -> str:
    """Where the form on a page sends what it is given."""
    mark = "&" if "?" in page else "?"
    text = browser.get(f"/pages/{OWNER}/{page}{mark}{ASKED}").text
    (found,) = re.findall(r'<form method="post" action="([^"]+/evidence[^"]+)"', text)
    return html.unescape(found)


def verified(browser: TestClient, address: str, **fields: str) -> Verified:
    """The pack that a form gives, checked with the keys that the pages hand out."""
    answer = browser.post(address, content=urlencode(fields), headers=FORM)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].endswith(f'-{OWNER}.zip"')
    assert "content-encoding" not in answer.headers
    return verify_pack(answer.content, read_keys(browser.get("/pages/keys.txt").text))


@pytest.fixture
def reader(browser: TestClient, sign_in: SignIn, recorder: Recorder) -> TestClient:
    """A browser that is signed in with a reader's key, on a book that went on after entry 3."""
    recorder.story()
    recorder.post(recorder.fact("partner-added", partner=OTHER))
    sign_in(Role.READER, OWNER)
    return browser


@pytest.mark.parametrize(("page", "kind", "fields"), PACKS)
def test_a_pack_proves_what_is_on_the_page(
    reader: TestClient, page: str, kind: str, fields: dict[str, str]
) -> None:
    found = verified(reader, address_on(reader, page), **fields)
    question = found.question
    assert question.kind == kind
    assert question.at == "2026-03-05T00:00:00.000000Z"
    assert (question.book, question.known_at) == (OWNER, 3)


def test_a_page_without_times_pins_both(reader: TestClient) -> None:
    text = reader.get(f"/pages/{OWNER}/matrix").text
    assert re.search(r'action="[^"]+&amp;at=20[^"&]+Z&amp;known_at=4"', text)


def test_a_checkpoint_is_pasted_as_people_paste(reader: TestClient, client: TestClient) -> None:
    """A form ends its lines in its own way, and what is around the text does not matter."""
    old = client.get("/v1/log/checkpoint").text
    client.post(f"/v1/portfolios/{OWNER}/facts", json={
        "fact": "partner-added", "id": "later", "owner": OWNER, "partner": "700000000000001",
    })  # fmt: skip
    pasted = "\r\n  " + old.rstrip().replace("\n", "\r\n") + "  \r\n"
    found = verified(reader, address_on(reader, "matrix"), since=pasted)
    assert found.since is not None
    assert found.since.size == 4
    assert verified(reader, address_on(reader, "matrix"), since=" \r\n").since is None


@pytest.mark.parametrize(
    ("page", "fields", "status", "why"),
    [
        ("matrix", {"since": "no note at all"}, 422, "the note"),
        ("matrix", {"kind": "everything"}, 422, "kind"),
        ("matrix", {"kind": "who"}, 422, "who is about an asset; give asset"),
        ("ownership", {}, 422, "asset"),
        ("ownership", {"asset": "page:77"}, 422, "77"),
    ],
)
def test_what_cannot_be_proven_keeps_the_question(
    reader: TestClient, page: str, fields: dict[str, str], status: int, why: str
) -> None:
    address = address_on(reader, page)
    answer = reader.post(address, content=urlencode(fields), headers=FORM)
    assert answer.status_code == status, answer.text
    assert why in re.findall(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[0]
    assert html.escape(address) in answer.text
    assert fields.get("since", "") in answer.text
    (back,) = re.findall(r'<a href="([^"]+)">Back to the answer', answer.text)
    assert reader.get(html.unescape(back)).status_code == 200


def test_that_nothing_is_known_is_proven_too(reader: TestClient) -> None:
    found = verified(reader, address_on(reader, "partners/909090909/timeline"))
    assert (found.answer["coverage"], found.answer["entries"]) == ("unknown", [])


def test_without_signing_keys_it_is_said(
    reader: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = address_on(reader, "matrix")
    monkeypatch.setattr(services.log, "_key_file", None)
    answer = reader.post(address, headers=FORM)
    assert answer.status_code == 503
    assert "the signing keys of this ledger are missing" in answer.text
    assert html.escape(address) in answer.text
    assert reader.get("/pages/keys.txt").status_code == 503


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}]
)
def test_a_form_of_another_site_gets_no_pack(reader: TestClient, headers: dict[str, str]) -> None:
    answer = reader.post(address_on(reader, "matrix"), headers={**FORM, **headers})
    assert answer.status_code == 422
    assert "the form was sent from another site" in answer.text


def test_a_session_that_ended_leads_back_to_the_form(reader: TestClient, sign_in: SignIn) -> None:
    address = address_on(reader, OFFBOARDING)
    reader.cookies.clear()
    answer = reader.post(address, headers=FORM)
    assert answer.status_code == reader.get("/pages/keys.txt").status_code == 303
    (wanted,) = parse_qs(urlsplit(answer.headers["location"]).query)["next"]
    assert wanted == address
    sign_in(Role.RECORDER, OWNER)
    (again,) = re.findall(r'<form method="post" action="([^"]+of=[^"]+)"', reader.get(wanted).text)
    assert html.unescape(again) == address


def test_each_pack_is_in_the_access_log_once(reader: TestClient, services: Services) -> None:
    reader.post(address_on(reader, OFFBOARDING), headers=FORM)
    noted = [(line.action, line.detail) for line in services.access_log.listed(OWNER)]
    packed = [detail for action, detail in noted if action == "packed"]
    assert packed == [
        f'{{"kind":"offboard","partner":"{PARTNER}","at":"2026-03-05T00:00:00.000000Z","known_at":3}}'
    ]
    assert not any("evidence" in detail for _, detail in noted)


def test_a_partner_is_given_its_own_packs_alone(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    recorder.story()
    recorder.post(recorder.fact("partner-added", partner=OTHER))
    sign_in(Role.READER, OWNER)
    others = address_on(browser, f"partners/{OTHER}/timeline")
    matrix = address_on(browser, "matrix")
    sign_in(Role.PARTNER, OWNER, partner=PARTNER)
    for page, kind in (
        (ASSET, "line"), (ASSET, "owner"), (OF_PARTNER, "what"), (OF_PARTNER, "partner-timeline"),
        (OFFBOARDING, "offboard"),
    ):  # fmt: skip
        assert verified(browser, address_on(browser, page), kind=kind).question.kind == kind
    chosen = verified(browser, address_on(browser, "ownership"), asset=CHOSEN)
    assert chosen.question.kind == "owner"
    assert "/evidence" not in browser.get(f"/pages/{OWNER}/matrix").text
    assert browser.post(matrix, headers=FORM).status_code == 404
    assert browser.post(others, headers=FORM).status_code == 404
    for kind in ("who", "asset-timeline"):
        address = address_on(browser, ASSET)
        answer = browser.post(address, content=f"kind={kind}", headers=FORM)
        assert answer.status_code == 422, kind
        assert "would show what was recorded of others" in answer.text


def test_the_page_that_checks_packs_is_served_to_all_under_its_own_policy(
    browser: TestClient,
) -> None:
    """It is the published file, and nothing but its own script and style may run in it."""
    answer = browser.get("/pages/verify")
    assert sha256(answer.content).digest() == sha256(VERIFY.read_bytes()).digest()
    policy = answer.headers["content-security-policy"]
    (own,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', answer.text)
    assert set(own.split("; ")) <= set(policy.split("; "))
    assert set(policy.split("; ")) - set(own.split("; ")) == {"frame-ancestors 'none'"}
    assert "cookie" not in answer.headers
    assert '<a href="/pages/verify">' in browser.get("/pages/sign-in").text
