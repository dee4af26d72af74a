"""The timelines of assets and partners, and entries, without a browser."""

import csv
import html
import io
import re
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from keys.key import Role
from tests.api.conftest import OTHER, OWNER, PAGE, PARTNER, Recorder, SignIn

TIMELINE = f"/pages/{OWNER}/assets/page/{PAGE['id']}/timeline"
OF_PARTNER = f"/pages/{OWNER}/partners/{PARTNER}/timeline"
DAY = "2026-03-03T00:00:00Z"


def text_of(answer: Any) -> str:
    """What a page says, without its marks, in one line."""
    main = answer.text.partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


@pytest.fixture
def reader(browser: TestClient, sign_in: SignIn, recorder: Recorder) -> TestClient:
    """A browser that is signed in with a reader's key, on the story of one partner."""
    recorder.story()
    sign_in(Role.READER, OWNER)
    return browser


def test_the_twins_are_the_api_s_answer(reader: TestClient, client: TestClient) -> None:
    asked = "at=2026-03-05T00:00:00Z&known_at=3"
    for page in (TIMELINE, OF_PARTNER):
        route = page.replace("/pages/", "/v1/portfolios/")
        twin = reader.get(f"{page}.json?{asked}")
        assert twin.json() == client.get(f"{route}?{asked}").json()
        sheet = reader.get(f"{page}.csv?{asked}")
        name = page.removeprefix(f"/pages/{OWNER}/").replace("/", "-")
        assert sheet.headers["content-disposition"] == (
            f'attachment; filename="{OWNER}-{name}.csv"'
        )
        rows = list(csv.DictReader(io.StringIO(sheet.text)))
        first = "ownership" if "assets" in page else "partnership"
        assert [row["section"] for row in rows] == [first, "window", "entry", "entry"]
        assert rows[1]["tasks"] == rows[-1]["tasks"] == "MANAGE"
    twin = reader.get(f"/pages/{OWNER}/entries/3.json")
    expected = client.get(f"/v1/portfolios/{OWNER}/entries?after=2&limit=1").json()
    assert twin.json() == {**expected, "next_cursor": None}
    assert "link" not in twin.headers


def test_an_entry_says_in_words_what_is_known_of_it(reader: TestClient, recorder: Recorder) -> None:
    recorder.post(
        recorder.fact(
            "access-changed", partner=PARTNER, asset=PAGE, tasks=["ANALYZE"],
            planned_end="2026-12-31", effective_after="2026-03-04T00:00:00Z",
            effective_at="2026-03-06T00:00:00Z",
            actor={"kind": "person", "id": "u-1"}, authority="order 7", reason="less is enough",
            source={"kind": "document", "reference": "mail of Monday", "sha256": "ab" * 32},
        )
    )  # fmt: skip
    said = text_of(reader.get(TIMELINE))
    assert "Fern was given access to Front page : F full control (MANAGE)" in said
    for words in (
        "The access of Fern to Front page was changed to P partial access (ANALYZE), "
        "until 2026-12-31 as planned",
        "Reason: less is enough Under: order 7",
        "6 Mar 2026, 00:00 UTC or earlier: the old state was last seen 4 Mar 2026, 00:00 UTC",
        "by the person u-1",
        "document: mail of Monday",
    ):
        assert words in said
        assert words in text_of(reader.get(f"/pages/{OWNER}/entries/4"))
    entry = text_of(reader.get(f"/pages/{OWNER}/entries/4"))
    assert f"SHA-256 {'ab' * 32}" in entry
    assert re.search(r"Recorded .* UTC , [0-9]+ days later by k[0-9]+", entry)
    assert "position 4 in the whole ledger" in entry
    within_the_edge = text_of(reader.get(f"{TIMELINE}?at=2026-03-05"))
    assert "F? possibly full control for Fern" in within_the_edge
    assert "P? possibly partial access for Fern" in within_the_edge
    assert "possibly open at the moment asked about" in within_the_edge


