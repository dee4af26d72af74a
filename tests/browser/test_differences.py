"""What differs, in a browser: asked by clicking, read without a script, on paper and anywhere."""

from typing import Literal

from playwright.sync_api import Browser, Page

from cli.storytelling import BRAND
from tests.browser.pages import MATRIX, Site, follow, opened

DIFFERENCES = f"/pages/{BRAND}/differences"
SIDES = """[...document.querySelectorAll(".stands time")].map(time => time.textContent)"""


def test_what_is_said_differently_about_march_is_found_by_clicking(page: Page) -> None:
    """From what was known in the middle of March to the entry that changed it."""
    page.goto(f"{MATRIX}?at=2026-03-15+12:00&known_at=2026-03-16")
    follow(page.get_by_role("link", name="what differs from what was known then"))
    page.get_by_role("heading", name="What differs").wait_for()
    assert "The same moment, as known at two times" in page.locator("#clock").inner_text()
    row = page.get_by_role("row", name="Norrsken Outdoor 104857600219483")
    cells = row.locator("td").all_inner_texts()
    assert "full control" in cells[1]
    assert "no access recorded" in cells[2]
    assert "access taken away 6 Mar 2026, 16:20 UTC" in cells[3]
    assert "recorded 27 Mar 2026, 10:45 UTC by demo, 20 days later" in cells[3]
    follow(row.get_by_role("link", name="entry 32"))
    page.get_by_role("heading", name="Entry 32").wait_for()


def test_a_difference_is_asked_with_the_form_and_the_ready_questions(page: Page) -> None:
    page.goto("/pages/")
    follow(page.get_by_role("link", name="Differences"))
    follow(page.get_by_role("link", name="What changed since 2 Apr 2026"))
    assert "as known at the same time" in page.locator("#clock").inner_text()
    before = page.get_by_role("group", name="Before")
    assert before.get_by_label("As of").input_value().startswith("2026-04-02T00:00")
    before.get_by_label("As of").fill("2026-03-01")
    page.get_by_role("group", name="After").get_by_label("As of").fill("2026-04-01")
    follow(page.get_by_role("button", name="Compare"))
    assert page.evaluate(SIDES)[0] == "1 Mar 2026, 00:00 UTC"
    assert page.evaluate(SIDES)[2] == "1 Apr 2026, 00:00 UTC"
    assert page.locator("tbody tr").count() == 1
    follow(page.get_by_role("link", name="after", exact=True))
    page.get_by_role("heading", name="Who has access").wait_for()
    assert "at=2026-04-01" in page.url


def test_the_permanent_link_is_copied_with_both_moments(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{DIFFERENCES}?from_at=2026-03-01")
    page.get_by_role("button", name="Copy permanent link").click()
    page.get_by_text("Copied.").wait_for()
    shown = page.locator("main table").all_inner_texts()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    for part in ("from_at=2026-03-01T", "from_known_at=40", "&at=2026-05-18T", "&known_at=40"):
        assert part in page.url
    assert page.locator("main table").all_inner_texts() == shown


def test_all_moments_follow_the_zone_of_the_reader(
    browser: Browser, site: Site, secret: str
) -> None:
    with opened(browser, site, secret, zone="Asia/Kolkata") as page:
        page.goto(f"{DIFFERENCES}?from_at=2026-03-01&at=2026-03-10")
        page.get_by_role("button", name="Times in my zone").click()
        assert page.evaluate(SIDES)[0] == "1 Mar 2026, 05:30 +05:30"
        assert "access taken away 6 Mar 2026, 21:50" in page.locator("table").inner_text()


def test_an_error_keeps_both_moments(browser: Browser, site: Site, secret: str) -> None:
    noted = "Failed to load resource: the server responded with a status of 422"
    with opened(browser, site, secret, width=390, allowed=noted) as page:
        page.goto(f"{DIFFERENCES}?from_at=spring&from_known_at=31&at=2026-03-15")
        assert page.get_by_role("alert").inner_text().startswith("before, as of: 'spring'")
        page.get_by_role("group", name="Before").get_by_label("As of").fill("")
        follow(page.get_by_role("button", name="Compare"))
        assert "The same moment" in page.locator("#clock").inner_text()
        assert page.locator("tbody tr").count() == 4


def test_rows_are_read_without_a_script_on_a_telephone_and_on_paper(
    browser: Browser, site: Site, secret: str
) -> None:
    """Each cell under its name, within the screen; what is clicked is not printed."""
    with opened(browser, site, secret, script=False, width=390, dark=True) as page:
        page.goto(DIFFERENCES)
        page.get_by_text("Differences that are often asked for").click()
        assert not page.get_by_role("link", name="What changed since 2 Apr").is_visible()
        page.get_by_text("Differences that are often asked for").click()
        follow(page.get_by_role("link", name="What changed since 2 Apr"))
        assert page.locator("tbody tr").count() == 4
        media: Literal["screen", "print"]
        for media, width in (("screen", 390), ("print", 703)):  # A4 within its margins
            page.emulate_media(media=media)
            page.set_viewport_size({"width": width, "height": 800})
            on_screen = media == "screen"
            assert page.get_by_text("Differences that are often").is_visible() == on_screen
            assert page.get_by_role("button", name="Compare").is_visible() == on_screen
            for cell in page.locator("tbody td, tbody th").all():
                box = cell.bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
            label = (
                page.locator("td")
                .nth(1)
                .evaluate("cell => getComputedStyle(cell, '::before').content")
            )
            assert (label == '"Before"') == on_screen
