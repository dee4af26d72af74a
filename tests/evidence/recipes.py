"""The recipe in a pack's README, followed as somebody would who has nothing but a shell."""

import subprocess
from pathlib import Path

from evidence.packs import read_pack


def recipe_of(pack: bytes) -> str:
    """The indented lines below the last heading of README.txt, as printed."""
    text = read_pack(pack).readme.decode()
    steps = text[text.index("\nWITH OPENSSL ONLY\n") :].splitlines()
    return "".join(f"{line[4:]}\n" for line in steps if line.startswith("    "))


def followed(folder: Path, recipe: str, shell: str = "sh") -> list[str]:
    """What the steps print in a folder that holds pack.zip and keys.txt."""
    done = subprocess.run(
        [shell, "-c", recipe], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()