def test_a_void_is_struck_through_with_its_reason(reader: TestClient, recorder: Recorder) -> None:
    """And an entry that has lost its effect by it says so; what was known before stays."""
    recorder.post(
        recorder.fact("access-revoked", partner=PARTNER, asset=PAGE, effective_at=DAY),
        recorder.fact(
            "access-granted", partner=PARTNER, asset=PAGE, tasks=["ANALYZE"],
            effective_at="2026-03-04T00:00:00Z",
        ),
    )  # fmt: skip
    void = {"fact": "entry-voided", "id": "v", "entry": 3, "reason": "never <b>happened</b>"}
    recorder.post({"book": OWNER, **void})
    answer = reader.get(OF_PARTNER)
    (row,) = re.findall(r'<tr class="void" id="entry-3">.*?</tr>', answer.text, re.DOTALL)
    assert "<s><span" in row
    assert "never &lt;b&gt;happened&lt;/b&gt;" in row
    said = text_of(answer)
    assert "Void since entry 6 : never <b>happened</b>" in said
    assert "Entry 3 was declared wrong Reason: never" in said
    assert "Without effect" in said
    of_void = text_of(reader.get(f"/pages/{OWNER}/entries/6"))
    assert "Entry 3 was declared wrong" in of_void
    assert "before this was recorded" in of_void
    before = reader.get(f"{OF_PARTNER}?known_at=5")
    assert 'class="void"' not in before.text
    assert "Void" not in text_of(reader.get(f"/pages/{OWNER}/entries/3?known_at=5"))


def test_what_the_book_cannot_know_is_said(reader: TestClient, recorder: Recorder) -> None:
    """Before anything is known, of an asset of another, and of what is not in the book."""
    asset = {"type": "ad_account", "id": "241907735520864", "name": "Borrowed"}
    line = {"partner": OWNER, "partner_name": "Us", "owner": PARTNER, "book": OWNER}
    answer = recorder.post(
        recorder.fact("ownership-established", asset=asset, effective_at=DAY)
        | {"owner": PARTNER, "book": OWNER, "basis": "observed"},
        recorder.fact("partner-added", effective_at=DAY) | line,
        recorder.fact("access-granted", asset=asset, tasks=["ADVERTISE"], effective_at=DAY) | line,
    )
    assert answer.status_code == 201, answer.text
    early = text_of(reader.get(f"{TIMELINE}?at=2026-03-01"))
    assert "The owner is not known. No access of a partner is recorded." in early
    assert "No entry is not a no." in early
    borrowed = text_of(reader.get(f"/pages/{OWNER}/assets/ad_account/{asset['id']}/timeline"))
    assert "a partner owns this: the business only borrows it" in borrowed
    assert "this book sees only the access of its own portfolio" in borrowed
    assert "own portfolio was given access to Borrowed" in borrowed
    assert "The partner itself owns Borrowed" in text_of(reader.get(OF_PARTNER))
    nothing = "holds nothing about this {}, as known then. That is not a no."
    for path, what in ((f"assets/page/{OTHER}", "asset"), (f"partners/{OTHER}", "partner")):
        answer = reader.get(f"/pages/{OWNER}/{path}/timeline")
        assert answer.status_code == 200
        assert nothing.format(what) in text_of(answer)
    assert nothing.format("asset") in text_of(reader.get(f"{TIMELINE}?known_at=0"))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("assets/page/front/timeline", "'front' is not the id of a Meta page"),
        ("assets/9/12345/timeline", "no asset can be called this: "),
        ("partners/fern/timeline", f"there is no partner fern here in book {OWNER}"),
        ("entries/4", f"book {OWNER} shows no entry '4' as known at entry 3"),
        ("entries/0", "shows no entry '0'"),
        ("entries/1e3", "shows no entry '1e3'"),
        ("entries/" + "9" * 30, "shows no entry '99999999999999999999'"),
    ],
)
def test_what_cannot_be_is_told(reader: TestClient, path: str, why: str) -> None:
    answer = reader.get(f"/pages/{OWNER}/{path}")
    assert answer.status_code == 404
    assert why in text_of(answer)
    assert reader.get(f"/pages/{OWNER}/{path}.json").json()["detail"] in text_of(answer)


