"""Every page in a browser: without a script, for everybody, in the dark, narrow and on paper."""

import hashlib
import io

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from cli.storytelling import BLUEPINE, BRAND
from keys.key import Role
from tests.browser.axe import AXE, violations
from tests.browser.pages import MATRIX, Site, follow, opened, ready

pytestmark = pytest.mark.long

PAGES = {
    "books": "/pages/",
    "matrix": f"{MATRIX}?at=2026-03-15",
    "matrix in the past": f"{MATRIX}?at=2026-02-15&known_at=31",
    "one type": f"{MATRIX}?type=page&at=2026-03-15",
    "every asset": f"{MATRIX}?type=every",
    "ownership": f"/pages/{BRAND}/ownership",
    "offboarding": f"/pages/{BRAND}/offboarding",
    "offboarding of one": f"/pages/{BRAND}/offboarding/{BLUEPINE}",
    "search": f"/pages/{BRAND}/search?q=nor",
    "timeline of an asset": f"/pages/{BRAND}/assets/page/104857600219483/timeline?at=2026-03-15",
    "timeline in an edge": f"/pages/{BRAND}/assets/instagram_account/178414009310446/timeline"
    "?at=2026-02-12&known_at=31",
    "timeline of a partner": f"/pages/{BRAND}/partners/{BLUEPINE}/timeline",
    "entry": f"/pages/{BRAND}/entries/20",
    "differences": f"/pages/{BRAND}/differences",
    "what was learned": f"/pages/{BRAND}/differences?at=2026-03-15&from_known_at=31",
    "what happened": f"/pages/{BRAND}/differences?from_at=2026-02-01",
    "what was learned of all": f"/pages/{BRAND}/differences?from_known_at=0",
    "what may have happened": f"/pages/{BRAND}/differences?from_at=2026-02-01&at=2026-02-12",
    "nothing": f"/pages/{BRAND}/differences?from_at=2026-02-01&at=2026-02-01&from_known_at=40",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_without_a_script(
    browser: Browser, site: Site, secret: str, name: str
) -> None:
    with opened(browser, site, secret, script=False) as page:
        page.goto(PAGES[name])
        assert page.locator("h1").inner_text()
        assert page.locator("[data-ready]").count() == 0
        for control in ("Copy permanent link", "Times in my zone", "Print"):
            assert not page.get_by_role("button", name=control).is_visible()
        if name == "matrix":
            follow(page.get_by_role("link", name="Previous change"))
            assert "6 Mar 2026, 16:20 UTC" in page.locator("#at-label").inner_text()
            page.get_by_role("searchbox").fill("harbour")
            follow(page.get_by_role("button", name="Search"))
            assert page.get_by_role("link", name="Harbour & Reed").is_visible()


@pytest.mark.parametrize(
    ("width", "dark"), [(1200, False), (1200, True), (390, False), (390, True)]
)
def test_no_page_violates_a_rule_of_accessibility(
    browser: Browser, site: Site, secret: str, width: int, *, dark: bool
) -> None:
    """And none is wider than the screen."""
    with opened(browser, site, secret, width=width, dark=dark) as page:
        for name, address in PAGES.items():
            page.goto(address)
            if "matrix" in address:
                ready(page)
            assert violations(page) == [], name
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        follow(page.get_by_role("button", name="Sign out"))
        page.get_by_role("heading", name="Sign in").wait_for()
        assert violations(page) == []


def test_an_error_keeps_the_question(browser: Browser, site: Site, secret: str) -> None:
    """It is a page with its status, which the console notes, and as easy to read as others."""
    noted = "Failed to load resource: the server responded with a status of 422"
    with opened(browser, site, secret, allowed=noted) as page:
        page.goto(f"{MATRIX}?at=spring&known_at=31&type=page")
        alert = page.get_by_role("alert").inner_text()
        assert alert.startswith("as of: 'spring' is not an RFC 3339 time")
        assert violations(page) == []
        page.get_by_label("As of (UTC)").fill("2026-03-15")
        follow(page.get_by_role("button", name="Show"))
        assert "known_at=31" in page.url
        assert "type=page" in page.url
        assert page.get_by_role("row", name="104857600219483").is_visible()


def test_each_printed_sheet_says_what_it_rests_on(browser: Browser, site: Site) -> None:
    """As of, known at, zone and checkpoint, on the second sheet as on the first."""
    secret = site.key(Role.READER, BRAND)
    with opened(browser, site, secret) as page:
        for name in (
            "offboarding of one",
            "every asset",
            "ownership",
            "timeline of a partner",
            "what was learned of all",
        ):
            page.goto(PAGES[name])
            printed = PdfReader(io.BytesIO(page.pdf(format="A5")))
            assert len(printed.pages) > 1
            for sheet in printed.pages:
                text = " ".join(sheet.extract_text().split())
                assert "as of 18 may 2026, 09:00 utc" in text.casefold(), name
                assert "as known at entry 40" in text
                assert "times in UTC" in text
                assert "Newest checkpoint: " in text
                assert "40 entries" in text


def test_the_vendored_file_is_the_one_that_is_named() -> None:
    digest = hashlib.sha256(AXE.read_bytes()).hexdigest()
    assert f"| axe.min.js | {digest} |" in (AXE.parent / "README.md").read_text("utf-8")
