"""What the pages cost: made by the server, and painted by a browser."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import matrix
from api.pages.asking import Asked
from api.pages.showing import page_of
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
    const slider = document.getElementById("slider"), word = document.querySelector(".brand");
    const timed = async change => {{
        const before = performance.now();
        change();
        await {AFTER_A_FRAME};
        return performance.now() - before;
    }};
    const found = [];
    for (let n = 0; n < times; n++) {{
        const least = await timed(() => word.textContent = `Access Ledger ${{n}}`);
        slider.value = String(Math.round((n * 37 % times) / times * Number(slider.max)));
        const event = new Event("input", {{ bubbles: true }});
        found.push([least, await timed(() => slider.dispatchEvent(event))]);
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
    """In one process, with the history in hand: the page alone, and from request to answer."""
    for name, wanted in VIEWS.items():
        with redirect_stdout(StringIO()):  # the log of requests
            turns = _turns(site, wanted)
        yield f"the matrix {name}, rendered", _told([turn[:2] for turn in turns], "GET /livez")
        yield (
            f"the matrix {name}, request to answer",
            _told([turn[::2] for turn in turns], "GET /livez"),
        )


def _turns(site: Site, wanted: str) -> list[tuple[float, float, float]]:
    """Milliseconds of the least request, of a page rendered, and of the request for it."""
    app = create_app(Settings(database_url=None, rate_per_second=0), site.services)
    with TestClient(app) as client:
        secret = site.key(Role.READER, LARGE)
        client.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
        queries = [f"type={wanted}&at=2025-{n % 12 + 1:02}-01" for n in range(TIMES)]
        least = [_milliseconds(partial(client.get, "/livez")) for _ in queries]
        rendered = [_milliseconds(_page(app, site, secret, query)) for query in queries]
        whole = [_milliseconds(partial(client.get, f"{MATRIX}?{query}")) for query in queries]
    return list(zip(least, rendered, whole, strict=True))


def _page(app: FastAPI, site: Site, secret: str, query: str) -> Callable[[], Response]:
    """What makes a page of a question, without the request around it."""
    scope = {"type": "http", "method": "GET", "path": MATRIX, "headers": [], "app": app}
    request = Request({**scope, "query_string": query.encode()})
    request.state.key = site.services.keys.authenticate(secret)
    at = request.query_params["at"]
    asked = Asked(LARGE, at, "", site.services.questions, None)
    return lambda: page_of(request, asked, matrix.show(request, asked))


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
    turns = page.evaluate(MOVES, TIMES)
    yield f"a move of the slider, {name}", _told(turns, "a frame with a new word")


def _milliseconds(ask: Callable[[], Any]) -> float:
    start = time.perf_counter()
    answer = ask()
    taken = 1000 * (time.perf_counter() - start)
    assert answer.status_code == 200
    return taken


def _told(turns: Sequence[Sequence[float]], least: str) -> str:
    """The times, and their ratio in each turn, which a busy machine moves less than the times."""
    times = [taken for _, taken in turns]
    p50, p90 = statistics.median(times), statistics.quantiles(times, n=10)[8]
    ratio = statistics.median(taken / base for base, taken in turns)
    base = statistics.median(base for base, _ in turns)
    return f"p50 {p50:7.2f} ms, p90 {p90:7.2f} ms; {ratio:5.1f} of {least} ({base:.2f} ms)"
