"""Merkle trees: every proof of ours holds, and none after any change; the appender is right."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ConsistencyUnproven, InclusionUnproven, MalformedHash
from evidence.merkle import (
    EMPTY_ROOT,
    Appender,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.evidence.shared import flipped, leaves, stored_over


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


def test_a_proof_that_goes_on_above_the_root_is_refused() -> None:
    """Even where the root was made for it, so that the hashes would fit: the size says how high."""
    old, new, above = leaves(3)
    forged = node_hash(above, old)
    with pytest.raises(InclusionUnproven, match="has 1 hashes, more than lead from leaf 0"):
        verify_inclusion(leaf=old, index=0, size=1, root=forged, proof=[above])
    with pytest.raises(ConsistencyUnproven, match="longer than one from 1 to 2 leaves"):
        verify_consistency(
            old_size=1,
            new_size=2,
            old_root=forged,
            new_root=node_hash(above, node_hash(forged, new)),
            proof=[new, above],
        )
    # From an incomplete tree both roots can be forged together.
    first, last = node_hash(old, new), node_hash(old, above)
    right = node_hash(first, above), node_hash(first, node_hash(above, new))
    sizes: dict[str, Any] = {"old_size": 3, "new_size": 4}
    good: list[bytes] = [above, new, first]
    verify_consistency(**sizes, old_root=right[0], new_root=right[1], proof=good)
    with pytest.raises(ConsistencyUnproven, match="longer than one from 3 to 4 leaves"):
        verify_consistency(
            **sizes,
            old_root=node_hash(last, right[0]),
            new_root=node_hash(last, right[1]),
            proof=[*good, last],
        )


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
