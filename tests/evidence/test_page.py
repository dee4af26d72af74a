"""The page that checks packs is the one that its parts make, and runs its own script alone."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from evidence.page import SCRIPTS, NamedTwice, hash_of, join
from evidence.page.__main__ import HERE, PAGE, joined

ROOT = Path(__file__).resolve().parents[2]
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_joined_from_its_parts() -> None:
    """Else: python -m evidence.page."""
    assert PAGE.read_bytes() == joined()


def test_every_script_is_in_the_page() -> None:
    """Each once."""
    assert sorted(SCRIPTS) == sorted(path.stem for path in HERE.glob("*.js"))


def test_the_policy_names_the_one_script_and_the_one_style_by_their_hashes() -> None:
    """And lets nothing else run, nor anything be fetched."""
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', TEXT)
    (script,) = re.findall(r"<script>(.*?)</script>", TEXT, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", TEXT, re.DOTALL)
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hash_of(script)}'",
        f"style-src 'sha256-{hash_of(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


@pytest.mark.parametrize(
    "outside",
    [
        "src=",
        "href",
        "url(",
        "@import",
        "http:",
        "https:",
        "fetch(",
        "XMLHttp",
        "WebSocket",
        "import(",
    ],
)
def test_the_page_names_nothing_outside_itself(outside: str) -> None:
    """No address, and none of the ways to ask for one."""
    assert outside not in TEXT


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
)
def test_no_text_becomes_markup(way: str) -> None:
    """Whatever stands in a pack."""
    assert way not in TEXT


def test_the_formats_state_the_hash_of_the_page() -> None:
    """So that somebody who has a copy can tell whether it is this one."""
    pack = (ROOT / "docs/formats.md").read_text(encoding="utf-8").partition("## Pack:")[2]
    assert f"`{sha256(PAGE.read_bytes()).hexdigest()}`" in pack


def test_scripts_that_declare_one_name_twice_are_not_joined() -> None:
    """They share one scope, in which the later one would win."""

    def part(name: str) -> str:
        return "function same() {}\n" if name in {"bytes.js", "page.js"} else ""

    with pytest.raises(NamedTwice, match=r"in the scripts: same$"):
        join(part)
