"""Merkle trees: the constants and proofs of others, and every proof of ours against any change."""

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ConsistencyUnproven, InclusionUnproven, MalformedHash, VerificationError
from evidence.merkle import (
    EMPTY_ROOT,
    Appender,
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
from tests.evidence.shared import flipped, hashes, leaves, stored_over, vectors

PROOFS = "merkle/transparency-dev-merkle-proofs.json"
CONSTANTS = "merkle/rfc6962-constants.json"
SHORT_ROOTS = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"
"""The one valid proof among the vectors that we refuse: its roots have twelve bytes."""
LARGEST = 130


# --- The vectors of others ---------------------------------------------------------------------


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


# --- Ours ---------------------------------------------------------------------------------------


def test_every_inclusion_proof_of_small_trees_verifies() -> None:
    """Each leaf of each size up to 40."""
    for size in range(1, 41):
        row = leaves(size)
        for index in range(size):
            proof = inclusion_proof(index, size, stored_over(row))
            verify_inclusion(
                leaf=row[index], index=index, size=size, root=root_of(row), proof=proof
            )


def test_every_consistency_proof_of_small_trees_verifies() -> None:
    """Each pair of sizes up to 40."""
    row = leaves(40)
    for new in range(1, 41):
        for old in range(1, new + 1):
            verify_consistency(
                old_size=old,
                new_size=new,
                old_root=root_of(row[:old]),
                new_root=root_of(row[:new]),
                proof=consistency_proof(old, new, stored_over(row)),
            )


@given(st.data(), st.integers(1, 600))
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject, size: int) -> None:
    """Another leaf, index, root or hash; one hash more, fewer, or two swapped.

    Another size may pass, where the way to the root is the same in both trees: a size is bound by
    the checkpoint that names it with its root, not by the proof.
    """
    row = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, stored_over(row))
    said: dict[str, Any] = {
        "leaf": row[index],
        "index": index,
        "size": size,
        "root": root_of(row),
        "proof": proof,
    }
    verify_inclusion(**said)
    bit = data.draw(st.integers(0))
    other = data.draw(st.integers(-2, size + 2).filter(lambda number: number != index))
    at = data.draw(st.integers(0, len(proof)))
    changes: list[dict[str, Any]] = [
        {"leaf": flipped(row[index], bit)},
        {"root": flipped(said["root"], bit)},
        {"index": other},
        {"size": index},
        {"proof": [*proof[:at], row[index], *proof[at:]]},
        *({"proof": [*proof[:n], flipped(proof[n], bit), *proof[n + 1 :]]} for n in range(at)),
        *({"proof": [*proof[:n], *proof[n + 1 :]]} for n in range(at)),
        *(
            {"proof": [*proof[: n - 1], proof[n], proof[n - 1], *proof[n + 1 :]]}
            for n in range(1, at)
        ),
    ]
    for change in changes:
        with pytest.raises(InclusionUnproven):
            verify_inclusion(**{**said, **change})


@given(st.data(), st.integers(2, 600))
def test_a_changed_consistency_proof_is_refused(data: st.DataObject, new: int) -> None:
    """Another old size, another root, another hash, one hash more or fewer."""
    row = leaves(new)
    old = data.draw(st.integers(1, new - 1))
    proof = consistency_proof(old, new, stored_over(row))
    said: dict[str, Any] = {
        "old_size": old,
        "new_size": new,
        "old_root": root_of(row[:old]),
        "new_root": root_of(row),
        "proof": proof,
    }
    verify_consistency(**said)
    bit = data.draw(st.integers(0))
    other = data.draw(st.integers(-2, new + 2).filter(lambda number: number != old))
    at = data.draw(st.integers(0, len(proof)))
    changes: list[dict[str, Any]] = [
        {"old_root": flipped(said["old_root"], bit)},
        {"new_root": flipped(said["new_root"], bit)},
        {"old_root": said["new_root"], "new_root": said["old_root"]},
        {"old_size": other},
        {"old_size": new, "new_size": old},
        {"proof": [*proof[:at], row[0], *proof[at:]]},
        *({"proof": [*proof[:n], flipped(proof[n], bit), *proof[n + 1 :]]} for n in range(at)),
        *({"proof": [*proof[:n], *proof[n + 1 :]]} for n in range(at)),
    ]
    for change in changes:
        with pytest.raises(ConsistencyUnproven):
            verify_consistency(**{**said, **change})


