"""The pages as people use them: by clicking, searching, copying, and from another site."""

from playwright.sync_api import Browser, Page

from cli.storytelling import BRAND
from tests.browser.pages import MATRIX, Site, follow, opened


def test_what_is_not_known_now_is_said(page: Page) -> None:
    page.goto(f"{MATRIX}?at=2026-03-15&known_at=2026-03-16")
    assert "known at entry 31" in page.locator("#past").inner_text()
    follow(page.get_by_role("link", name="Show what is known now"))
    assert page.locator("#past").count() == 0


def test_the_dispute_is_answered_by_clicking(page: Page) -> None:
    """The Page on 15 March, as known then and as known now; and whether the agency was cut off."""
    page.goto("/pages/")
    follow(page.get_by_role("link", name=BRAND))
    page.get_by_label("As of (UTC)").fill("2026-03-15 12:00")
    page.get_by_label("As known at").fill("2026-03-16")
    follow(page.get_by_role("button", name="Show"))
    rows = page.get_by_role("navigation", name="What the rows are")
    follow(rows.get_by_role("link", name="Pages"))
    row = page.get_by_role("row", name="104857600219483")
    assert "F" in row.inner_text()
    follow(page.get_by_role("link", name="Show what is known now"))
    assert "F" not in row.locator("td").all_inner_texts()
    follow(page.get_by_role("link", name="Bluepine Media").first)
    follow(page.get_by_role("link", name="Offboarding sheet"))
    page.get_by_label("As of (UTC)").fill("")
    page.get_by_label("As known at").fill("")
    follow(page.get_by_role("button", name="Show"))
    assert "1 day late" in page.get_by_role("row", name="Norrsken EU").inner_text()
    assert "25 days early" in page.get_by_role("row", name="104857600219483").inner_text()


def test_a_search_suggests_while_one_types(page: Page) -> None:
    page.goto(f"{MATRIX}?at=2026-03-15")
    page.get_by_role("searchbox").press_sequentially("blue", delay=20)
    follow(page.locator("#suggested").get_by_role("link", name="Bluepine Media"))
    page.get_by_role("heading", name="Timeline of Bluepine Media").wait_for()
    assert "at=2026-03-15" in page.url


def test_the_zone_of_the_reader_and_back(browser: Browser, site: Site, secret: str) -> None:
    with opened(browser, site, secret, zone="Asia/Kolkata") as page:
        page.goto(f"{MATRIX}?at=2026-03-15T12:00:00Z")
        label = page.locator("#at-label")
        assert label.inner_text() == "15 Mar 2026, 12:00 UTC"
        page.get_by_role("button", name="Times in my zone").click()
        assert label.inner_text() == "15 Mar 2026, 17:30 +05:30"
        page.reload()
        assert label.inner_text() == "15 Mar 2026, 17:30 +05:30"
        page.get_by_role("button", name="Times in my zone").click()
        assert label.inner_text() == "15 Mar 2026, 12:00 UTC"


def test_the_permanent_link_pins_both_clocks(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(MATRIX)
    page.get_by_role("button", name="Copy permanent link").click()
    page.get_by_text("Copied.").wait_for()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.endswith("/matrix?at=2026-05-18T09%3A00%3A00.000000Z&known_at=40")


def test_a_link_from_another_site_opens_for_who_is_signed_in(page: Page, site: Site) -> None:
    """The cookie is not sent on the way in, so the browser is sent the same way once more."""
    page.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{site.address}{MATRIX}">the answer</a>'
        ),
    )
    page.goto("/pages/")
    page.evaluate("location.assign('http://elsewhere.example/')")
    follow(page.get_by_role("link", name="the answer"))
    page.get_by_role("heading", name="Who has access").wait_for()
