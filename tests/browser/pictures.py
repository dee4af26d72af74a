"""The pictures in docs/pages, taken anew: `python -m tests.browser.pictures`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, FloatRect, Page

from api.pages.rendering import asset_address, partner_address
from cli.storytelling import BLUEPINE, BRAND
from keys.key import NewKey, Role
from tests.browser.checker import Checker
from tests.browser.pages import MATRIX, Site, chromium, launched, opened, telling

FOLDER = Path(__file__).parents[2] / "docs" / "pages"
OF_PAGE = asset_address(BRAND, "page", "104857600219483")
OF_ACCOUNT = asset_address(BRAND, "ad_account", "241907735520864")
LEARNED = f"/pages/{BRAND}/differences?at=2026-03-15+12:00&from_known_at=2026-03-16"
OFFBOARDING = f"/pages/{BRAND}/offboarding/{BLUEPINE}"
OF_PARTNER = f"{partner_address(BRAND, BLUEPINE)}?at=2026-03-15+12:00"
WIDE, PHONE = 1200, 390
TALLEST = 2000
BEFORE_THE_FORM = """Math.round(document.querySelector("#evidence")?.getBoundingClientRect().top
    ?? document.documentElement.scrollHeight)"""

PICTURES = {
    "asset-inverted-wide": OF_ACCOUNT,
    "asset-timeline-wide": f"{OF_PAGE}?at=2026-03-15+12:00",
    "differences-dark": LEARNED,
    "differences-phone": LEARNED,
    "differences-wide": LEARNED,
    "entry-wide": f"/pages/{BRAND}/entries/32",
    "every-dark": f"{MATRIX}?type=every",
    "matrix-past-wide": f"{MATRIX}?at=2026-02-12&known_at=31",
    "matrix-phone": f"{MATRIX}?at=2026-03-15+12:00",
    "matrix-wide": f"{MATRIX}?at=2026-03-15+12:00",
    "offboarding-dark": OFFBOARDING,
    "offboarding-phone": OFFBOARDING,
    "offboarding-wide": OFFBOARDING,
    "ownership-wide": f"/pages/{BRAND}/ownership",
    "partner-timeline-dark": OF_PARTNER,
    "partner-timeline-phone": OF_PARTNER,
}
EVIDENCE = ("evidence-dark", "evidence-phone", "evidence-wide")


@contextmanager
def looking(browser: Browser, site: Site, secret: str, name: str) -> Iterator[Page]:
    """A browser as the name of the picture says."""
    width = PHONE if name.endswith("phone") else WIDE
    with opened(browser, site, secret, width=width, dark=name.endswith("dark")) as page:
        yield page


def take(browser: Browser, site: Site, secret: str) -> None:
    """Take every picture."""
    for name, address in PICTURES.items():
        with looking(browser, site, secret, name) as page:
            page.goto(address, wait_until="networkidle")
            height = min(TALLEST, page.evaluate(BEFORE_THE_FORM))
            clip = FloatRect(x=0, y=0, width=page.evaluate("innerWidth"), height=height)
            page.screenshot(path=FOLDER / f"{name}.png", full_page=True, clip=clip)
    for name in EVIDENCE:
        with looking(browser, site, secret, name) as page:
            page.goto(f"{OF_PAGE}?at=2026-03-15+12:00")
            page.get_by_text("The other side holds an older checkpoint").click()
            page.locator("#evidence").screenshot(path=FOLDER / f"{name}.png")
    with looking(browser, site, secret, "verify-wide") as page:
        page.goto(OFFBOARDING)
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download the evidence").click()
        page.goto("/pages/verify")
        keys = site.services.log.keyring().public_text
        Checker(page).check(Path(waiting.value.path()).read_bytes(), keys)
        page.screenshot(path=FOLDER / "verify-wide.png")
    with looking(browser, site, secret, "first-look") as page:
        page.set_viewport_size({"width": WIDE, "height": 690})
        page.goto(f"{OF_PAGE}?at=2026-03-15+12:00")
        page.screenshot(path=FOLDER / "first-look.png")


def main() -> None:
    """Serve the demo story to a browser, and take the pictures of it."""
    found = chromium()
    if found is None:
        sys.exit("no Chromium is on the PATH")
    with TemporaryDirectory() as folder, telling(Path(folder)) as site, launched(found) as browser:
        new = NewKey(name="brand", role=Role.READER, books=frozenset({BRAND}))
        take(browser, site, site.services.keys.create(new)[1])


if __name__ == "__main__":
    main()
