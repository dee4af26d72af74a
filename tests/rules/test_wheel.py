"""What is installed elsewhere is whole: every file of every room is one that the wheel takes."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]


def test_every_room_is_packed() -> None:
    """Those that import-linter knows, with the folders in them; and nothing else."""
    found = SETUPTOOLS["packages"]["find"]
    assert found["include"] == [f"{room}*" for room in ROOMS]
    assert found.get("namespaces", True)
    others = {path.name for path in ROOT.iterdir() if path.is_dir()} - set(ROOMS)
    taken = {name for name in others for room in ROOMS if name.startswith(room)}
    assert not taken


def test_every_file_of_a_room_is_packed() -> None:
    """Python, and what one of the patterns takes."""
    (patterns,) = SETUPTOOLS["package-data"].values()
    paths = [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert any(path.name == "verify.html" for path in paths)
    left_out = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.suffix != ".py" and not any(fnmatch(path.name, each) for each in patterns)
    ]
    assert left_out == []
    unused = [each for each in patterns if not any(fnmatch(path.name, each) for path in paths)]
    assert unused == []
