"""A browser; the page that checks packs, opened from its file; and the demo story, served."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route

import evidence
from cli.storytelling import BRAND, NOW
from evidence.page import SCRIPTS
from evidence.page.__main__ import HERE
from keys.key import Role
from tests.browser import pages
from tests.browser.checker import Checker
from tests.browser.pages import CHROMIUM, chromium, launched
from tests.stories.real import fill

PAGE = Path(evidence.__file__).parent / "verify.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    found = chromium()
    if found is None:
        pytest.fail(
            f"none of {', '.join(CHROMIUM)} is on the PATH; get one with `make test-browser` as "
            "root on Debian, or install Chromium as your system does",
            pytrace=False,
        )
    with launched(found) as browser:
        yield browser


def opened(
    browser: Browser, *, width: int = 1024, dark: bool = False, script: str = ""
) -> Iterator[Checker]:
    """The page; `script` runs before its own. It asks for nothing, and complains of nothing."""
    context = browser.new_context(
        offline=True,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
    )
    asked: list[str] = []
    complaints: list[str] = []

    def only_files(route: Route, request: Request) -> None:
        if request.url.startswith("file:"):
            route.continue_()
            return
        asked.append(request.url)
        route.abort()

    context.route("**/*", only_files)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(PAGE.as_uri())
    yield Checker(page)
    assert asked == [PAGE.as_uri()]
    assert complaints == []
    context.close()


@pytest.fixture
def checker(browser: Browser) -> Iterator[Checker]:
    """The page on a wide screen."""
    yield from opened(browser)


@pytest.fixture
def narrow_checker(browser: Browser) -> Iterator[Checker]:
    """The page on a telephone, in the dark."""
    yield from opened(browser, width=390, dark=True)


@pytest.fixture
def plain_checker(browser: Browser) -> Iterator[Checker]:
    """The page in a browser that offers no cryptography."""
    script = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });"
    yield from opened(browser, script=script)


@pytest.fixture(scope="session")
def scripts(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The scripts of the page but for its screen, with their functions in reach.

    In the page itself they stand in a scope of their own, where nothing from outside reaches them.
    """
    source = "".join(
        (HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS if name != "page"
    )
    file = tmp_path_factory.mktemp("scripts") / "scripts.html"
    file.write_text(f'<meta charset="utf-8"><script>"use strict";\n{source}</script>', "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    context.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pages.Site]:
    """The demo story, served."""
    with pages.telling(tmp_path_factory.mktemp("story")) as site:
        yield site


@pytest.fixture
def secret(site: pages.Site) -> str:
    """The brand's key."""
    return site.key(Role.READER, BRAND)


@pytest.fixture
def page(browser: Browser, site: pages.Site, secret: str) -> Iterator[Page]:
    """The brand's browser."""
    with pages.opened(browser, site, secret) as page:
        yield page


@pytest.fixture(scope="session")
def suppliers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pages.Site]:
    """A real history of 5,793 facts, served: 160 partners, one with 684 of them, 612 assets."""
    with pages.served(tmp_path_factory.mktemp("suppliers"), lambda: NOW) as site:
        fill(site.services.books, "suppliers")
        yield site
