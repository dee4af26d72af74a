"""Tiles (C2SP tlog-tiles): a log as files that never change, 256 hashes or entries in each.

A hash tile at level *l* holds hashes of complete subtrees of 256^l leaves; an entry bundle holds
the entries under a tile of level 0. The tile at the right edge is partial and carries its width.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evidence.errors import MalformedTile
from evidence.merkle import HASH_BYTES, MAX_SIZE, StoredHash, require_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
"""What the two bytes before an entry can count."""

_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile or bundle: where it stands, and how many hashes or entries it holds."""

    level: int | Literal["entries"]
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level != "entries" and not 0 <= self.level <= MAX_LEVEL:
            raise MalformedTile(f"there are no tiles at level {self.level}")
        if not 0 <= self.index <= MAX_SIZE:
            raise MalformedTile("the index of a tile is from 0 to 2^63 - 1")
        if not 0 < self.width <= TILE_WIDTH:
            raise MalformedTile(f"a tile holds from 1 to {TILE_WIDTH}, not {self.width}")

    @property
    def path(self) -> str:
        """Where the tile is served, below the log's prefix: ``tile/0/x001/234.p/5``."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(reversed(groups))}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that a path names; each tile has one path."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise MalformedTile(f"{path!r} is not the path of a tile")
    level, groups, width = match.groups()
    found = Tile(
        level="entries" if level == "entries" else int(level),
        index=int(groups.replace("x", "").replace("/", "")),
        width=int(width) if width else TILE_WIDTH,
    )
    if found.path != path:
        raise MalformedTile(f"{path!r} is not how the path {found.path!r} is written")
    return found


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles and bundles that a tree of `new_size` has and one of `old_size` had not.

    From size 0 these are all there are. Partial tiles in between are not among them.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a log does not go from {old_size} to {new_size} entries")
    for level in range(-(-new_size.bit_length() // TILE_HEIGHT)):
        old_count, new_count = (size >> level * TILE_HEIGHT for size in (old_size, new_size))
        for index in range(old_count // TILE_WIDTH, -(-new_count // TILE_WIDTH)):
            width = min(TILE_WIDTH, new_count - index * TILE_WIDTH)
            if index * TILE_WIDTH + width > old_count:
                yield Tile(level, index, width)
                if level == 0:
                    yield Tile("entries", index, width)


def hash_tile(tile: Tile, stored: StoredHash) -> bytes:
    """The bytes of a hash tile, from the stored hashes of complete subtrees."""
    if tile.level == "entries":
        raise ValueError("a bundle of entries is not made of hashes")
    level, first = tile.level * TILE_HEIGHT, tile.index * TILE_WIDTH
    return b"".join(
        require_hash(f"the stored hash ({level}, {index})", stored(level, index))
        for index in range(first, first + tile.width)
    )


def read_hash_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of which the width is known from its path or from a checkpoint."""
    if len(data) != width * HASH_BYTES:
        raise MalformedTile(
            f"the tile has {len(data)} bytes, and {width} hashes have {width * HASH_BYTES}"
        )
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle: each entry with its length before it."""
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedTile(f"a bundle holds from 1 to {TILE_WIDTH} entries, not {len(entries)}")
    for number, entry in enumerate(entries, 1):
        if len(entry) > MAX_ENTRY_BYTES:
            raise MalformedTile(
                f"entry {number} of the bundle has {len(entry)} bytes, more than {MAX_ENTRY_BYTES}"
            )
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def read_entry_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of which the width is known from its path or from a checkpoint."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start])
        # A length that is itself cut off ends beyond the data too.
        if at > len(data):
            raise MalformedTile(f"entry {len(entries) + 1} of the bundle is cut off")
        entries.append(data[start:at])
    if len(entries) != width:
        raise MalformedTile(f"the bundle has {len(entries)} entries instead of {width}")
    return entries
