"""Timelines in a browser: they say what the API answers, and lead from a doubt to its entry."""

from datetime import datetime
from random import Random
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from api.pages.bars import LEAST
from api.pages.rendering import ROOT, asset_address, partner_address
from cli.storytelling import BRAND, NOW
from domain.instants import format_instant
from keys.key import Role
from projections.answers import AssetTimeline, Holding, PartnerTimeline
from projections.moments import AsOf
from projections.questions import Questions
from tests.browser.pages import Site, follow, opened, served
from tests.depth import tries
from tests.moments import mark_of, moments_of

pytestmark = pytest.mark.long

THEN = """[...document.querySelectorAll(".answer li")].map(item => [
    item.querySelector(".mark")?.textContent, item.querySelector(".id")?.textContent,
    item.className])"""
WINDOWS = """title => {
    const table = [...document.querySelectorAll("table")].find(
        table => table.caption?.textContent.startsWith(title));
    return [...(table?.tBodies[0].rows ?? [])].map(row => ({
        id: row.querySelector("th .id").textContent,
        mark: row.querySelector(".mark").textContent,
        from: row.cells[2].querySelector("time").dateTime,
        to: row.cells[3].querySelector("time")?.dateTime ?? null,
        opened_by: row.cells[2].querySelector(".entry").textContent,
        closed_by: row.cells[3].querySelector(".entry")?.textContent ?? null,
        then: row.querySelector(".then")?.textContent ?? "",
    }));
}"""
BARS = """[...document.querySelectorAll(".strip:has(a)")].flatMap(strip =>
    [...strip.querySelectorAll("rect")].map(bar => ({
        id: strip.querySelector(".id").textContent,
        name: bar.getAttribute("class"),
        x: parseFloat(bar.getAttribute("x")),
        width: parseFloat(bar.getAttribute("width")),
    })))"""
ENTRIES = """[...document.querySelectorAll(".entries tbody tr")].map(row => [
    row.querySelector("th").textContent.trim(), row.className,
    row.querySelector("s") !== null])"""


Subject = tuple[str] | tuple[str, str]
"""A partner, or the type and the id of an asset."""


class Expected:
    """What the API answers about one asset, or one partner."""

    timeline: AssetTimeline | PartnerTimeline
    held: tuple[Holding, ...]

    def __init__(self, questions: Questions, book: str, subject: Subject, as_of: AsOf) -> None:
        if len(subject) == 1:
            self.timeline = questions.partner_timeline(book, subject[0], as_of)
            could = questions.what_could(book, subject[0], as_of)
            self.address = partner_address(book, subject[0])
            self.held, self.coverage = could.holdings, could.coverage
        else:
            self.timeline = questions.asset_timeline(book, subject, as_of)
            had = questions.who_had_access(book, subject, as_of)
            self.address = asset_address(book, *subject)
            self.held, self.coverage = had.holders, had.coverage

    def id_of(self, item: Holding) -> str:
        """Whose an access is, or to what."""
        return item.partner if isinstance(self.timeline, AssetTimeline) else item.asset.id

    def then(self) -> list[tuple[str, str]]:
        """What is open at the moment, by its mark and whose or which it is."""
        return [(mark_of(item), self.id_of(item)) for item in self.held]

    def windows(self) -> list[dict[str, Any]]:
        """The table of windows."""
        certainties = {item.window.opened_by: item.certainty for item in self.held}
        words = {
            "certain": "open at the moment asked about",
            "possible": "possibly open at the moment asked about",
        }
        return [
            {
                "id": self.id_of(item),
                "mark": mark_of(item),
                "from": format_instant(item.window.from_),
                "to": format_instant(item.window.to) if item.window.to else None,
                "opened_by": f"entry {item.window.opened_by}",
                "closed_by": f"entry {item.window.closed_by}" if item.window.closed_by else None,
                "then": words.get(certainties.get(item.window.opened_by, ""), ""),
            }
            for item in self.timeline.windows
        ]

    def entries(self) -> list[list[Any]]:
        """The list of entries, with those that are struck through."""
        return [
            [f"entry {entry.number}", entry.status, entry.status == "void"]
            for entry in self.timeline.entries
        ]


def check(page: Page, expected: Expected, at: datetime, known_at: int) -> None:
    """The page says what the API answers: in its sentences, table, bars and entries."""
    address = f"{expected.address}?at={format_instant(at)}&known_at={known_at}&rows=all"
    page.goto(address)
    if not expected.timeline.entries:
        assert "That is not a no" in page.locator("main").inner_text(), address
        return
    said = page.evaluate(THEN)
    assert [(mark, whose) for mark, whose, _ in said if mark] == expected.then(), address
    unsure = any(name == "unsure" for *_, name in said)
    assert unsure == (expected.coverage != "known"), address
    assert page.evaluate(WINDOWS, "Access ") == expected.windows(), address
    assert page.evaluate(ENTRIES) == expected.entries(), address
    x = float((page.locator("line.as-of").first.get_attribute("x1") or "").rstrip("%"))
    bars = page.evaluate(BARS)
    held = {(whose, mark.lower()) for mark, whose in expected.then()}
    near, inside = set(), set()
    for bar in bars:
        level, _, possible = bar["name"].removeprefix("bar ").partition(" ")
        found = (bar["id"], f"{level}{'?' if possible else ''}")
        if bar["x"] - LEAST <= x <= bar["x"] + bar["width"] + LEAST:
            near.add(found)
        if bar["width"] > 4 * LEAST and bar["x"] + LEAST < x < bar["x"] + bar["width"] - LEAST:
            inside.add(found)
    assert held <= near, address
    assert inside <= held, address


