"""The container files name only what exists: commands, options, settings and files."""

import re
import shlex
import subprocess
import sys
import tomllib
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from bootstrap.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("image") == "access-ledger"]


def _instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def _of(instruction: str) -> list[str]:
    return [rest for word, rest in _instructions() if word == instruction]


def _commands() -> list[list[str]]:
    commands = [list(SERVICES[name]["command"]) for name in OURS]
    return [*commands, *(yaml.safe_load(command) for command in _of("CMD"))]


def _help(*command: str) -> str:
    """What `access-ledger COMMAND --help` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_and_option_exists(command: list[str]) -> None:
    """What a container runs is a command of the program, with options that it has."""
    names = list(takewhile(str.isalpha, command))
    said = _help(*names)
    for option in (word for word in command if word.startswith("--")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", said), f"{names} has no {option}"


def test_every_variable_is_a_setting() -> None:
    """No variable of ours is misspelt: each is a field of the settings."""
    named = {name for service in OURS for name in SERVICES[service]["environment"]}
    for line in _of("ENV"):
        named |= {pair.partition("=")[0] for pair in shlex.split(line)}
    ours = {name for name in named if name.startswith("ACCESS_LEDGER_")}
    assert ours
    assert ours <= {f"ACCESS_LEDGER_{field.upper()}" for field in Settings.model_fields}


def test_every_file_that_is_copied_exists_and_is_let_through() -> None:
    """COPY names files of the repository, and .dockerignore keeps none of them out."""
    sources = [
        source
        for arguments in _of("COPY")
        if not arguments.startswith("--from=")
        for source in arguments.split()[:-1]
    ]
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), f"the Dockerfile copies {source}, which is not there"
        assert f"!{source}" in allowed, f".dockerignore keeps {source} out"


def test_every_package_that_is_installed_is_copied() -> None:
    """A room that is missing from the image would be missed at its first import only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {arguments.split()[0] for arguments in _of("COPY")}
    found = project["tool"]["setuptools"]["packages"]["find"]["include"]
    rooms = {name.removesuffix("*") for name in found}
    assert rooms <= copied


def test_every_dependency_is_pinned_with_hashes_and_no_address() -> None:
    """The image is what was tried, from whichever registry, and lacks nothing that is declared."""
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:", text, re.MULTILINE))
    assert len(pins) == len(re.findall(r"^[^#\s]", text, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for declared in map(Requirement, project["dependencies"]):
        assert declared.specifier.contains(pins[declared.name]), declared


def test_stages_and_services_that_are_named_exist() -> None:
    """COPY --from, depends_on and volumes point at something."""
    stages = {line.split()[-1] for line in _of("FROM") if " AS " in line}
    for arguments in _of("COPY"):
        if arguments.startswith("--from="):
            assert arguments.split()[0].removeprefix("--from=") in stages
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_the_api_is_published_on_this_machine_only() -> None:
    """It speaks plain HTTP, so TLS belongs in front; the port is the one that it serves on."""
    port = Settings.model_fields["port"].default
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == [f"127.0.0.1:{port}:{port}"]
    assert _of("EXPOSE") == [str(port)]
    assert f"http://127.0.0.1:{port}/livez" in _of("HEALTHCHECK")[0]


def test_the_database_url_fits_the_database() -> None:
    """Host, user and name are those that the postgres service is started with."""
    postgres = SERVICES["postgres"]["environment"]
    for service in OURS:
        url = SERVICES[service]["environment"]["ACCESS_LEDGER_DATABASE_URL"]
        user, password = postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"]
        assert url == f"postgresql://{user}:{password}@postgres:5432/{postgres['POSTGRES_DB']}"


def test_the_image_does_not_run_as_root() -> None:
    """The last stage names a user."""
    words = [word for word, _ in _instructions()]
    last_stage = len(words) - words[::-1].index("FROM")
    assert "USER" in words[last_stage:]
    assert _of("USER")[-1] not in ("root", "0")
