"""A ledger served to a browser: the demo story, a large book, or nothing at all."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from api.app import create_app
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from cli.serving import bound
from cli.storytelling import BRAND, ScriptedClock, tell
from keys.key import NewKey, Role
from ledger.importing import parse_line

MATRIX = f"/pages/{BRAND}/matrix"
LARGE = "500000000000001"
PARTNERS, ASSETS = 60, 200
TYPES = ("page", "ad_account", "dataset", "catalog", "instagram_account")


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def chromium() -> str | None:
    """Where Chromium is, if it is there."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


class Site:
    """A served ledger, and keys to it."""

    def __init__(self, services: Services, address: str) -> None:
        self.services = services
        self.address = address
        self._keys = 0

    def key(self, role: Role, *books: str, partner: str | None = None) -> str:
        """The secret of a new key."""
        self._keys += 1
        new = NewKey(name=f"k{self._keys}", role=role, books=frozenset(books), partner=partner)
        return self.services.keys.create(new)[1]

    def record(self, book: str, *facts: dict[str, Any]) -> None:
        """Record facts as one append."""
        parsed = parse_line(json.dumps([{"owner": book, **fact} for fact in facts]))
        self.services.books.handle(book, parsed, recorded_by="test")


@contextmanager
def served(folder: Path, clock: Any) -> Iterator[Site]:
    """A ledger of its own, served on a free port of this machine."""
    settings = Settings(
        file=folder / "ledger.db", database_url=None, rate_per_second=0, failed_keys_per_minute=0
    )
    with open_services(settings, clock=clock) as services, bound("127.0.0.1", 0) as listener:
        config = uvicorn.Config(create_app(settings, services), log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield Site(services, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def telling(folder: Path) -> Iterator[Site]:
    """The demo story, served at the moment at which the demo asks."""
    clock = ScriptedClock()
    with served(folder, clock) as site:
        tell(site.services, clock)
        site.services.log.seal()
        yield site


def fill_large(site: Site) -> None:
    """Sixty partners and two hundred assets, each asset with twelve partners over four years."""
    chance = Random(60_200)
    start = datetime(2022, 1, 1, tzinfo=UTC)
    facts: list[dict[str, Any]] = []

    def say(kind: str, at: datetime, **fields: Any) -> None:
        facts.append(
            {"fact": kind, "id": f"f{len(facts)}", "effective_at": at.isoformat(), **fields}
        )

    for n in range(PARTNERS):
        say(
            "partner-added", start, partner=str(600_000_000_000_000 + n), partner_name=f"Agency {n}"
        )
    for n in range(ASSETS):
        asset = {"type": TYPES[n % 5], "id": str(10**14 + n), "name": f"Asset {n}"}
        say("ownership-established", start, asset=asset)
        for partner in chance.sample(range(PARTNERS), 12):
            line = {"partner": str(600_000_000_000_000 + partner), "asset": asset}
            at = start + timedelta(days=chance.randrange(1, 1000), minutes=chance.randrange(1440))
            say("access-granted", at, tasks=["ADVERTISE", "ANALYZE"], **line)
            if chance.random() < 0.5:
                at += timedelta(days=chance.randrange(1, 200))
                say("access-changed", at, tasks=["MANAGE", "EDIT"], **line)
            if chance.random() < 0.5:
                say("access-revoked", at + timedelta(days=chance.randrange(1, 200)), **line)
    for first in range(0, len(facts), 500):
        site.record(LARGE, *facts[first : first + 500])


@contextmanager
def opened(
    browser: Browser,
    site: Site,
    secret: str,
    *,
    width: int = 1200,
    dark: bool = False,
    script: bool = True,
    zone: str = "UTC",
    allowed: str = "\0",
) -> Iterator[Page]:
    """A page that is signed in. It complains only of what is allowed, and asks nobody else."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        base_url=site.address,
        timezone_id=zone,
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _at_home(site, request.url, complaints))
    sign_in(page, secret)
    yield page
    assert [said for said in complaints if allowed not in said] == []
    context.close()


def _at_home(site: Site, url: str, complaints: list[str]) -> None:
    if not url.startswith((site.address, "http://elsewhere.example/")):
        complaints.append(f"asked {url}")


def sign_in(page: Page, secret: str) -> None:
    """Sign in with the form."""
    page.goto("/pages/sign-in")
    page.get_by_label("Key").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Books").wait_for()


def follow(link: Locator) -> None:
    """Click what leads to another page, and wait until all of that page is there."""
    with link.page.expect_event("load"):
        link.click()


def cells_of(page: Page) -> list[list[str]]:
    """The text of the matrix, without its headings."""
    found: list[list[str]] = page.evaluate(
        """[...document.querySelectorAll("#matrix tbody tr")].map(row =>
            [...row.querySelectorAll("td")].map(cell =>
                [...cell.children].map(mark => mark.textContent).join(" ")))"""
    )
    return found


def ready(page: Page) -> None:
    """Wait until the whole history of the matrix is in hand."""
    page.wait_for_selector("#matrix[data-ready=yes]")
