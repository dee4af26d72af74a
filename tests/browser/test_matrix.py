"""The matrix in a browser: the server and the script paint the API's answer, at any speed."""

import re
from datetime import datetime
from random import Random

import pytest
from playwright.sync_api import Browser, Page, Route

from api.pages.table import LEAST_ASSETS, MOST_CELLS
from cli.storytelling import BRAND, NOW
from domain.instants import format_instant, to_microseconds
from keys.key import Role
from projections.questions import Questions
from tests.browser.pages import MATRIX, Site, cells_of, follow, opened, ready
from tests.depth import tries
from tests.moments import cells_at, history_of, moments_of

pytestmark = pytest.mark.long


def check_at_random(page: Page, questions: Questions, book: str, count: int) -> None:
    """The cells as the server paints them, and as the script does, by type and by asset."""
    checked = 0
    for n, (at, known_at) in enumerate(moments_of(questions, book, count)):
        types = history_of(questions, book, known_at).types
        wanted = ("", "every", types[n % len(types)] if types else "")[n % 3]
        expected = cells_at(questions, book, at, known_at, wanted)
        if not expected:  # nothing was known yet of any partner, or of any asset
            continue
        checked += 1
        asked = f"at={format_instant(at)}&known_at={known_at}&type={wanted}"
        address = f"/pages/{book}/matrix?{asked}"
        page.goto(address)
        if wanted:  # of many assets the first are shown; the others are held to it in tests/api
            partners = max(1, len(history_of(questions, book, known_at).partners))
            expected = expected[: max(LEAST_ASSETS, MOST_CELLS // partners)]
        assert cells_of(page) == expected, address
        ready(page)
        said, covered = page.locator("#told").inner_text(), coverages(page)
        # From the other end of time and back: the script paints what the server had painted.
        page.evaluate(
            """at => { const time = document.querySelector("#matrix").time;
                       time.go(0); time.show(); time.go(at); time.show(); time.settle(); }""",
            to_microseconds(at),
        )
        assert cells_of(page) == expected, address
        assert (page.locator("#told").inner_text(), coverages(page)) == (said, covered), address
    assert checked > count // 2


def test_the_cells_of_the_story_are_the_api_s_answer_at_many_moments(
    page: Page, site: Site
) -> None:
    check_at_random(page, site.services.questions, BRAND, tries(50))


@pytest.mark.timeout(900)  # half of it is what the expected cells are read for
def test_the_cells_of_the_suppliers_are_the_api_s_answer_at_many_moments(
    browser: Browser, suppliers: Site
) -> None:
    (book,) = suppliers.services.questions.books()
    with opened(browser, suppliers, suppliers.key(Role.READER, book)) as page:
        check_at_random(page, suppliers.services.questions, book, tries(50))


def coverages(page: Page) -> list[str]:
    """What the page says of how much is known."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("#matrix tbody tr")].map(row => row.className).concat(
            [...document.querySelectorAll("#matrix thead .unknown")].map(e => e.textContent))"""
    )
    return found


def settled(page: Page, site: Site) -> datetime:
    """Wait until all is still; the address, the label, the links and the cells then agree."""
    page.wait_for_timeout(500)
    (stamp,) = re.findall(r"[?&]at=([^&]+)", page.url)
    at = datetime.fromisoformat(stamp.replace("%3A", ":"))
    label = page.locator("#at-label time").get_attribute("datetime")
    assert label == format_instant(at)
    assert f"at={stamp}" in (page.locator("#permanent").get_attribute("href") or "")
    assert "known_at=40" in page.url
    assert page.locator("input[name=at]").last.input_value() == label
    assert cells_of(page) == cells_at(site.services.questions, BRAND, at, 40, "")
    return at


def test_the_slider_moved_quickly_by_keyboard_never_ends_on_a_stale_answer(
    page: Page, site: Site
) -> None:
    page.goto(MATRIX)
    ready(page)
    page.locator("#slider").focus()
    chance = Random(1)
    seen = set()
    for _ in range(8):
        for _ in range(40):
            page.keyboard.press(
                chance.choice(["ArrowLeft", "ArrowLeft", "PageDown", "PageUp", "ArrowRight"])
            )
        seen.add(settled(page, site))
    page.keyboard.press("Home")
    seen.add(settled(page, site))
    assert len(seen) > 5


def test_the_slider_moved_quickly_by_mouse_never_ends_on_a_stale_answer(
    page: Page, site: Site
) -> None:
    page.goto(MATRIX)
    ready(page)
    box = page.locator("#slider").bounding_box()
    assert box is not None
    chance = Random(2)
    for _ in range(5):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        for _ in range(60):
            page.mouse.move(box["x"] + chance.random() * box["width"], box["y"] + 5)
        page.mouse.up()
        settled(page, site)


def test_a_link_followed_at_once_asks_what_was_shown_last(page: Page) -> None:
    """Though the address is changed only a few times a second."""
    page.goto(MATRIX)
    ready(page)
    page.locator("#slider").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    shown = page.locator("#at-label time").get_attribute("datetime") or ""
    follow(page.get_by_role("link", name="Ownership"))
    page.get_by_role("heading", name="Who owns what").wait_for()
    assert page.locator("#at-label time").get_attribute("datetime") == shown


def test_a_slider_moved_before_the_history_is_there_waits_for_it(page: Page, site: Site) -> None:
    held: list[Route] = []
    page.route("**/history.json*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(MATRIX)
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(50)
    assert page.locator("#matrix[aria-busy]").count() == 1
    held[0].continue_()
    ready(page)
    assert settled(page, site) == datetime.fromisoformat("2024-02-01T00:00Z")
    assert page.locator("#matrix[aria-busy]").count() == 0


def test_where_the_history_never_comes_the_server_is_asked_for_the_moment(
    page: Page, site: Site
) -> None:
    page.route("**/history.json*", lambda route: route.fulfill(body="no JSON"))
    page.goto(MATRIX)
    page.locator("#slider").focus()
    page.keyboard.press("PageDown")
    page.wait_for_url("**at=20*")
    assert settled(page, site) < NOW


def test_steps_lead_from_change_to_change(page: Page, site: Site) -> None:
    """The revoke of 6 March, and each other change, with a script and without."""
    page.goto(f"{MATRIX}?at=2026-03-15T12:00:00Z")
    ready(page)
    page.get_by_role("link", name="Previous change").click()
    assert settled(page, site) == datetime.fromisoformat("2026-03-06T16:20Z")
    page.get_by_role("link", name="Next change").click()
    assert settled(page, site) == datetime.fromisoformat("2026-04-02T08:15Z")
