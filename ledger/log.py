"""The keeper of the Merkle log: a pull loop from the entries to tree hashes and checkpoints.

Leaf 0 is the entry at the lowest position, and so on without gaps. The hashes can be made anew from
the entries at any time; what binds them is the signed checkpoints, above all those that somebody
else keeps.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

from domain.instants import format_instant
from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.merkle import (
    Appender,
    consistency_path,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    root_at,
)
from evidence.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, entry_bundle, hash_tile
from ledger.book import Clock
from ledger.bulk import collector_paused
from ledger.checkpoints import (
    REBUILD,
    RESTORE,
    LogDamaged,
    Sealed,
    origin_of,
    require_grown,
    require_never_signed,
    stored_checkpoint,
)
from ledger.database import Database, load_sql
from ledger.keyring import Keyring, KeysMissing, KeysUnreadable, create_keyring, read_keyring
from ledger.stored_bytes import canonical_json
from ledger.tree import StoredTree

BATCH = 20_000


_POSITION_AND_STATE = itemgetter("position", "state")


class NoSuchTile(Exception):
    """A tile that the log does not have, or not yet in this width."""

    def __init__(self, path: str, size: int) -> None:
        super().__init__(f"the log has no tile {path}; it has {size} leaves")


class Log:
    """The Merkle log of one database."""

    def __init__(self, database: Database, clock: Clock, key_file: Path | None) -> None:
        self._database = database
        self._clock = clock
        self._key_file = key_file
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self._seen = 0
        """How many leaves the log had when it was looked at last: it does not become less."""

    # --- keys

    def keyring(self) -> Keyring:
        """The signing keys. An embedded ledger that has sealed nothing yet makes them.

        Raises KeysMissing, and KeysUnreadable for those of another log: a checkpoint, once it is
        stored, stays.
        """
        if self._key_file is None:
            raise KeysMissing(None)
        with self._database.reading() as connection:
            newest = self._sql.newest_checkpoint(connection)
        return self._keys_of(newest)

    def _keys_of(self, newest: Any) -> Keyring:
        """The keys that belong to the newest checkpoint, if there is one, without the store."""
        if self._key_file is None:
            raise KeysMissing(None)
        embedded = self._database.dialect == "sqlite"
        if embedded and newest is None and not self._key_file.exists():
            return create_keyring(self._key_file)
        keyring = read_keyring(self._key_file)
        if newest is not None:
            origin = origin_of(newest)
            if origin != keyring.origin:
                raise KeysUnreadable(
                    self._key_file,
                    f"its keys are those of {keyring.origin}, and this ledger's log is {origin}; "
                    "put the file of this ledger back",
                )
        return keyring

    # --- extending

    def extend(self) -> int:
        """Take in every entry that is not a leaf yet; returns how many there were."""
        taken = 0
        with collector_paused():
            while batch := self._batch():
                taken += batch
        return taken

    def _batch(self) -> int:
        with self._database.reading() as connection:  # most often there is nothing to do
            state = self._state(connection)
            newest = self._require_sound(connection, state)
            if newest <= state["position"]:
                return 0
        with self._database.writing() as connection:
            return self._take(connection)

    def rebuild(self) -> int:
        """Make the tree anew from the entries, all or nothing; it must fit what was signed last."""
        with self._database.writing() as connection:
            self._sql.restore_log_state(connection)
            self._sql.take_log_turn(connection)
            self._sql.clear_log_hashes(connection)
            self._sql.clear_log_runs(connection)
            self._sql.set_log_state(connection, size=0, position=0)
            taken = 0
            while batch := self._take(connection):
                taken += batch
            row = self._sql.newest_checkpoint(connection)
            if row is not None:
                signed = stored_checkpoint(row, self._keys_of(row)).checkpoint
                stored = self._tree(connection).hash_at
                if signed.size > taken or root_at(signed.size, stored) != signed.root:
                    raise LogDamaged("the entries do not add up to the newest checkpoint", RESTORE)
        return taken

    def _take(self, connection: Any) -> int:
        """Take in the next entries on a connection in a transaction."""
        state = self._state(connection, taking_turns=True)
        size, position = state["size"], state["position"]
        rows = self._sql.states_after_position(connection, position=position, limit=BATCH)
        if not rows:
            return 0
        positions, states = zip(*map(_POSITION_AND_STATE, rows), strict=True)
        for leaf, first in _runs(size, position, positions):
            self._sql.add_log_run(connection, first_leaf=leaf, first_position=first)
        tree = self._tree(connection)
        appender = Appender.resumed(size, tree.hash_at)
        for fresh in appender.extend(leaf_hashes(states)):
            tree.put(fresh)
        self._sql.set_log_state(connection, size=appender.size, position=positions[-1])
        return len(rows)

    def require_sound(self) -> None:
        """Raise LogDamaged unless the last entry that was taken in is there, as it was."""
        with self._database.reading() as connection:
            self._require_sound(connection, self._state(connection))

    def _state(self, connection: Any, *, taking_turns: bool = False) -> Any:
        """How far the log has come; whoever takes turns is alone with it until the commit."""
        find = self._sql.take_log_turn if taking_turns else self._sql.log_state
        state = find(connection)
        if state is None:
            raise LogDamaged("how far the log has come is not stored", REBUILD)
        return state

    def _require_sound(self, connection: Any, state: Any) -> int:
        """The newest position; raises LogDamaged."""
        newest: int = self._sql.newest_position(connection)["position"]
        size, position = state["size"], state["position"]
        if newest < position:
            raise LogDamaged(f"the log goes up to position {position}, the store to {newest}")
        if size:
            row = self._sql.entry_at_position(connection, position=position)
            as_written = row and isinstance(row["state"], bytes)  # SQLite keeps what it is given
            hashed = leaf_hash(row["state"]) if as_written else b""
            if hashed != self._tree(connection).hash_at(0, size - 1):
                raise LogDamaged(f"the entry at position {position} is not the one that was sealed")
        return newest

    def _tree(self, connection: Any) -> StoredTree:
        return StoredTree(self._sql, connection)

    # --- checkpoints

    def seal(self) -> Sealed:
        """A signed checkpoint over every entry; the newest one where nothing was added since.

        A checkpoint that a former key signed is followed by one of the current key.
        """
        self.extend()
        with self._database.reading() as connection:
            size = self._state(connection)["size"]
            row = self._sql.newest_checkpoint(connection)
        keyring = self._keys_of(row)
        newest = stored_checkpoint(row, keyring) if row else None
        if newest and newest.checkpoint.size == size and newest.is_by(keyring.log.verifier):
            return newest
        with self._database.writing() as connection:
            size = self._state(connection, taking_turns=True)["size"]
            row = self._sql.newest_checkpoint(connection)
            keyring = self._keys_of(row)  # others may have sealed, or rotated them, meanwhile
            newest = stored_checkpoint(row, keyring) if row else None
            if newest is None:
                require_never_signed(self._sql.last_check(connection))
            elif newest.checkpoint.size == size and newest.is_by(keyring.log.verifier):
                return newest
            stored = self._tree(connection).hash_at
            root = root_at(size, stored)
            if newest and newest.checkpoint.size:
                require_grown(newest.checkpoint, size, root, stored)
            checkpoint = Checkpoint(keyring.origin, size, root)
            note = sign_checkpoint(checkpoint, keyring.log)
            self._sql.add_checkpoint(
                connection,
                nth=row["nth"] + 1 if row else 1,
                size=size,
                note=note,
                signed_at=format_instant(self._clock()),
            )
        return Sealed(note, checkpoint)

    def newest_checkpoint(self) -> Sealed | None:
        """The newest checkpoint there is, of a current or a former key. Raises LogDamaged."""
        with self._database.reading() as connection:
            row = self._sql.newest_checkpoint(connection)
        return stored_checkpoint(row, self._keys_of(row)) if row else None

    def newest_note(self) -> bytes | None:
        """The newest checkpoint as it is stored, not verified: to see whether it is another."""
        with self._database.reading() as connection:
            row = self._sql.newest_checkpoint(connection)
        return bytes(row["note"]) if row else None

    def size(self) -> int:
        """How many leaves the log has."""
        with self._database.reading() as connection:
            return int(self._state(connection)["size"])

    # --- proofs and tiles

    def _leaves(self, connection: Any, positions: Sequence[int]) -> list[int]:
        """The leaf that the entry at each of these positions is. Raises LogDamaged."""
        asked = canonical_json(list(positions)).decode()
        rows = self._sql.runs_of(connection, positions=asked)
        found = {
            row["position"]: row["first_leaf"] + row["position"] - row["first_position"]
            for row in rows
        }
        if missing := [position for position in positions if position not in found]:
            raise LogDamaged(f"no leaf is noted for position {missing[0]}", REBUILD)
        return [found[position] for position in positions]

    def position_of(self, leaf: int) -> int:
        """The position of the entry that a leaf is."""
        with self._database.reading() as connection:
            run = self._sql.run_of_leaf(connection, leaf=leaf)
            if run is None:
                raise LogDamaged(f"no position is noted for leaf {leaf}", REBUILD)
            return int(run["first_position"] + leaf - run["first_leaf"])

    def inclusion(self, positions: Iterable[int], size: int) -> list[tuple[int, list[bytes]]]:
        """For each position its leaf, and the proof that it is in the tree of a size."""
        with self._database.reading() as connection:
            leaves = self._leaves(connection, list(positions))
            proofs = self._tree(connection).proved([inclusion_path(leaf, size) for leaf in leaves])
        return list(zip(leaves, proofs, strict=True))

    def inclusion_of_leaf(self, leaf: int, size: int) -> list[bytes]:
        """The proof that a leaf is in the tree of a size. Raises ValueError where it is not."""
        with self._database.reading() as connection:
            self._require(connection, size)
            return self._tree(connection).proved([inclusion_path(leaf, size)])[0]

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that one tree begins with another. Raises ValueError where it does not."""
        with self._database.reading() as connection:
            self._require(connection, new_size)
            return self._tree(connection).proved([consistency_path(old_size, new_size)])[0]

    def _require(self, connection: Any, size: int) -> None:
        """Raise ValueError for a tree that is not there yet."""
        if size > self._seen:
            self._seen = self._state(connection)["size"]
        if size > self._seen:
            raise ValueError(f"the log has {self._seen} leaves, not {size}")

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile: hashes, or the entries themselves. Raises NoSuchTile."""
        size = self.size()
        level = 0 if tile.level == "entries" else tile.level
        if (tile.index * TILE_WIDTH + tile.width) << (TILE_HEIGHT * level) > size:
            raise NoSuchTile(tile.path, size)
        if tile.level != "entries":
            with self._database.reading() as connection:
                return hash_tile(tile, self._tree(connection).hash_at)
        first = tile.index * TILE_WIDTH
        return entry_bundle(self.leaves(first, tile.width))

    def leaves(self, first: int, count: int) -> Sequence[bytes]:
        """The stored bytes of entries by their leaves. Raises LogDamaged where some are gone."""
        before = self.position_of(first) - 1
        with self._database.reading() as connection:
            rows = self._sql.entries_after_position(connection, position=before, limit=count)
            found = [row["state"] for row in rows if isinstance(row["state"], bytes)]
        if len(found) != count:
            raise LogDamaged(f"of {count} entries from leaf {first} on {len(found)} are there")
        return found


def _runs(size: int, position: int, positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each leaf whose position does not follow that of the leaf before, and the very first."""
    if size and positions[-1] - position == len(positions):  # as most often: they all follow
        return
    for leaf, (before, after) in enumerate(pairwise((position, *positions)), start=size):
        if after != before + 1 or leaf == 0:
            yield leaf, after
