"""The pages as people use them: in a browser, with a key, on the demo story."""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, Route
from pypdf import PdfReader

from cli.storytelling import BLUEPINE, BRAND, NOW
from domain.instants import format_instant, from_microseconds, to_microseconds
from keys.key import Role
from projections.moments import AsOf
from tests.browser.pages import Site, cells_of, opened, served, telling

VENDOR = Path(__file__).parent / "vendor"
MATRIX = f"/pages/{BRAND}/matrix"
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
}
LETTERS = {"full_control": "F", "partial": "P", "none": "N", "unspecified": "U"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo story, served."""
    with telling(tmp_path_factory.mktemp("story")) as site:
        yield site


@pytest.fixture(scope="module")
def secret(site: Site) -> str:
    """The brand's key."""
    return site.key(Role.READER, BRAND)


@pytest.fixture
def page(browser: Browser, site: Site, secret: str) -> Iterator[Page]:
    """The brand's browser."""
    with opened(browser, site, secret) as page:
        yield page


def ready(page: Page) -> None:
    """Wait until the whole history is in hand."""
    page.wait_for_selector("#matrix[data-ready=yes]")


def answered(site: Site, at: datetime, known_at: int, wanted: str) -> list[list[str]]:
    """The cells that the API's answer comes to."""
    history = site.services.questions.history(BRAND, known_at)
    answer = site.services.questions.matrix_at(BRAND, AsOf(at=at, known_at=known_at))
    found: Counter[tuple[str, ...]] = Counter()
    for cell in answer.cells:
        place = cell.asset.type if wanted == "" else f"{cell.asset.type}:{cell.asset.id}"
        found[place, cell.partner, cell.level, cell.certainty] += 1

    def told(place: str, partner: str) -> str:
        marks = []
        for level, letter in LETTERS.items():
            for certainty, sign in (("certain", ""), ("possible", "?")):
                if count := found[place, partner, level, certainty]:
                    counted = wanted == "" or count > 1
                    marks.append(f"{letter}{sign} {count}" if counted else f"{letter}{sign}")
        return " ".join(marks)

    if wanted == "":
        return [[told(kind, p.id) for kind in history.types] for p in history.partners]
    return [
        [told(f"{asset.type}:{asset.id}", p.id) for p in history.partners]
        for asset in history.assets
        if wanted in {"every", asset.type}
    ]


def moments(site: Site, count: int) -> list[tuple[datetime, int]]:
    """Random moments on both clocks, half of them where something changes."""
    chance = Random(count)
    found = []
    for n in range(count):
        known_at = chance.choice([1, 12, 15, 21, 29, 30, 31, 32, 34, 36, 38, 40])
        known_at = site.services.questions.clocks(BRAND, AsOf(known_at=known_at)).known_at.entry
        changes = site.services.questions.history(BRAND, known_at).changes
        at = chance.randrange(to_microseconds(datetime.fromisoformat("2024-01-01T00:00Z")),
                              to_microseconds(NOW))  # fmt: skip
        if n % 2 and changes:
            at = chance.choice(changes) + chance.choice([-1, 0, 1])
        found.append((from_microseconds(at), known_at))
    return found


def test_the_cells_are_the_api_s_answer_at_fifty_moments(page: Page, site: Site) -> None:
    """As the server paints them, and as the script does, by type and by asset."""
    for n, (at, known_at) in enumerate(moments(site, 50)):
        wanted = ("", "every", "page")[n % 3]
        address = f"{MATRIX}?at={format_instant(at)}&known_at={known_at}&type={wanted}"
        expected = answered(site, at, known_at, wanted)
        if not expected:  # nothing was known yet of any partner, or of any such asset
            continue
        page.goto(address)
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
    assert cells_of(page) == answered(site, at, 40, "")
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
    page.get_by_role("link", name="Ownership").click()
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


def test_what_is_not_known_now_is_said(page: Page) -> None:
    page.goto(f"{MATRIX}?at=2026-03-15&known_at=2026-03-16")
    assert "known at entry 31" in page.locator("#past").inner_text()
    page.get_by_role("link", name="Show what is known now").click()
    assert page.locator("#past").count() == 0


def test_the_dispute_is_answered_by_clicking(page: Page) -> None:
    """The Page on 15 March, as known then and as known now; and whether the agency was cut off."""
    page.goto("/pages/")
    page.get_by_role("link", name=BRAND).click()
    page.get_by_label("As of (UTC)").fill("2026-03-15 12:00")
    page.get_by_label("As known at").fill("2026-03-16")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("navigation", name="What the rows are").get_by_role(
        "link", name="Pages"
    ).click()
    row = page.get_by_role("row", name="104857600219483")
    assert "F" in row.inner_text()
    page.get_by_role("link", name="Show what is known now").click()
    assert "F" not in row.locator("td").all_inner_texts()
    page.get_by_role("link", name="Bluepine Media").first.click()
    page.get_by_role("link", name="Offboarding sheet").click()
    page.get_by_label("As of (UTC)").fill("")
    page.get_by_label("As known at").fill("")
    page.get_by_role("button", name="Show").click()
    assert "1 day late" in page.get_by_role("row", name="Norrsken EU").inner_text()
    assert "25 days early" in page.get_by_role("row", name="104857600219483").inner_text()


def test_a_search_suggests_while_one_types(page: Page) -> None:
    page.goto(f"{MATRIX}?at=2026-03-15")
    page.get_by_role("searchbox").press_sequentially("blue", delay=20)
    page.locator("#suggested").get_by_role("link", name="Bluepine Media").click()
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
            page.get_by_role("link", name="Previous change").click()
            assert "6 Mar 2026, 16:20 UTC" in page.locator("#at-label").inner_text()
            page.get_by_role("searchbox").fill("harbour")
            page.get_by_role("button", name="Search").click()
            assert page.get_by_role("link", name="Harbour & Reed").is_visible()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, in words."""
    page.evaluate(f"() => {{ {(VENDOR / 'axe.min.js').read_text('utf-8')} }}")
    found: list[str] = page.evaluate(
        """async () => (await axe.run()).violations.flatMap(violation =>
            violation.nodes.map(node => `${violation.id}: ${node.html}`))"""
    )
    return found


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
        page.get_by_role("button", name="Sign out").click()
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
        page.get_by_role("button", name="Show").click()
        assert "known_at=31" in page.url
        assert "type=page" in page.url
        assert page.get_by_role("row", name="104857600219483").is_visible()


def test_each_printed_sheet_says_what_it_rests_on(browser: Browser, site: Site) -> None:
    """As of, known at, zone and checkpoint, on the second sheet as on the first."""
    secret = site.key(Role.READER, BRAND)
    with opened(browser, site, secret) as page:
        for name in ("offboarding of one", "every asset", "ownership", "timeline of a partner"):
            page.goto(PAGES[name])
            printed = PdfReader(io.BytesIO(page.pdf(format="A5")))
            assert len(printed.pages) > 1
            for sheet in printed.pages:
                text = " ".join(sheet.extract_text().split())
                assert "As of 18 May 2026, 09:00 UTC" in text, name
                assert "as known at entry 40" in text
                assert "times in UTC" in text
                assert "Newest checkpoint: " in text
                assert "40 entries" in text


HOSTILE = [
    "<script>alert(1)</script>",
    "\" onmouseover=\"alert(1)' x='",
    "\u202eredrO tsaL\u2066\u200f ابجد",
    "x" * 500,
    "{{ 7*7 }}{% raw %}",
    '=HYPERLINK("http://evil.example")',
]


def test_hostile_names_are_only_names(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = "500000000000002"
    with served(tmp_path_factory.mktemp("hostile"), lambda: NOW) as site:
        for n, name in enumerate(HOSTILE):
            asset = {"type": "page", "id": str(10**14 + n), "name": name}
            line = {"partner": str(6 * 10**14 + n), "partner_name": name}
            at = {"effective_at": "2026-01-01T00:00:00Z"}
            site.record(
                book,
                {"fact": "partner-added", "id": f"a{n}", **line, **at},
                {"fact": "ownership-established", "id": f"o{n}", "asset": asset, **at},
                {"fact": "access-granted", "id": f"g{n}", "asset": asset, "tasks": ["MANAGE"],
                 **line, **at},
            )  # fmt: skip
        with opened(browser, site, site.key(Role.READER, book), width=390) as page:
            for path in ("matrix", "matrix?type=every", "ownership", "offboarding",
                         f"offboarding/{6 * 10**14}", f"offboarding/{6 * 10**14 + 3}",
                         f"partners/{6 * 10**14}/timeline", f"partners/{6 * 10**14 + 3}/timeline",
                         f"assets/page/{10**14}/timeline", f"assets/page/{10**14 + 3}/timeline",
                         "entries/3",
                         "search?q=%3Cscript%3E"):  # fmt: skip
                page.goto(f"/pages/{book}/{path}")
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
                assert page.locator("main script, main [onmouseover]").count() == 0
                assert (
                    HOSTILE[0] in page.locator("main").inner_text()[:100_000]
                    or "+" in path
                    or f"{10**14 + 3}"[1:] in path
                )
                assert violations(page) == []
            page.goto(f"/pages/{book}/offboarding/{6 * 10**14 + 3}")
            printed = PdfReader(io.BytesIO(page.pdf(format="A5")))
            assert all("Newest checkpoint" in sheet.extract_text() for sheet in printed.pages)
            sheet = page.request.get(f"{site.address}/pages/{book}/matrix.csv").text()
            assert "'=HYPERLINK" in sheet
            assert '"=HYPERLINK' not in sheet


def test_the_first_page_of_an_empty_ledger_says_what_to_do(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(tmp_path_factory.mktemp("empty"), lambda: NOW) as site:
        with opened(browser, site, site.key(Role.READER, BRAND)) as page:
            assert "access-ledger import FILE.jsonl" in page.locator("main").inner_text()
            assert violations(page) == []
        with opened(browser, site, site.key(Role.ADMIN)) as page:
            assert "sees no facts" in page.locator("main").inner_text()


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
    page.get_by_role("link", name="the answer").click()
    page.get_by_role("heading", name="Who has access").wait_for()


def test_the_vendored_file_is_the_one_that_is_named() -> None:
    digest = hashlib.sha256((VENDOR / "axe.min.js").read_bytes()).hexdigest()
    assert f"| axe.min.js | {digest} |" in (VENDOR / "README.md").read_text("utf-8")
