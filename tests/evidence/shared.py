"""The public vectors beside the project, and trees to try."""

import json
from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from evidence.merkle import StoredHash, leaf_hash, root_of

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def path_of(name: str) -> Path:
    """A file or folder of the vectors; skips the test where it is absent."""
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"{path} is absent: the public vectors lie beside the project, not in it")
    return path


@lru_cache
def vectors(name: str) -> Any:
    """The content of a JSON file of the vectors."""
    return json.loads(path_of(name).read_bytes())


def hashes(texts: Sequence[str] | None) -> list[bytes]:
    """Hashes from base64."""
    return [b64decode(text) for text in texts or ()]


def leaves(size: int) -> list[bytes]:
    """Leaf hashes, all different."""
    return [leaf_hash(number.to_bytes(4)) for number in range(size)]


def stored_over(leaf_hashes: Sequence[bytes]) -> StoredHash:
    """Stored hashes that are worked out when they are asked for, and only of complete subtrees."""

    def stored(level: int, index: int) -> bytes:
        below = leaf_hashes[index << level : (index + 1) << level]
        assert len(below) == 1 << level, f"({level}, {index}) is not a complete subtree"
        return root_of(below)

    return stored


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed; `bit` may be any number."""
    at, shift = divmod(bit % (len(data) * 8), 8)
    return data[:at] + bytes([data[at] ^ (1 << shift)]) + data[at + 1 :]
