"""The evidence runs alone: what it imports, and what it takes to run it."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import evidence

ROOM = Path(__file__).resolve().parents[2] / "evidence"
MODULES = sorted(path for path in ROOM.rglob("*.py") if path.stem != "__main__")
"""All but the commands, which open files and print."""
ALLOWED = {"evidence", "cryptography"} | sys.stdlib_module_names
OUTSIDE = {"os", "io", "pathlib", "socket", "subprocess", "sys", "time", "datetime", "random"}
"""Of the standard library, what reaches beyond bytes in and objects out."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOM)))
def test_a_module_imports_the_standard_library_and_cryptography_only(path: Path) -> None:
    """And of the standard library nothing that opens a file, reads a clock or draws lots."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "eval", "exec", "__import__"}
    assert imported <= ALLOWED
    assert not imported & OUTSIDE


def test_the_room_runs_where_nothing_else_of_the_ledger_is(tmp_path: Path) -> None:
    """Copied to an empty folder and imported there, module by module."""
    without = shutil.ignore_patterns("__pycache__", "*.md")
    for folder in reversed(evidence.__path__):
        shutil.copytree(folder, tmp_path / "evidence", ignore=without, dirs_exist_ok=True)
    names = ", ".join(
        f"evidence.{path.stem}" for path in ROOM.glob("*.py") if path.stem != "__init__"
    )
    rooms = "{'domain', 'ledger', 'projections', 'bootstrap', 'api', 'cli', 'pydantic', 'orjson'}"
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {names}; "
        f"assert evidence.__file__.startswith({str(tmp_path)!r}), evidence.__file__; "
        f"print(sorted({rooms} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
