"""The keeper of the Merkle log: a pull loop from the entries to tree hashes and checkpoints.

Leaf 0 is the entry at the lowest position, and so on without gaps. The hashes can be made anew from
the entries at any time; what binds them is the signed checkpoints, above all those that somebody
else keeps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from domain.instants import format_instant
from evidence.checkpoints import (
    Checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from evidence.errors import VerificationError
from evidence.merkle import (
    HASH_BYTES,
    Appender,
    Row,
    StoredHash,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
)
from evidence.notes import VerifierKey, open_note, read_note
from evidence.tiles import Tile, entry_bundle, hash_tile
from ledger.book import Clock
from ledger.bulk import collector_paused
from ledger.database import Database, load_sql
from ledger.keyring import Keyring, KeysMissing, KeysUnreadable, create_keyring, read_keyring
from ledger.stored_bytes import canonical_json

BATCH = 20_000
HASHES_PER_ROW = 256

Proof = TypeVar("Proof")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed checkpoint and what it says."""

    note: bytes
    checkpoint: Checkpoint


class NoSuchTile(Exception):
    """A tile that the log does not have, or not yet in this width."""

    def __init__(self, path: str, size: int) -> None:
        super().__init__(f"the log has no tile {path}; it has {size} leaves")


class LogDamaged(VerificationError):
    """What the log is made of was changed in the store."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: the store was changed from outside; run access-ledger verify, which names "
            "what differs, and restore a backup"
        )


class Log:
    """The Merkle log of one database."""

    def __init__(self, database: Database, clock: Clock, key_file: Path | None) -> None:
        self._database = database
        self._clock = clock
        self._key_file = key_file
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)

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
            origin = _origin_of(newest["nth"], bytes(newest["note"]))
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
                signed = _sealed(row, self.keyring()).checkpoint
                if (
                    signed.size > taken
                    or root_at(signed.size, self._stored(connection)) != signed.root
                ):
                    raise LogDamaged("the entries do not add up to the newest checkpoint")
        return taken

    def _take(self, connection: Any) -> int:
        """Take in the next entries on a connection in a transaction."""
        state = self._state(connection, taking_turns=True)
        size, position = state["size"], state["position"]
        rows = list(self._sql.entries_after_position(connection, position=position, limit=BATCH))
        if not rows:
            return 0
        for leaf, row in enumerate(rows, start=size):
            if row["position"] != position + 1 or leaf == 0:
                self._sql.add_log_run(connection, first_leaf=leaf, first_position=row["position"])
            position = row["position"]
        appender = Appender.resumed(size, self._stored(connection))
        for fresh in appender.extend([leaf_hash(row["state"]) for row in rows]):
            self._put(connection, fresh)
        self._sql.set_log_state(connection, size=appender.size, position=position)
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
            raise LogDamaged("how far the log has come is not stored")
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
            if hashed != self._stored(connection)(0, size - 1):
                raise LogDamaged(f"the entry at position {position} is not the one that was sealed")
        return newest

    def _put(self, connection: Any, fresh: Row) -> None:
        """Store hashes that stand side by side at one level."""
        start, hashes = fresh.start, fresh.hashes
        while hashes:
            tile, offset = divmod(start, HASHES_PER_ROW)
            before = b""
            if offset:
                row = self._sql.log_hashes(connection, level=fresh.level, tile=tile)
                before = row["digests"][: offset * HASH_BYTES]
            taken = hashes[: HASHES_PER_ROW - offset]
            self._sql.put_log_hashes(
                connection, level=fresh.level, tile=tile, digests=before + b"".join(taken)
            )
            start, hashes = start + len(taken), hashes[len(taken) :]

    def _stored(self, connection: Any) -> StoredHash:
        """The stored hashes, each row of them read once."""
        rows: dict[tuple[int, int], bytes] = {}

        def stored(level: int, index: int) -> bytes:
            tile, offset = divmod(index, HASHES_PER_ROW)
            if (level, tile) not in rows:
                row = self._sql.log_hashes(connection, level=level, tile=tile)
                rows[level, tile] = row["digests"] if row else b""
            return rows[level, tile][offset * HASH_BYTES :][:HASH_BYTES]

        return stored

    # --- checkpoints

    def seal(self) -> Sealed:
        """A signed checkpoint over every entry; the newest one where nothing was added since.

        A checkpoint that a former key signed is followed by one of the current key.
        """
        self.extend()
        keyring = self.keyring()
        newest = self.newest_checkpoint()
        if newest and self._is_current(newest, keyring):
            return newest
        with self._database.writing() as connection:
            size = self._state(connection, taking_turns=True)["size"]
            row = self._sql.newest_checkpoint(connection)
            keyring = self._keys_of(row)  # others may have sealed, or rotated them, meanwhile
            newest = _sealed(row, keyring) if row else None
            if newest and newest.checkpoint.size == size and self._is_by(newest, keyring):
                return newest
            stored = self._stored(connection)
            root = root_at(size, stored)
            if newest and newest.checkpoint.size:
                _require_grown(newest.checkpoint, size, root, stored)
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

    def _is_current(self, newest: Sealed, keyring: Keyring) -> bool:
        return self._is_by(newest, keyring) and newest.checkpoint.size == self.size()

    @staticmethod
    def _is_by(sealed: Sealed, keyring: Keyring) -> bool:
        """Whether the current key signed it."""
        return _signed_by(sealed.note, keyring.log.verifier)

    def newest_checkpoint(self) -> Sealed | None:
        """The newest checkpoint there is, of a current or a former key. Raises LogDamaged."""
        with self._database.reading() as connection:
            row = self._sql.newest_checkpoint(connection)
        return _sealed(row, self.keyring()) if row else None

    def size(self) -> int:
        """How many leaves the log has."""
        with self._database.reading() as connection:
            return int(self._state(connection)["size"])

    # --- proofs and tiles

    def _proved(self, connection: Any, prove: Callable[[StoredHash], Proof]) -> Proof:
        """What is proven from stored hashes: first seen which ones, then read in one statement."""
        wanted: set[tuple[int, int]] = set()

        def noted(level: int, index: int) -> bytes:
            wanted.add((level, index))
            return bytes(HASH_BYTES)

        prove(noted)
        places = [(level, *divmod(index, HASHES_PER_ROW)) for level, index in wanted]
        rows = self._sql.some_hashes(connection, wanted=canonical_json(places).decode())
        found = {
            (row["level"], row["tile"] * HASHES_PER_ROW + row["place"]): bytes(row["digest"])
            for row in rows
        }
        return prove(lambda level, index: found.get((level, index), b""))

    def _leaf(self, connection: Any, position: int) -> int:
        run = self._sql.run_of_position(connection, position=position)
        if run is None:
            raise LogDamaged(f"no leaf is noted for position {position}")
        return int(run["first_leaf"] + position - run["first_position"])

    def position_of(self, leaf: int) -> int:
        """The position of the entry that a leaf is."""
        with self._database.reading() as connection:
            run = self._sql.run_of_leaf(connection, leaf=leaf)
            if run is None:
                raise LogDamaged(f"no position is noted for leaf {leaf}")
            return int(run["first_position"] + leaf - run["first_leaf"])

    def inclusion(self, positions: Iterable[int], size: int) -> list[tuple[int, list[bytes]]]:
        """For each position its leaf, and the proof that it is in the tree of a size."""
        with self._database.reading() as connection:
            leaves = [self._leaf(connection, position) for position in positions]
            proofs = self._proved(
                connection,
                lambda stored: [inclusion_proof(leaf, size, stored) for leaf in leaves],
            )
        return list(zip(leaves, proofs, strict=True))

    def inclusion_of_leaf(self, leaf: int, size: int) -> list[bytes]:
        """The proof that a leaf is in the tree of a size. Raises ValueError where it is not."""
        with self._database.reading() as connection:
            self._require(connection, size)
            return self._proved(connection, lambda stored: inclusion_proof(leaf, size, stored))

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that one tree begins with another. Raises ValueError where it does not."""
        with self._database.reading() as connection:
            self._require(connection, new_size)
            return self._proved(
                connection, lambda stored: consistency_proof(old_size, new_size, stored)
            )

    def _require(self, connection: Any, size: int) -> None:
        if size > (newest := self._state(connection)["size"]):
            raise ValueError(f"the log has {newest} leaves, not {size}")

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile: hashes, or the entries themselves. Raises NoSuchTile."""
        size = self.size()
        level = 0 if tile.level == "entries" else tile.level
        if (tile.index * HASHES_PER_ROW + tile.width) << (8 * level) > size:
            raise NoSuchTile(tile.path, size)
        if tile.level != "entries":
            with self._database.reading() as connection:
                return hash_tile(tile, self._stored(connection))
        first = tile.index * HASHES_PER_ROW
        return entry_bundle(self.leaves(first, tile.width))

    def leaves(self, first: int, count: int) -> Sequence[bytes]:
        """The stored bytes of entries by their leaves."""
        before = self.position_of(first) - 1
        with self._database.reading() as connection:
            rows = self._sql.entries_after_position(connection, position=before, limit=count)
            return [row["state"] for row in rows]


def stored_checkpoint(nth: int, note: bytes, keyring: Keyring) -> Checkpoint:
    """What a stored checkpoint says. Raises LogDamaged."""
    try:
        return open_checkpoint(note, keyring.verifiers, origin=keyring.origin)
    except VerificationError as error:
        raise LogDamaged(f"checkpoint {nth} of this ledger does not hold: {error}") from error


def _sealed(row: Any, keyring: Keyring) -> Sealed:
    note = bytes(row["note"])
    return Sealed(note, stored_checkpoint(row["nth"], note, keyring))


def held_checkpoint(note: bytes, keyring: Keyring) -> Sealed:
    """What a checkpoint that somebody holds says. Raises VerificationError, also for another's."""
    origin = parse_checkpoint(read_note(note).text).origin
    if origin != keyring.origin:
        raise OtherLog(origin, keyring.origin)
    return Sealed(note, open_checkpoint(note, keyring.verifiers, origin=origin))


class OtherLog(VerificationError):
    """A checkpoint of another ledger's log."""

    def __init__(self, origin: str, ours: str) -> None:
        super().__init__(f"the checkpoint is one of {origin}, and this ledger's log is {ours}")


def _origin_of(nth: int, note: bytes) -> str:
    try:
        return parse_checkpoint(read_note(note).text).origin
    except VerificationError as error:
        raise LogDamaged(f"checkpoint {nth} of this ledger cannot be read: {error}") from error


def _signed_by(note: bytes, key: VerifierKey) -> bool:
    try:
        open_note(note, [key])
    except VerificationError:
        return False
    return True


def _require_grown(old: Checkpoint, size: int, root: bytes, stored: StoredHash) -> None:
    """Before a new root is signed, it extends the one that was signed last."""
    try:
        verify_consistency(
            old_size=old.size,
            new_size=size,
            old_root=old.root,
            new_root=root,
            proof=consistency_proof(old.size, size, stored) if old.size <= size else [],
        )
    except VerificationError as error:
        raise LogDamaged(f"the tree does not extend its newest checkpoint ({error})") from error
