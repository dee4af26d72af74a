"""Evidence as people get it and check it: downloaded by clicking, given to the page that checks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from cli.storytelling import BLUEPINE, BRAND
from keys.key import Role
from tests.browser.axe import violations
from tests.browser.checker import Checker
from tests.browser.pages import Site, follow, opened, telling

MATRIX = f"/pages/{BRAND}/matrix"
OF_PAGE = f"/pages/{BRAND}/assets/page/104857600219483/timeline"
OFFBOARDING = f"/pages/{BRAND}/offboarding/{BLUEPINE}"
NOTED = "the server responded with a status of 422"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo story, served."""
    with telling(tmp_path_factory.mktemp("evidence")) as site:
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


def content(download: Download) -> bytes:
    """The bytes of a file that the browser was given."""
    return Path(download.path()).read_bytes()


def downloaded(page: Page) -> bytes:
    """The pack that the form on the page gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the evidence").click()
    assert waiting.value.suggested_filename.endswith(f"-{BRAND}.zip")
    return content(waiting.value)


def handed_keys(page: Page) -> str:
    """The keys, as the page hands them out."""
    page.get_by_text("How the other side checks it").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="the ledger\u2019s keys").click()
    assert waiting.value.suggested_filename == "keys.txt"
    return content(waiting.value).decode()


def test_a_pack_is_downloaded_and_checked_by_clicking_alone(page: Page) -> None:
    """With the slider moved before: the pack is of what it shows. A changed pack is refused."""
    page.goto(f"{MATRIX}?at=2026-03-15")
    page.wait_for_selector("#matrix[data-ready=yes]")
    page.get_by_role("link", name="Previous change").click()
    assert page.locator("#at-label").inner_text() == "6 Mar 2026, 16:20 UTC"
    pack, keys = downloaded(page), handed_keys(page)
    follow(page.get_by_role("link", name="the page that checks packs"))
    checker = Checker(page)
    assert checker.check(pack, keys).verdict == "verified"
    assert "At 2026-03-06 16:20:00 UTC" in checker.text()
    assert checker.check(pack, "").verdict == "unsigned"
    place = len(pack) // 2
    changed = pack[:place] + bytes([pack[place] ^ 1]) + pack[place + 1 :]
    assert checker.check(changed, keys).verdict == "refused"


def test_the_page_that_checks_packs_needs_no_key(browser: Browser, site: Site) -> None:
    """It is reached from the form that asks for one."""
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/pages/sign-in")
    follow(page.get_by_role("link", name="Check it"))
    page.get_by_role("heading", name="Check a pack of the Access Ledger").wait_for()
    assert page.locator("#form").is_visible()
    assert violations(page) == []
    assert complaints == []
    context.close()


def test_the_choice_is_what_the_pack_proves(page: Page) -> None:
    page.goto(f"{OF_PAGE}?at=2026-03-15&known_at=31")
    page.get_by_label("Who had access at this moment").check()
    pack, keys = downloaded(page), handed_keys(page)
    page.goto("/pages/verify")
    checker = Checker(page)
    assert checker.check(pack, keys).verdict == "verified"
    assert "Bluepine Media" in checker.text()


def test_a_checkpoint_that_was_kept_is_taken_from_its_file(page: Page, site: Site) -> None:
    """The pack shows that the ledger only grew since; what is no checkpoint is told so and kept."""
    kept = site.services.log.seal().note
    page.goto(OFFBOARDING)
    page.get_by_text("The other side holds an older checkpoint").click()
    page.get_by_label("or a file of it").set_input_files(
        {"name": "older.txt", "mimeType": "text/plain", "buffer": kept}
    )
    expect(page.get_by_label("The checkpoint")).to_have_value(kept.decode())
    pack, keys = downloaded(page), handed_keys(page)
    page.goto("/pages/verify")
    assert Checker(page).check(pack, keys, since=kept).verdict == "verified"


def test_an_error_keeps_what_was_asked_and_pasted(
    browser: Browser, site: Site, secret: str
) -> None:
    """Without a script too."""
    for script in (True, False):
        with opened(browser, site, secret, script=script, allowed=NOTED) as page:
            page.goto(f"{OFFBOARDING}?at=2026-05-01&known_at=40")
            page.get_by_text("The other side holds an older checkpoint").click()
            page.get_by_label("The checkpoint").fill("half of a note")
            follow(page.get_by_role("button", name="Download the evidence"))
            page.get_by_role("heading", name="No pack was made").wait_for()
            assert "the note" in page.get_by_role("alert").inner_text()
            assert page.get_by_label("The checkpoint").input_value() == "half of a note"
            if script:
                assert violations(page) == []
            page.get_by_label("The checkpoint").fill("")
            assert downloaded(page)
            follow(page.get_by_role("link", name="Back to the answer"))
            assert "As of 1 May 2026, 00:00 UTC" in page.locator("main").inner_text()
