"""Long tables: a page shows the first rows, says how many there are, and leads to all of them."""

import csv
import gzip
import html
import io
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from bootstrap.services import Services
from keys.key import NewKey, Role
from tests.api.conftest import FORM, OTHER, OWNER, PARTNER, Recorder, SignIn

ASSETS, DAY = 130, "2026-03-02T00:00:00Z"
MOST_BYTES = 75_000
"""With the style, the scripts and the icon, which are 25 kB, it is under a hundred thousand."""
Rows = Callable[[str], int]


def rows_of(css_class: str) -> Rows:
    """How many rows the first table of a class has."""

    def counted(text: str) -> int:
        (body,) = re.findall(rf'<table class="{css_class}">.*?</table>', text, re.DOTALL)[:1]
        return len(re.findall("<tr", str(body))) - 1

    return counted


def matrix_rows(text: str) -> int:
    """How many rows the matrix has."""
    return len(re.findall(r"<tr data-asset=", text))


@pytest.fixture
def reader(browser: TestClient, sign_in: SignIn, recorder: Recorder) -> TestClient:
    """A browser on a book of many assets, all of them open to one partner, half of them no more."""
    chance = Random(130)
    names = [f"Aurora {chance.getrandbits(64):x}" for _ in range(ASSETS)]
    facts: list[dict[str, Any]] = [
        recorder.fact("partner-added", partner=partner, partner_name=name, effective_at=DAY)
        for partner, name in ((PARTNER, "Fern"), (OTHER, "Moss"))
    ]
    for n, name in enumerate(names):
        asset = {"type": "page", "id": str(10**14 + chance.getrandbits(40)), "name": name}
        line = {"partner": PARTNER, "asset": asset, "effective_at": DAY}
        facts.append(recorder.fact("ownership-established", asset=asset, effective_at=DAY))
        facts.append(recorder.fact("access-granted", tasks=["MANAGE"], **line))
        if n % 2:
            ended = {**line, "effective_at": "2026-04-01T00:00:00Z"}
            facts.append(recorder.fact("access-revoked", **ended))
    assert recorder.post(*facts).status_code == 201
    sign_in(Role.READER, OWNER)
    return browser


PAGES: list[tuple[str, Rows, int]] = [
    ("ownership", rows_of("list"), ASSETS),
    (f"partners/{PARTNER}/timeline", rows_of("list entries"), 1 + ASSETS + ASSETS // 2),
    ("matrix?type=every", matrix_rows, ASSETS),
]


@pytest.mark.parametrize(("path", "rows", "total"), PAGES)
def test_a_long_table_begins_with_its_first_rows_and_leads_to_all(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, rows: Rows, total: int
) -> None:
    monkeypatch.setattr("api.pages.table.MOST_CELLS", 200)
    mark = "&" if "?" in path else "?"
    text = reader.get(f"/pages/{OWNER}/{path}{mark}at=2026-03-05").text
    assert rows(text) == 100
    assert len(gzip.compress(text.encode(), 5)) < MOST_BYTES
    address = next(
        html.unescape(found)
        for found, count in re.findall(r'<a href="([^"]+)" data-onward>Show all (\d+)<', text)
        if int(count) == total
    )
    assert "at=2026-03-05" in address
    whole = reader.get(address).text
    assert rows(whole) == total
    assert 'class="more"' not in whole
    (permanent,) = re.findall(r'id="permanent" href="([^"]+)"', whole)
    assert rows(reader.get(html.unescape(permanent)).text) == total


def test_of_entries_the_newest_are_shown(reader: TestClient) -> None:
    text = reader.get(f"/pages/{OWNER}/partners/{PARTNER}/timeline").text
    shown = [int(number) for number in re.findall(r'id="entry-(\d+)"', text)]
    assert shown == sorted(shown)
    assert len(shown) == 100
    assert shown[-1] == 2 + 2 * ASSETS + ASSETS // 2
    assert "These are the newest 100 of 196 entries" in text


def test_what_is_cut_off_and_what_is_open_are_counted_whole(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures above the tables are of all rows, shown or not."""
    monkeypatch.setattr("api.pages.parts.first_of.__defaults__", (20,))
    text = reader.get(f"/pages/{OWNER}/offboarding/{PARTNER}").text
    assert "<strong>65</strong> still open" in text
    assert "These are the first 20 of 65 that are still open" in text
    assert "These are the first 20 of 65 that were cut off" in text


@pytest.mark.parametrize("path", [path for path, *_ in PAGES])
def test_the_twins_are_whole(reader: TestClient, client: TestClient, path: str) -> None:
    page, _, asked = path.partition("?")
    sheet = reader.get(f"/pages/{OWNER}/{page}.csv?{asked}").text
    assert len(list(csv.DictReader(io.StringIO(sheet)))) >= ASSETS // 2
    route = page.replace("matrix", "access-matrix")
    at = "at=2026-03-05T00:00:00Z&known_at=5"
    whole = client.get(f"/v1/portfolios/{OWNER}/{route}?{at}&limit=1000")
    if whole.status_code == 422:  # a timeline has no pages
        whole = client.get(f"/v1/portfolios/{OWNER}/{route}?{at}")
    twin = reader.get(f"/pages/{OWNER}/{page}.json?{at}&rows=first").json()
    assert {**twin, "next_cursor": None} == {**whole.json(), "next_cursor": None}


def test_many_books_begin_with_the_first(
    browser: TestClient, sign_in: SignIn, services: Services
) -> None:
    books = [str(7 * 10**14 + n) for n in range(103)]
    new = NewKey(name="many", role=Role.RECORDER, books=frozenset(books))
    headers = {"authorization": f"Bearer {services.keys.create(new)[1]}"}
    for book in books:
        fact = {"fact": "partner-added", "id": "1", "owner": book, "partner": PARTNER}
        answer = browser.post(f"/v1/portfolios/{book}/facts", json=fact, headers=headers)
        assert answer.status_code == 201
    sign_in(Role.AUDITOR)
    assert rows_of("list")(browser.get("/pages/").text) == 100
    assert rows_of("list")(browser.get("/pages/?rows=all").text) == 103
    assert len(browser.get("/pages/books.json").json()["books"]) == 103
    sheet = list(csv.DictReader(io.StringIO(browser.get("/pages/books.csv").text)))
    assert sheet[0] == {"book": books[0], "newest_entry": "1"}
    assert browser.post("/pages/sign-out", headers=FORM).status_code == 303
    assert browser.get("/pages/books.json").status_code == 401