@pytest.mark.parametrize("size", [1, 2, 1000, 2**20, 2**20 + 1, 10_000_019, 2**63 - 1])
def test_a_proof_reads_few_stored_hashes(size: int) -> None:
    """At most two for each level, however large the log is."""
    asked: list[tuple[int, int]] = []

    def stored(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size
        asked.append((level, index))
        return bytes(32)

    for index in {0, size // 3, size // 2, size - 1}:
        asked.clear()
        assert len(inclusion_proof(index, size, stored)) <= size.bit_length()
        assert len(asked) <= 2 * size.bit_length()
        asked.clear()
        consistency_proof(index + 1, size, stored)
        assert len(asked) <= 2 * size.bit_length()


@given(st.lists(st.integers(0, 40), max_size=12))
def test_the_appender_equals_the_plain_root(steps: list[int]) -> None:
    """After each step the same root; every complete subtree comes once, in order, and right."""
    row = leaves(sum(steps))
    stored, plain = stored_over(row), Appender()
    found: dict[tuple[int, int], bytes] = {}
    for step in steps:
        for level, start, values in plain.extend(row[plain.size : plain.size + step]):
            for index, value in enumerate(values, start):
                assert (level, index) not in found
                found[level, index] = value
        assert plain.root() == root_of(row[: plain.size]) == root_at(plain.size, stored)
        resumed = Appender.resumed(plain.size, lambda level, index: found[level, index])
        assert resumed.root() == plain.root()
    wanted = [
        (level, index)
        for level in range(len(row).bit_length())
        for index in range(len(row) >> level)
    ]
    assert found == {key: stored(*key) for key in wanted}


def test_a_resumed_appender_goes_on_as_if_it_had_never_stopped() -> None:
    """From each size up to 70: the same rows and the same root."""
    row = leaves(140)
    for size in range(70):
        whole = Appender()
        whole.extend(row[:size])
        resumed = Appender.resumed(size, stored_over(row[:size]))
        assert resumed.extend(row[size:]) == whole.extend(row[size:])
        assert resumed.root() == whole.root() == root_of(row)


def test_the_appender_takes_no_leaf_of_a_batch_in_which_one_is_not_a_hash() -> None:
    """The leaf is named, and the tree stands as it was."""
    plain = Appender()
    plain.extend(leaves(3))
    with pytest.raises(MalformedHash, match="leaf hash 4 is 31 bytes long"):
        plain.extend([leaf_hash(b""), bytes(31)])
    assert (plain.size, plain.root()) == (3, root_of(leaves(3)))


def test_what_is_not_a_hash_is_refused_by_name() -> None:
    """Wherever it stands."""
    good, short = bytes(32), bytes(31)
    sizes: dict[str, Any] = {"old_size": 1, "new_size": 2}
    with pytest.raises(MalformedHash, match="the root is"):
        verify_inclusion(leaf=good, index=0, size=1, root=short, proof=[])
    with pytest.raises(MalformedHash, match="the leaf hash is"):
        verify_inclusion(leaf=short, index=0, size=1, root=good, proof=[])
    with pytest.raises(MalformedHash, match="hash 1 of the inclusion proof is"):
        verify_inclusion(leaf=good, index=0, size=2, root=good, proof=[short])
    with pytest.raises(MalformedHash, match="the new root is"):
        verify_consistency(**sizes, old_root=good, new_root=short, proof=[good])
    with pytest.raises(MalformedHash, match="hash 2 of the consistency proof is"):
        verify_consistency(**sizes, old_root=good, new_root=good, proof=[good, short])
    with pytest.raises(MalformedHash, match="leaf hash 1 is"):
        root_of([good, short])
    with pytest.raises(MalformedHash, match=r"the stored hash \(0, 0\) is"):
        root_at(1, lambda _level, _index: short)


def test_an_empty_tree_proves_nothing() -> None:
    """It is the same as itself, with the root that RFC 6962 gives it, and no more."""
    root = root_of(leaves(1))
    empty: dict[str, Any] = {"old_size": 0, "old_root": EMPTY_ROOT, "proof": []}
    verify_consistency(**empty, new_size=0, new_root=EMPTY_ROOT)
    with pytest.raises(ConsistencyUnproven, match="from a tree of 0 to one of 1"):
        verify_consistency(**empty, new_size=1, new_root=root)
    with pytest.raises(ConsistencyUnproven, match="not the root of a tree of 0"):
        verify_consistency(old_size=0, old_root=root, proof=[], new_size=0, new_root=root)
    with pytest.raises(ValueError, match="no proof from a tree of 0"):
        consistency_proof(0, 1, stored_over(leaves(1)))
    with pytest.raises(ValueError, match="no leaf 0 in a tree of 0"):
        inclusion_proof(0, 0, stored_over([]))


def test_two_roots_of_one_size_are_a_fork() -> None:
    """The message says so."""
    old, new = leaves(2)
    with pytest.raises(ConsistencyUnproven, match="the log has forked"):
        verify_consistency(old_size=7, new_size=7, old_root=old, new_root=new, proof=[])


def test_proofs_chain_over_a_growing_log() -> None:
    """What a monitor does: from each size it saw to the next."""
    row = leaves(300)
    sizes = [1, 2, 7, 64, 65, 200, 300]
    for old, new in pairwise(sizes):
        verify_consistency(
            old_size=old,
            new_size=new,
            old_root=root_of(row[:old]),
            new_root=root_of(row[:new]),
            proof=consistency_proof(old, new, stored_over(row)),
        )
