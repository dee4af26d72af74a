"""The Merkle tree of a log: its hashes, and proofs that something is in it and nothing left it.

Hashing is that of RFC 6962 section 2.1, which RFC 9162 section 2.1 keeps. Proofs are made from the
stored hashes of *complete* subtrees: `(level, index)` names the one over the leaves from
``index << level`` up to, and without, ``(index + 1) << level``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, Self

from evidence.errors import ConsistencyUnproven, InclusionUnproven, MalformedHash

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""
MAX_SIZE = 2**63 - 1
"""The largest tree that every implementation of the formats can count."""

StoredHash = Callable[[int, int], bytes]
"""The hash of the complete subtree at a level and an index there."""
Place = tuple[int, int]
"""A complete subtree: its level, and its index there."""
Span = tuple[int, int]
"""A subtree by its leaves: from the first, to before the second number."""
ReadHashes = Callable[[Collection[Place]], Mapping[Place, bytes]]
"""The hashes of complete subtrees."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry's bytes as a leaf."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hashes of many entries as leaves, without a call for each."""
    return [sha256(b"\x00" + data).digest() for data in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def require_hash(what: str, value: bytes) -> bytes:
    """The value itself, if it is as long as a hash; else `MalformedHash`, naming it."""
    if len(value) != HASH_BYTES:
        raise MalformedHash(what, value)
    return value


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaves, in order: the plain way, level by level."""
    row = [require_hash(f"leaf hash {at}", leaf) for at, leaf in enumerate(leaf_hashes)]
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        above = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        # A node without a sibling stands for itself one level up (RFC 9162 section 2.1.1).
        row = above + row[len(above) * 2 :]
    return row[0]


def root_at(size: int, stored: StoredHash) -> bytes:
    """The root of the tree of the first `size` leaves."""
    if not size:
        return EMPTY_ROOT
    return _folded([_require_stored(place, stored(*place)) for place in _complete(0, size)])


def inclusion_proof(index: int, size: int, stored: StoredHash) -> list[bytes]:
    """The path from leaf `index` to the root at `size`, the leaf's sibling first.

    PATH(m, D_n) of RFC 9162 section 2.1.3.1; reads O(log n) stored hashes.
    """
    return proofs([inclusion_path(index, size)], _one_by_one(stored))[0]


