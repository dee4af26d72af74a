"""Tiles: a real log is written again to the byte; paths and bundles are read strictly."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoints import Checkpoint, open_checkpoint
from evidence.errors import MalformedHash, MalformedTile
from evidence.merkle import Appender, leaf_hash, root_at, verify_consistency
from evidence.merkle import consistency_proof as proof_between
from evidence.notes import VerifierKey, open_note
from evidence.tiles import (
    Tile,
    entry_bundle,
    hash_tile,
    parse_path,
    read_entry_bundle,
    read_hash_tile,
    tiles_between,
)
from tests.evidence.shared import leaves, path_of, stored_over

LOG = "tlog/tessera-testdata-log"
KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
ORIGIN = "example.com/log/testdata"
WORDS = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten"
ENTRIES = [word.encode() for word in WORDS.split()]

TILES = st.builds(
    Tile,
    level=st.integers(0, 63) | st.just("entries"),
    index=st.integers(0, 2**63 - 1) | st.integers(0, 2000),
    width=st.integers(1, 256),
)


# --- The Tessera log ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(16))
def test_the_tessera_log_is_written_again_to_the_byte(size: int) -> None:
    """Its tile, its bundle and the text of its checkpoint, at each of its sizes.

    The checkpoints are held to the log's public key; its private key is not among the vectors.
    """
    folder: Path = path_of(LOG)
    stored = stored_over([leaf_hash(entry) for entry in ENTRIES])
    note = (folder / f"checkpoint.{size}").read_bytes()
    ours = Checkpoint(ORIGIN, size, root_at(size, stored))
    assert open_checkpoint(note, [VerifierKey.parse(KEY)], origin=ORIGIN) == ours
    assert open_note(note, [VerifierKey.parse(KEY)]).text == str(ours)
    tiles = list(tiles_between(0, size))
    assert len(tiles) == (2 if size else 0)
    for tile in tiles:
        first = tile.index * 256
        written = (
            entry_bundle(ENTRIES[first : first + tile.width])
            if tile.level == "entries"
            else hash_tile(tile, stored)
        )
        assert written == (folder / tile.path).read_bytes()


def test_the_tessera_log_grows_consistently() -> None:
    """Between each two of its checkpoints."""
    folder = path_of(LOG)
    keys = [VerifierKey.parse(KEY)]
    stored = stored_over([leaf_hash(entry) for entry in ENTRIES])
    seen = [
        open_checkpoint((folder / f"checkpoint.{size}").read_bytes(), keys, origin=ORIGIN)
        for size in range(1, 16)
    ]
    for old in seen:
        for new in seen[old.size :]:
            verify_consistency(
                old_size=old.size,
                new_size=new.size,
                old_root=old.root,
                new_root=new.root,
                proof=proof_between(old.size, new.size, stored),
            )


def test_every_tile_of_the_tessera_log_is_read() -> None:
    """Each path is one of ours, and each bundle holds the entries under its tile."""
    folder = path_of(LOG)
    paths = [path for path in folder.glob("tile/**/*") if path.is_file()]
    assert len(paths) == 30
    for path in paths:
        tile = parse_path(path.relative_to(folder).as_posix())
        data = path.read_bytes()
        if tile.level == "entries":
            assert read_entry_bundle(data, tile.width) == ENTRIES[: tile.width]
        else:
            assert read_hash_tile(data, tile.width) == [
                leaf_hash(entry) for entry in ENTRIES[: tile.width]
            ]


# --- Paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(63, 1234067), "tile/63/x001/x234/067"),
        (Tile("entries", 1234, 5), "tile/entries/x001/234.p/5"),
        (Tile(2, 0, 255), "tile/2/000.p/255"),
        (Tile(0, 2**63 - 1), "tile/0/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    """The example of the format among them."""
    assert tile.path == path
    assert parse_path(path) == tile


@given(TILES)
def test_every_path_comes_back(tile: Tile) -> None:
    """Hashes and entries, full and partial."""
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x001/x000",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/X001/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/05",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/1000",
        "tile/0/x001.p/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x001/x009/x223/x372/x036/x854/x775/807",
        "tile/0/../checkpoint",
    ],
)
def test_another_path_is_refused(path: str) -> None:
    """Also one that a lenient reader would take for a tile."""
    with pytest.raises(MalformedTile, match=r"path|index|a tile holds"):
        parse_path(path)


@given(st.text(max_size=30) | st.from_regex(r"tile/[0-9e]{1,2}/[x0-9/]{1,12}(.p/[0-9]{1,3})?"))
def test_random_text_is_a_path_or_refused(path: str) -> None:
    """And what is read is what would be written."""
    with suppress(MalformedTile):
        assert parse_path(path).path == path


def test_a_tile_that_is_nowhere_cannot_be_built() -> None:
    """Level, index and width have their bounds."""
    for level, index, width in ((-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0)):
        with pytest.raises(MalformedTile):
            Tile(level, index, width)
    with pytest.raises(MalformedTile, match="not 257"):
        Tile("entries", 0, 257)


# --- Which tiles, and what is in them ------------------------------------------------------------


def test_the_tiles_of_a_size_are_those_of_the_format() -> None:
    """Its own examples: 70,000 leaves, and 256."""
    tiles = list(tiles_between(0, 70_000))
    hashes = [tile for tile in tiles if tile.level != "entries"]
    assert len([tile for tile in hashes if (tile.level, tile.width) == (0, 256)]) == 273
    assert [tile for tile in hashes if tile.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert Tile(1, 0) in hashes
    assert len(hashes) == 277
    assert len(tiles) - len(hashes) == 274
    assert list(tiles_between(0, 256)) == [Tile(0, 0), Tile("entries", 0), Tile(1, 0, 1)]
    assert list(tiles_between(0, 0)) == []


@given(st.lists(st.integers(0, 70_000), min_size=1, max_size=3).map(sorted))
def test_step_by_step_the_same_full_tiles_come_into_being(sizes: list[int]) -> None:
    """Each once; and at the end every tile of the last size has been written."""
    written = [
        tile
        for old, new in zip([0, *sizes], sizes, strict=False)
        for tile in tiles_between(old, new)
    ]
    assert len(written) == len(set(written))
    assert set(tiles_between(0, sizes[-1])) <= set(written)
    full = {tile for tile in tiles_between(0, sizes[-1]) if tile.width == 256}
    assert {tile for tile in written if tile.width == 256} == full


def test_a_log_does_not_shrink() -> None:
    """Nor does it begin below nothing."""
    for old, new in ((2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="does not go from"):
            list(tiles_between(old, new))


def test_each_hash_above_level_0_is_the_root_of_a_full_tile_below() -> None:
    """From what the appender gave, for more leaves than one tile of level 1 begins with."""
    appender, found = Appender(), {}
    for level, start, values in appender.extend(leaves(70_000)):
        found.update({(level, start + at): value for at, value in enumerate(values)})

    def stored(level: int, index: int) -> bytes:
        return found[level, index]

    above = read_hash_tile(hash_tile(Tile(1, 1, 17), stored), 17)
    for index, value in enumerate(above, 256):
        below = read_hash_tile(hash_tile(Tile(0, index), stored), 256)
        assert root_at(256, stored_over(below)) == value
    (top,) = read_hash_tile(hash_tile(Tile(2, 0, 1), stored), 1)
    assert top == found[16, 0]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_comes_back(entries: list[bytes]) -> None:
    """Empty entries too; cut short it is refused, and so is another width."""
    data = entry_bundle(entries)
    assert read_entry_bundle(data, len(entries)) == entries
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(MalformedTile, match="instead of"):
            read_entry_bundle(data, width)
    with pytest.raises(MalformedTile):
        read_entry_bundle(data[:-1], len(entries))
    with pytest.raises(MalformedTile, match="is cut off"):
        read_entry_bundle(data + b"\x00", len(entries))


def test_a_bundle_takes_no_entry_that_its_lengths_cannot_count() -> None:
    """65,535 bytes are the most; a bundle is never empty and never wider than a tile."""
    largest = bytes(65_535)
    assert read_entry_bundle(entry_bundle([b"", largest]), 2) == [b"", largest]
    with pytest.raises(MalformedTile, match="entry 2 of the bundle has 65536 bytes"):
        entry_bundle([b"", bytes(65_536)])
    for count in (0, 257):
        with pytest.raises(MalformedTile, match=f"not {count}"):
            entry_bundle([b""] * count)


def test_a_tile_of_another_length_is_refused() -> None:
    """The width comes from the path or the checkpoint, never from the bytes."""
    with pytest.raises(MalformedTile, match="63 bytes, and 2 hashes have 64"):
        read_hash_tile(bytes(63), 2)
    with pytest.raises(MalformedTile, match="96 bytes"):
        read_hash_tile(bytes(96), 2)
    with pytest.raises(MalformedHash, match=r"the stored hash \(8, 256\)"):
        hash_tile(Tile(1, 1, 1), lambda _level, _index: b"")
    with pytest.raises(ValueError, match="not made of hashes"):
        hash_tile(Tile("entries", 0), lambda _level, _index: bytes(32))


@given(st.binary(max_size=100), st.integers(1, 256))
def test_random_bytes_are_a_tile_or_refused(data: bytes, width: int) -> None:
    """And what is read is what would be written."""
    with suppress(MalformedTile):
        assert entry_bundle(read_entry_bundle(data, width)) == data
    with suppress(MalformedTile):
        assert b"".join(read_hash_tile(data, width)) == data
