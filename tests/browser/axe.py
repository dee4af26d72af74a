"""The rules of accessibility, by axe-core."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, in words."""
    page.evaluate(f"() => {{ {AXE.read_text('utf-8')} }}")
    found: list[str] = page.evaluate(
        """async () => (await axe.run()).violations.flatMap(violation =>
            violation.nodes.map(node => `${violation.id}: ${node.html}`))"""
    )
    return found
