"""Merkle trees: the constants and proofs of others."""

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from evidence.errors import MalformedHash, VerificationError
from evidence.merkle import (
    EMPTY_ROOT,
    StoredHash,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.evidence.shared import hashes, stored_over, vectors

PROOFS = "merkle/transparency-dev-merkle-proofs.json"
CONSTANTS = "merkle/rfc6962-constants.json"
SHORT_ROOTS = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"
"""The one valid proof among the vectors that we refuse: its roots have twelve bytes."""
LARGEST = 130


def test_the_constants_of_rfc_6962_are_ours() -> None:
    """Leaves, nodes of each level, and the roots of the sizes from 0 to 8."""
    constants = vectors(CONSTANTS)
    row = [leaf_hash(bytes.fromhex(text)) for text in constants["leaf_inputs_hex"]]
    roots = [root_of(row[:size]) for size in range(len(row) + 1)]
    assert [root.hex() for root in roots] == constants["root_hashes_hex_by_size"]
    assert roots[0] == EMPTY_ROOT
    for level in constants["node_hashes_hex_by_level"]:
        assert [value.hex() for value in row] == level
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)]


def _inclusion_holds(case: dict[str, Any]) -> None:
    verify_inclusion(
        leaf=b64decode(case["leafHash"]),
        index=case["leafIdx"],
        size=case["treeSize"],
        root=b64decode(case["root"]),
        proof=hashes(case["proof"]),
    )


def _consistency_holds(case: dict[str, Any]) -> None:
    verify_consistency(
        old_size=case["size1"],
        new_size=case["size2"],
        old_root=b64decode(case["root1"]),
        new_root=b64decode(case["root2"]),
        proof=hashes(case["proof"]),
    )


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_proofs_of_transparency_dev_are_judged_as_they_say(kind: str) -> None:
    """98 of each kind. One that they accept has roots of twelve bytes, and is refused by name."""
    holds = {"inclusion": _inclusion_holds, "consistency": _consistency_holds}[kind]
    cases = vectors(PROOFS)[kind]
    assert len(cases) == 98
    for case in cases:
        if case["file"] == SHORT_ROOTS:
            with pytest.raises(MalformedHash, match="the old root is 12 bytes long"):
                holds(case)
        elif case["wantErr"]:
            with pytest.raises(VerificationError):
                holds(case)
        else:
            holds(case)


def test_a_hash_without_bytes_is_refused_by_name() -> None:
    """The other quirk of the vectors: refused for what it is, before anything is hashed."""
    (case,) = (
        case
        for case in vectors(PROOFS)["inclusion"]
        if case["file"] == "inclusion/single-entry/empty-root-and-leaf.json"
    )
    with pytest.raises(MalformedHash, match="the root is 0 bytes long"):
        _inclusion_holds(case)


class _Subtrees:
    """The tree of the draft's vectors: leaf i is the byte i."""

    def __init__(self) -> None:
        self.leaves = [leaf_hash(bytes([number])) for number in range(LARGEST)]
        self._stored = stored_over(self.leaves)
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """A stored hash."""
        if (level, index) not in self._known:
            self._known[level, index] = self._stored(level, index)
        return self._known[level, index]

    def from_leaf(self, start: int) -> StoredHash:
        """The stored hashes of the tree that begins at a leaf, as far as it is aligned."""
        return lambda level, index: self(level, (start >> level) + index)

    def root(self, start: int, end: int) -> bytes:
        """The root of [start, end)."""
        return root_at(end - start, self.from_leaf(start))

    def proof(self, start: int, end: int, low: int, high: int, *, known: bool) -> list[bytes]:
        """The draft's SUBTREE_SUBPROOF of [start, end) in the tree [low, high)."""
        if (start, end) == (low, high):
            return [] if known else [self.root(low, high)]
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if end <= middle:
            lower = self.proof(start, end, low, middle, known=known)
            return [*lower, self.root(middle, high)]
        if start >= middle:
            upper = self.proof(start, end, middle, high, known=known)
            return [*upper, self.root(low, middle)]
        upper = self.proof(middle, end, middle, high, known=False)
        return [*upper, self.root(low, middle)]


def _subtrees(size: int) -> Iterator[tuple[int, int]]:
    """Every [start, end) that the draft calls a subtree, the empty ones too."""
    for end in range(size + 1):
        for start in range(end + 1):
            rounded_up = 1 << max(end - start - 1, 0).bit_length()
            if start % rounded_up == 0:
                yield start, end


def test_the_accumulated_hashes_of_the_plants_draft_are_ours() -> None:
    """Subtree hashes, inclusion and consistency proofs up to 130 leaves, folded into one hash each.

    Ours makes all subtree hashes and all inclusion proofs, and the consistency proofs of subtrees
    that start at leaf 0, which are those of RFC 9162. For the other subtrees the draft has proofs
    of a kind that we do not make: the test makes them itself, from our hashes, so that the hash
    over all lines can be compared. Of an empty subtree there is nothing to prove. The fourth value,
    of coverings, is not checked: we have none.
    """
    wanted = vectors(CONSTANTS)["accumulated"]
    tree = _Subtrees()
    roots, inclusion, consistency = sha256(), sha256(), sha256()
    for start, end in _subtrees(LARGEST):
        roots.update(f"[{start}, {end}) {tree.root(start, end).hex()}\n".encode())
        for index in range(start, end):
            path = inclusion_proof(index - start, end - start, tree.from_leaf(start))
            line = " ".join([f"{index} [{start}, {end})", *(value.hex() for value in path)])
            inclusion.update(f"{line}\n".encode())
    for size in range(LARGEST + 1):
        for start, end in _subtrees(size):
            if start == end:
                proof = []
            elif start == 0:
                proof = consistency_proof(end, size, tree)
            else:
                proof = tree.proof(start, end, 0, size, known=True)
            line = " ".join([f"[{start}, {end}) {size}", *(value.hex() for value in proof)])
            consistency.update(f"{line}\n".encode())
    assert roots.hexdigest() == wanted["subtree_hash"]
    assert inclusion.hexdigest() == wanted["inclusion"]
    assert consistency.hexdigest() == wanted["consistency"]