def inclusion_path(index: int, size: int) -> list[Span]:
    """The subtrees whose hashes are the inclusion proof of a leaf."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    return _siblings(index, index + 1, size)


def consistency_proof(old_size: int, new_size: int, stored: StoredHash) -> list[bytes]:
    """What shows that the tree at `new_size` begins with the tree at `old_size`.

    PROOF(m, D_n) of RFC 9162 section 2.1.4.1; reads O(log n) stored hashes. From an empty tree
    there is nothing to show, since every tree extends it.
    """
    return proofs([consistency_path(old_size, new_size)], _one_by_one(stored))[0]


def consistency_path(old_size: int, new_size: int) -> list[Span]:
    """The subtrees whose hashes are a consistency proof."""
    if not 0 < old_size <= new_size:
        raise ValueError(f"there is no proof from a tree of {old_size} to one of {new_size}")
    if old_size == new_size:
        return []
    # The proof starts at the last complete subtree of the old tree; where that is the whole of it,
    # the verifier has its hash already.
    start = old_size & (old_size - 1)
    own = [(start, old_size)] if start else []
    return [*own, *_siblings(start, old_size, new_size)]


def proofs(paths: Sequence[Sequence[Span]], read: ReadHashes) -> list[list[bytes]]:
    """The hashes along some paths. All that is stored is read at once, and each hash made once."""
    parts = {span: _complete(*span) for span in {span for path in paths for span in path}}
    found = read({place for part in parts.values() for place in part})
    for place, value in found.items():
        _require_stored(place, value)
    hashes = {span: _folded([found[place] for place in part]) for span, part in parts.items()}
    return [[hashes[span] for span in path] for path in paths]


def _one_by_one(stored: StoredHash) -> ReadHashes:
    return lambda places: {place: stored(*place) for place in places}


def _siblings(start: int, end: int, size: int) -> list[Span]:
    """What stands beside the way from a complete subtree up to the root, lowest first."""
    low, high = 0, size
    siblings: list[Span] = []
    while (low, high) != (start, end):
        middle = low + _split(high - low)
        if start < middle:
            siblings.append((middle, high))
            high = middle
        else:
            siblings.append((low, middle))
            low = middle
    return siblings[::-1]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`: where RFC 9162 splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def _complete(start: int, end: int) -> list[Place]:
    """The complete subtrees of falling size that the leaves from start on are made of.

    The start is one at which the tree is split.
    """
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


def _require_stored(place: Place, value: bytes) -> bytes:
    if len(value) != HASH_BYTES:  # what it is called is put together for a fault alone
        raise MalformedHash(f"the stored hash {place}", value)
    return value


def _folded(complete: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees of falling size that stand side by side."""
    *larger, result = complete
    for left in reversed(larger):
        result = node_hash(left, result)
    return result


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Hold a path to the root of a tree (RFC 9162 section 2.1.3.2).

    `leaf` is a leaf's hash. Returns nothing: what does not raise is proven. That the root is the
    one of this size is for the checkpoint to say: some proofs fit trees of several sizes.
    """
    require_hash("the root", root)
    require_hash("the leaf hash", leaf)
    if not 0 <= index < size:
        raise InclusionUnproven(f"there is no leaf {index} in a tree of {size}")
    at, last, result = index, size - 1, leaf
    for number, sibling in enumerate(proof, 1):
        require_hash(f"hash {number} of the inclusion proof", sibling)
        if last == 0:
            raise InclusionUnproven(
                f"the inclusion proof has {len(proof)} hashes, "
                f"more than lead from leaf {index} to the root of a tree of {size}"
            )
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            at, last = _to_a_right_child(at, last)
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise InclusionUnproven(
            f"the inclusion proof has {len(proof)} hashes, "
            f"too few to lead from leaf {index} to the root of a tree of {size}"
        )
    if result != root:
        raise InclusionUnproven(
            f"the inclusion proof leads from leaf {index} to {result.hex()}, "
            f"and the root of the tree of {size} is {root.hex()}"
        )


def _to_a_right_child(at: int, last: int) -> tuple[int, int]:
    """Up the levels on which a node at the right edge has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Hold two roots of one log to each other (RFC 9162 section 2.1.4.2).

    Returns nothing: what does not raise is proven. A proof from an empty tree to a larger one is
    refused, since it would say nothing about the new root.
    """
    require_hash("the old root", old_root)
    require_hash("the new root", new_root)
    for number, value in enumerate(proof, 1):
        require_hash(f"hash {number} of the consistency proof", value)
    if old_size == new_size:
        _require_same(new_size, old_root, new_root, proof)
        return
    if not 0 < old_size < new_size:
        raise ConsistencyUnproven(
            f"there is no consistency proof from a tree of {old_size} to one of {new_size}"
        )
    if not proof:
        raise ConsistencyUnproven(
            f"the consistency proof is empty, and the trees have {old_size} and {new_size} leaves"
        )
    # An old tree that is complete is itself the first node, and its hash is not sent.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    old, new = _both_roots(old_size, new_size, path)
    for size, computed, root in ((old_size, old, old_root), (new_size, new, new_root)):
        if computed != root:
            raise ConsistencyUnproven(
                f"the consistency proof leads to {computed.hex()}, "
                f"and the root of the tree of {size} is {root.hex()}"
            )


def _require_same(size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ConsistencyUnproven(
            f"both trees have {size} leaves, so the consistency proof must be empty"
        )
    if old_root != new_root:
        raise ConsistencyUnproven(f"there are two roots of the tree of {size}: the log has forked")
    if size < 0 or (size == 0 and new_root != EMPTY_ROOT):
        raise ConsistencyUnproven(f"{new_root.hex()} is not the root of a tree of {size}")


def _both_roots(old_size: int, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and the new tree that a path of at least one hash leads to."""
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for value in path[1:]:
        if last == 0:
            raise ConsistencyUnproven(
                f"the consistency proof is longer than one from {old_size} to {new_size} leaves"
            )
        if at & 1 or at == last:
            old, new = node_hash(value, old), node_hash(value, new)
            at, last = _to_a_right_child(at, last)
        else:
            new = node_hash(new, value)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ConsistencyUnproven(
            f"the consistency proof is shorter than one from {old_size} to {new_size} leaves"
        )
    return old, new


class Row(NamedTuple):
    """Hashes of complete subtrees that stand side by side at one level, from index `start` on."""

    level: int
    start: int
    hashes: Sequence[bytes]


class Appender:
    """The right edge of a growing tree: all that is needed to go on, one hash a level at most."""

    def __init__(self) -> None:
        self.size = 0
        # At each level with an odd number of complete subtrees, the hash of the last one.
        self._edge: dict[int, bytes] = {}

    @classmethod
    def resumed(cls, size: int, stored: StoredHash) -> Self:
        """The edge of a tree of which the complete subtrees are stored."""
        found = cls()
        found.size = size
        for level in range(size.bit_length()):
            index = size >> level
            if index & 1:
                what = f"the stored hash ({level}, {index - 1})"
                found._edge[level] = require_hash(what, stored(level, index - 1))
        return found

    def extend(self, leaves: Iterable[bytes]) -> list[Row]:
        """Append leaf hashes, and give the complete subtrees that came into being, leaves first.

        Works level by level, so that a thousand leaves cost little more than their hashes; nothing
        is appended if one of them is not a hash.
        """
        hashes = list(leaves)
        if set(map(len, hashes)) - {HASH_BYTES}:
            for at, leaf in enumerate(hashes, self.size):
                require_hash(f"leaf hash {at}", leaf)
        rows: list[Row] = []
        level, start = 0, self.size
        self.size += len(hashes)
        while hashes:
            rows.append(Row(level, start, hashes))
            hashes = self._paired(level, hashes, after_edge=bool(start & 1))
            level, start = level + 1, start >> 1
        return rows

    def _paired(self, level: int, hashes: list[bytes], *, after_edge: bool) -> list[bytes]:
        """The nodes over the hashes that now have both children; what is left over is the edge."""
        row = [self._edge.pop(level), *hashes] if after_edge else hashes
        if len(row) & 1:
            self._edge[level] = row[-1]
        pairs = iter(row)
        # What node_hash does, without a call for each: this is the inner loop of a large import.
        return [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=False)
        ]

    def root(self) -> bytes:
        """The root over everything appended so far."""
        if not self._edge:
            return EMPTY_ROOT
        return _folded([self._edge[level] for level in sorted(self._edge, reverse=True)])
