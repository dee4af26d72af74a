"""What the pages promise for 60 partners and 200 assets, in bytes and in work, not in time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from domain.instants import to_microseconds
from keys.key import Role
from tests.browser.pages import ASSETS, LARGE, PARTNERS, Site, cells_of, fill_large, opened, served

MATRIX = f"/pages/{LARGE}/matrix"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOST_BYTES = 100_000

MOVED = """([at, all]) => {
    const table = document.getElementById("matrix"), { time } = table;
    const watcher = new MutationObserver(() => {});
    watcher.observe(table, { subtree: true, childList: true, attributes: true });
    time.go(at);
    time.show();
    if (all) time.matrix.finish();
    const targets = new Set(watcher.takeRecords().map(record => record.target));
    targets.delete(table);
    const rows = [...targets].map(target => target.closest("tr").rowIndex - 1);
    return { cells: targets.size, rows, seen: [...time.matrix.seen] };
}"""


def until(page: Page, condition: str) -> None:
    """Wait for something of the matrix; a policy without eval lets nobody else wait for it."""
    page.evaluate(
        f"""async () => {{
            const {{ matrix }} = document.getElementById("matrix").time;
            while (!({condition})) await new Promise(done => setTimeout(done, 10));
        }}"""
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The large book, served."""
    with served(tmp_path_factory.mktemp("large"), lambda: NOW) as site:
        fill_large(site)
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A reader's browser."""
    with opened(browser, site, site.key(Role.READER, LARGE)) as page:
        yield page


def test_the_first_page_is_small(page: Page) -> None:
    """All that the browser is sent for the matrix, compressed, with its history and its files."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    for wanted in ("", "every"):
        sizes.clear()
        page.goto(f"{MATRIX}?type={wanted}")
        page.wait_for_selector("#matrix[data-ready=yes]")
        page.wait_for_timeout(200)
        assert len(sizes) >= 6
        assert sum(sizes) < MOST_BYTES, sizes


def test_a_move_touches_what_changed_on_the_screen_and_the_rest_follows(page: Page) -> None:
    """Rows off the screen wait for a pause, and then show what a fresh page shows."""
    at = datetime(2023, 7, 1, tzinfo=UTC)
    page.goto(f"{MATRIX}?type=every")
    page.wait_for_selector("#matrix[data-ready=yes]")
    until(page, "matrix.seen.size < 100")
    moved = page.evaluate(MOVED, [to_microseconds(at), False])
    assert 0 < moved["cells"] < ASSETS * PARTNERS / 10
    assert set(moved["rows"]) <= set(moved["seen"])
    assert page.evaluate(MOVED, [to_microseconds(at), False])["cells"] == 0
    until(page, "matrix.stale.size === 0")
    followed = cells_of(page)
    page.goto(f"{MATRIX}?type=every&at=2023-07-01")
    assert cells_of(page) == followed


def test_rows_are_painted_before_they_come_into_view(page: Page) -> None:
    page.goto(f"{MATRIX}?type=every")
    page.wait_for_selector("#matrix[data-ready=yes]")
    until(page, "matrix.seen.size < 100")
    page.evaluate(
        """at => {
            const { time } = document.getElementById("matrix");
            time.matrix.paintLater = () => {}; // nothing happens in a pause
            time.go(at);
            time.show();
            document.querySelector(".scroll").scrollTo(0, 1e6);
        }""",
        to_microseconds(datetime(2023, 7, 1, tzinfo=UTC)),
    )
    until(page, "!matrix.stale.has(199)")
    last = cells_of(page)[-1]
    page.goto(f"{MATRIX}?type=every&at=2023-07-01")
    assert cells_of(page)[-1] == last


def test_by_type_a_move_touches_the_cells_that_changed(page: Page) -> None:
    page.goto(MATRIX)
    page.wait_for_selector("#matrix[data-ready=yes]")
    changes = page.evaluate("document.getElementById('matrix').time.matrix.changes.length")
    assert changes > 1000
    last = page.evaluate("document.getElementById('matrix').time.matrix.changes.at(-1)")
    page.evaluate(MOVED, [last, True])
    moved = page.evaluate(MOVED, [last - 1, True])
    assert 1 <= moved["cells"] <= 3  # a partner's cell, or those of a change at one moment