def check_at_random(page: Page, questions: Questions, book: str, count: int) -> None:
    """Some assets and partners at random moments of both clocks, half of them at a change."""
    chance = Random(count)
    history = questions.history(book, questions.books()[book])
    for n, (at, known_at) in enumerate(moments_of(questions, book, count)):
        asset = chance.choice(history.assets)
        partner = chance.choice(history.partners)
        subject: Subject = (asset.type, asset.id) if n // 2 % 2 else (partner.id,)
        as_of = AsOf(at=at, known_at=known_at)
        check(page, Expected(questions, book, subject, as_of), at, known_at)


def test_timelines_of_the_story_are_the_api_s_answer_at_many_moments(
    page: Page, site: Site
) -> None:
    check_at_random(page, site.services.questions, BRAND, tries(50))


def test_timelines_of_the_suppliers_are_the_api_s_answer_at_many_moments(
    browser: Browser, suppliers: Site
) -> None:
    (book,) = suppliers.services.questions.books()
    with opened(browser, suppliers, suppliers.key(Role.READER, book)) as page:
        check_at_random(page, suppliers.services.questions, book, tries(50))


def test_the_dispute_is_answered_by_clicking_alone(page: Page) -> None:
    """Who had the Page in March, who said so when, and what was known before that."""
    page.goto("/pages/")
    follow(page.get_by_role("link", name="Matrix"))
    rows = page.get_by_role("navigation", name="What the rows are")
    follow(rows.get_by_role("link", name="Pages"))
    follow(page.get_by_role("rowheader", name="104857600219483").get_by_role("link"))
    page.get_by_role("heading", name="Timeline of Norrsken Outdoor").wait_for()
    follow(page.get_by_role("link", name="Previous change"))
    assert "As of 6 Mar 2026, 16:20 UTC" in page.locator("main").inner_text()
    assert [row[1] for row in page.evaluate(THEN) if row[0]] == ["718204466915037"]
    row = page.get_by_role("row", name="entry 32")
    assert "27 Mar 2026, 10:45 UTC" in row.last.inner_text()
    assert "by demo, 20 days later" in row.last.inner_text()
    follow(row.last.get_by_role("link", name="entry 32"))
    page.get_by_role("heading", name="Entry 32").wait_for()
    follow(page.get_by_role("link", name="before this was recorded"))
    assert "known at entry 31" in page.locator("#past").inner_text()
    assert ["F", "563920174410288", ""] in page.evaluate(THEN)
    follow(page.get_by_role("link", name="Show what is known now"))
    assert "Bluepine" not in page.locator(".answer").inner_text()
    follow(page.get_by_role("link", name="Bluepine Media").first)
    follow(page.get_by_role("link", name="Next change"))
    follow(page.get_by_role("link", name="Offboarding sheet"))
    assert "2 Apr 2026, 08:15 UTC" in page.locator("#at-label").inner_text()
    assert "1 day late" in page.get_by_role("row", name="Norrsken EU").inner_text()


def test_an_entry_of_one_append_stands_with_the_others_of_it(page: Page) -> None:
    """Before it nothing of the append is known, and with it all."""
    page.goto(f"/pages/{BRAND}/entries/35")
    follow(page.get_by_role("link", name="before this was recorded"))
    assert "known at entry 32" in page.locator("#past").inner_text()
    page.go_back()
    follow(page.get_by_role("link", name="once it was recorded"))
    assert "known at entry 37" in page.locator("#past").inner_text()


def test_the_bars_are_there_without_a_script_and_on_paper(browser: Browser, site: Site) -> None:
    """Within the page, and as wide as can be seen; steps and controls are not printed."""
    secret = site.key(Role.READER, BRAND)
    with opened(browser, site, secret, script=False, width=390, dark=True) as page:
        page.goto(f"{asset_address(BRAND, 'page', '104857600219483')}?at=2026-03-15")
        sheet = 703  # pixels, as wide as A4 within its margins
        media: Literal["screen", "print"]
        for media, width in (("screen", 390), ("print", sheet)):
            page.emulate_media(media=media)
            page.set_viewport_size({"width": width, "height": 800})
            assert page.get_by_role("link", name="Previous change").is_visible() == (
                media == "screen"
            )
            bars = page.locator("rect.bar").all()
            assert len(bars) == 4
            for bar in (*bars, *page.locator("line.as-of").all()):
                box = bar.bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width + 1  # half of its border
            assert "full control, from 18 Nov 2024" in str(
                page.get_by_role("img", name="Bluepine Media").get_attribute("aria-label")
            )


def test_an_asset_is_found_whatever_its_id_is(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = "500000000000003"
    asset = {"type": "custom", "id": 'a?b#c%41"<x>&=;+.json', "name": "Odd one"}
    with served(tmp_path_factory.mktemp("odd"), lambda: NOW) as site:
        site.record(
            book,
            {"fact": "ownership-established", "id": "o", "asset": asset,
             "effective_at": "2026-01-01T00:00:00Z"},
        )  # fmt: skip
        with opened(browser, site, site.key(Role.READER, book), width=390) as page:
            page.goto(f"{ROOT}/{book}/matrix?type=every")
            follow(page.get_by_role("link", name="Odd one"))
            page.get_by_role("heading", name="Timeline of Odd one").wait_for()
            follow(page.locator("#permanent"))
            assert "at=2026" in page.url
            assert page.locator(".entries tbody tr").count() == 1
            twin = page.locator("a[data-twin]").first.get_attribute("href")
            answer = page.request.get(f"{site.address}{twin}").json()
            assert answer["asset"] == asset
            page.get_by_label("As of (UTC)").fill("2026-03-15")
            follow(page.get_by_role("button", name="Show"))
            assert page.locator(".entries tbody tr").count() == 1