def test_a_partner_sees_no_entry_and_no_bar_of_others(
    browser: TestClient, sign_in: SignIn, recorder: Recorder
) -> None:
    """Whether something of others is recorded cannot be told from what is not there at all."""
    recorder.story()
    hidden = {"type": "page", "id": "204857600219483", "name": "hush-page"}
    rival = {"partner": OTHER, "partner_name": "hush-rival", "effective_at": DAY}
    recorder.post(
        recorder.fact("partner-added", **rival),
        recorder.fact("ownership-established", asset=hidden, effective_at=DAY),
        recorder.fact("access-granted", asset=hidden, tasks=["MANAGE"], **rival),
        recorder.fact("access-granted", asset=PAGE, tasks=["MANAGE"], **rival),
    )
    recorder.post(recorder.fact("access-revoked", partner=PARTNER, asset=PAGE))
    sign_in(Role.PARTNER, OWNER, partner=PARTNER)
    for path in (TIMELINE, OF_PARTNER):
        for twin in ("", ".json", ".csv"):
            text = browser.get(f"{path}{twin}").text
            assert "hush-" not in text
            assert OTHER not in text
    shown = {n: browser.get(f"/pages/{OWNER}/entries/{n}") for n in range(1, 10)}
    assert {n for n, answer in shown.items() if answer.status_code == 200} == {1, 2, 3, 8}
    assert "asset:page" not in shown[8].text
    assert shown[7].text.replace("7", "9") == shown[9].text.replace("7", "9")
    there = browser.get(f"/pages/{OWNER}/assets/page/{hidden['id']}/timeline?at={DAY}")
    nowhere = browser.get(f"/pages/{OWNER}/assets/page/304857600219483/timeline?at={DAY}")
    assert there.text.replace("204857600219483", "304857600219483") == nowhere.text
    assert browser.get(f"/pages/{OWNER}/partners/{OTHER}/timeline").status_code == 404


def test_every_entry_has_a_page_and_every_link_leads_somewhere(
    reader: TestClient, recorder: Recorder, services: Services
) -> None:
    """With ids that would be something else in an address."""
    asset = {"type": "custom", "id": 'a?b#c"<x>&=;.json', "name": "\u202eodd"}
    answer = recorder.post(
        recorder.fact("ownership-established", asset=asset, effective_at=DAY),
        recorder.fact(
            "access-granted", partner=PARTNER, asset=asset, tasks=["a<b"], effective_at=DAY
        ),
    )
    assert answer.status_code == 201, answer.text
    address = f"/pages/{OWNER}/assets/custom/{quote(asset['id'], safe='')}/timeline"
    answer = reader.get(address)
    assert answer.status_code == 200
    assert '<bdi class="name">\u202eodd</bdi>' in answer.text
    links = set(re.findall(r'href="(/pages/[^"]*)"', answer.text))
    assert f"{address}.json" in {html.unescape(link).partition("?")[0] for link in links}
    for page in (f"/pages/{OWNER}/matrix?type=every", f"/pages/{OWNER}/search?q=odd", OF_PARTNER):
        found = set(re.findall(r'href="(/pages/[^"]*)"', reader.get(page).text))
        assert address in {html.unescape(link) for link in found}
        links |= found
    for number in range(1, services.questions.books()[OWNER] + 1):
        links.add(f"/pages/{OWNER}/entries/{number}")
    for link in links:
        assert reader.get(html.unescape(link)).status_code == 200, link
    raw = reader.get(f"/pages/{OWNER}/entries/4").text.partition("<pre")[2].partition(">")[2]
    raw = html.unescape(raw.partition("</pre>")[0])
    assert "\u202e" not in raw
    expected = services.questions.entries(OWNER, after=3, limit=1).entries[0]
    assert orjson.loads(raw) == expected.model_dump(mode="json")
