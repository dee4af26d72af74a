"""The pages of odd books: with names that would be something else, and with nothing in them."""

import io

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from cli.storytelling import BRAND, NOW
from keys.key import Role
from tests.browser.axe import violations
from tests.browser.pages import opened, served

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
                         "differences?from_known_at=0", "differences?from_at=2025-01-01",
                         "search?q=%3Cscript%3E"):  # fmt: skip
                page.goto(f"/pages/{book}/{path}")
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
                assert page.locator("main script, main [onmouseover]").count() == 0
                assert (
                    HOSTILE[0] in page.locator("main").inner_text()[:100_000]
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
            assert "access-ledger import FILE.jsonl" in page.locator("main").inner_text()
            assert "sees no facts" in page.locator("main").inner_text()
