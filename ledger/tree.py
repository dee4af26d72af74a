"""The tree's hashes as the database has them: rows of 256 that stand side by side at one level.

They can be made anew from the entries at any time.
"""

from collections.abc import Collection, Sequence
from typing import Any

from evidence.merkle import HASH_BYTES, Place, Row, Span, proofs
from ledger.checkpoints import REBUILD, LogDamaged
from ledger.stored_bytes import canonical_json

HASHES_PER_ROW = 256


class StoredTree:
    """The hashes on one connection, each row of them read once."""

    def __init__(self, sql: Any, connection: Any) -> None:
        self._sql = sql
        self._connection = connection
        self._rows: dict[tuple[int, int], bytes] = {}

    def hash_at(self, level: int, index: int) -> bytes:
        """One hash. Raises LogDamaged where it is not there."""
        return _require(level, index, self.hashes(level, index, 1)[0])

    def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """Hashes side by side; empty for those that the tree does not have."""
        found: list[bytes] = []
        while count > 0:
            tile, offset = divmod(first, HASHES_PER_ROW)
            taken = min(count, HASHES_PER_ROW - offset)
            digests = self._row(level, tile)
            starts = range(offset * HASH_BYTES, (offset + taken) * HASH_BYTES, HASH_BYTES)
            found += [digests[start : start + HASH_BYTES] for start in starts]
            first, count = first + taken, count - taken
        return found

    def _row(self, level: int, tile: int) -> bytes:
        if (level, tile) not in self._rows:
            row = self._sql.log_hashes(self._connection, level=level, tile=tile)
            kept = row and isinstance(row["digests"], bytes)  # SQLite keeps what it is given
            self._rows[level, tile] = row["digests"] if kept else b""
        return self._rows[level, tile]

    def put(self, fresh: Row) -> None:
        """Store hashes that stand side by side at one level."""
        start, hashes = fresh.start, fresh.hashes
        rows: list[dict[str, Any]] = []
        while hashes:
            tile, offset = divmod(start, HASHES_PER_ROW)
            before = self._row(fresh.level, tile)[: offset * HASH_BYTES] if offset else b""
            taken = hashes[: HASHES_PER_ROW - offset]
            digests = before + b"".join(taken)
            rows.append({"level": fresh.level, "tile": tile, "digests": digests})
            self._rows[fresh.level, tile] = digests
            start, hashes = start + len(taken), hashes[len(taken) :]
        self._sql.put_log_hashes(self._connection, rows)

    def proved(self, paths: Sequence[Sequence[Span]]) -> list[list[bytes]]:
        """The hashes along paths, read in one statement. Raises LogDamaged where one is missing."""
        return proofs(paths, self._read)

    def _read(self, places: Collection[Place]) -> dict[Place, bytes]:
        wanted = [(level, *divmod(index, HASHES_PER_ROW)) for level, index in places]
        rows = self._sql.some_hashes(self._connection, wanted=canonical_json(wanted).decode())
        found = {
            (row["level"], row["tile"] * HASHES_PER_ROW + row["place"]): bytes(row["digest"])
            for row in rows
        }
        return {place: _require(*place, found.get(place, b"")) for place in places}


def _require(level: int, index: int, found: bytes) -> bytes:
    if len(found) != HASH_BYTES:
        raise LogDamaged(f"hash {index} of level {level} of the tree is not stored", REBUILD)
    return found
