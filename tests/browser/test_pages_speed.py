"""The figures that the pages promise for 60 partners and 200 assets."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from api.app import create_app
from bootstrap.settings import Settings
from keys.key import Role
from tests.browser.pages import LARGE, Site, fill_large, opened, served

MATRIX = f"/pages/{LARGE}/matrix"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

MOVES = """async () => {
    const slider = document.getElementById("slider");
    const times = [];
    for (let n = 0; n < 60; n++) {
        slider.value = String(Math.round((n * 37 % 60) / 60 * Number(slider.max)));
        const before = performance.now();
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        // A task after the frame: it is laid out and painted by then.
        await new Promise(done => requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = done;
            channel.port2.postMessage(0);
        }));
        times.push(performance.now() - before);
    }
    return times;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The large book, served."""
    with served(tmp_path_factory.mktemp("large"), lambda: NOW) as site:
        fill_large(site)
        yield site


@pytest.mark.parametrize(("wanted", "most_ms"), [("", 50), ("every", 100)])
def test_a_move_of_the_slider_is_painted_at_once(
    browser: Browser, site: Site, wanted: str, most_ms: int
) -> None:
    """From the move to after the next frame, in the middle of sixty moves across the years."""
    with opened(browser, site, site.key(Role.READER, LARGE)) as page:
        page.goto(f"{MATRIX}?type={wanted}")
        page.wait_for_selector("#matrix[data-ready=yes]")
        times: list[float] = page.evaluate(MOVES)
        assert statistics.median(times) <= most_ms, sorted(times)


def test_the_first_page_is_small(browser: Browser, site: Site) -> None:
    """All that the browser is sent for the matrix, compressed, with its history and its files."""
    with opened(browser, site, site.key(Role.READER, LARGE)) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        page.goto(MATRIX)
        page.wait_for_selector("#matrix[data-ready=yes]")
        page.wait_for_timeout(200)
        assert len(sizes) >= 5
        assert sum(sizes) < 100_000, sizes


def test_the_server_makes_the_matrix_by_type_in_a_few_milliseconds(site: Site) -> None:
    """With the history in hand, as it is from the first look on, from request to answer."""
    settings = Settings(database_url=None, rate_per_second=0)
    with TestClient(create_app(settings, site.services)) as client:
        client.post(
            "/pages/sign-in",
            content=f"key={site.key(Role.READER, LARGE)}",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        times = []
        for n in range(40):
            address = f"{MATRIX}?at=2025-{n % 12 + 1:02}-01"
            before = time.perf_counter()
            answer = client.get(address)
            times.append(1000 * (time.perf_counter() - before))
            assert answer.status_code == 200
        assert statistics.median(times) < 10, sorted(times)
