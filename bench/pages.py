"""What the pages cost: made by the server, and painted by a browser."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from bootstrap.settings import Settings
from keys.key import Role
from tests.browser.pages import (
    LARGE,
    Site,
    chromium,
    fill_large,
    launched,
    served,
    sign_in,
)

Row = tuple[str, str]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MATRIX = f"/pages/{LARGE}/matrix"
FORM = {"content-type": "application/x-www-form-urlencoded"}
VIEWS = {"by type": "", "every asset": "every"}
TIMES = 60

AFTER_A_FRAME = """new Promise(done => requestAnimationFrame(() => {
    // A task after the frame: it is laid out and painted by then.
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
}))"""
MOVES = f"""async times => {{
    const slider = document.getElementById("slider"), found = [];
    for (let n = 0; n < times; n++) {{
        slider.value = String(Math.round((n * 37 % times) / times * Number(slider.max)));
        const before = performance.now();
        slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
        await {AFTER_A_FRAME};
        found.push(performance.now() - before);
    }}
    return found;
}}"""
WORDS = f"""async times => {{
    const word = document.querySelector(".brand"), found = [];
    for (let n = 0; n < times; n++) {{
        const before = performance.now();
        word.textContent = `Access Ledger ${{n}}`;
        await {AFTER_A_FRAME};
        found.push(performance.now() - before);
    }}
    return found;
}}"""


def pages(folder: Path) -> Iterator[Row]:
    """The matrix of sixty partners and two hundred assets, against the least that is possible."""
    with served(folder, lambda: NOW) as site:
        fill_large(site)
        site.services.log.seal()
        yield from _made(site)
        yield from _painted(site)


def _made(site: Site) -> Iterator[Row]:
    """From request to answer in one process, with the history in hand."""
    settings = Settings(database_url=None, rate_per_second=0)
    with TestClient(create_app(settings, site.services)) as client:
        secret = site.key(Role.READER, LARGE)
        client.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
        least = _median(lambda _: client.get("/livez"))
        yield "GET /livez", f"p50 {least:8.2f} ms"
        for name, wanted in VIEWS.items():

            def ask(n: int, wanted: str = wanted) -> object:
                return client.get(f"{MATRIX}?type={wanted}&at=2025-{n % 12 + 1:02}-01")

            made = _median(ask)
            yield f"the matrix {name}, made", f"p50 {made:8.2f} ms; {made / least:5.1f} of /livez"


def _painted(site: Site) -> Iterator[Row]:
    """From a move of the slider to after the next frame, in Chromium."""
    found = chromium()
    if found is None:
        yield "the slider", "not measured: Chromium is not installed"
        return
    with launched(found) as browser:
        page = browser.new_page(base_url=site.address, viewport={"width": 1200, "height": 800})
        sign_in(page, site.key(Role.READER, LARGE))
        for name, wanted in VIEWS.items():
            yield from _moved(page, name, wanted)


def _moved(page: Any, name: str, wanted: str) -> Iterator[Row]:
    page.goto(f"{MATRIX}?type={wanted}")
    page.wait_for_selector("#matrix[data-ready=yes]")
    page.wait_for_timeout(500)
    least = statistics.median(page.evaluate(WORDS, TIMES))
    yield f"a frame with a new word, {name}", f"p50 {least:8.2f} ms"
    times = page.evaluate(MOVES, TIMES)
    p50, p90 = statistics.median(times), statistics.quantiles(times, n=10)[8]
    yield (
        f"a move of the slider, {name}, painted",
        f"p50 {p50:8.2f} ms, p90 {p90:8.2f} ms; {p50 / least:5.1f} of such a frame",
    )


def _median(run: Callable[[int], object]) -> float:
    """Milliseconds, in the middle of many turns."""
    found = []
    for n in range(TIMES):
        start = time.perf_counter()
        run(n)
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)
