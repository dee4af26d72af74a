"""The documents are true: commands, settings, routes and the transcript are as the README says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.app import create_app
from bootstrap.settings import Settings
from domain.events import type_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_transcript_is_what_the_demo_prints() -> None:
    """Every line, in its order."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--no-serve"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (transcript,) = re.findall(r"```console\n(.*?)\n```", README, re.DOTALL)
    assert transcript in done.stdout


def test_every_setting_is_documented() -> None:
    """Under the name of its variable."""
    for name in Settings.model_fields:
        assert f"`ACCESS_LEDGER_{name.upper()}`" in README


def test_every_route_is_documented() -> None:
    """Each address of the OpenAPI document stands in the README."""
    for path in create_app(Settings()).openapi()["paths"]:
        short = path.removeprefix("/v1/portfolios/{book}/")
        for parameter in re.findall(r"{(\w+)}", short):
            short = short.replace(f"{{{parameter}}}", parameter.upper())
        assert short in README, path


def test_every_command_is_documented() -> None:
    """Each command that --help lists stands in the README."""
    shown = subprocess.run(
        [sys.executable, "-m", "cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    commands = re.findall(r"^│ ([a-z]+)  ", shown.stdout, re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        assert re.search(rf"`{command}\b", README), command


@pytest.mark.parametrize("topic", sorted(type_of))
def test_every_event_is_documented(topic: str) -> None:
    """By its durable name in the formats, and as a fact in the glossary."""
    assert f"`{topic}`" in (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    assert f"`{topic.partition('/')[0]}`" in (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    """In the README and in docs."""
    for page in [ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
