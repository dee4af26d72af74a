"""Log proofs: two of Sigstore's log hold, ours hold, and a change anywhere refuses them."""

from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.errors import (
    InclusionUnproven,
    MalformedCheckpoint,
    MalformedHash,
    MalformedNote,
    MalformedProof,
    NotSigned,
    SignatureInvalid,
    VerificationError,
)
from evidence.merkle import MAX_SIZE, inclusion_proof, leaf_hash, root_of
from evidence.notes import SignerKey, VerifierKey
from evidence.tlog_proofs import LogProof, ProvenEntry, read_log_proof, verify_log_proof
from tests.evidence.shared import flipped, leaves, stored_over, vectors

REKOR = "tlog/sigstore-staging-rekor-v2.json"
KEY = SignerKey("ledger.example/log", bytes(range(32)))
ORIGIN = "ledger.example/log"
HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def _proof(index: int, size: int, extra: bytes | None = None) -> LogProof:
    row = leaves(size)
    return LogProof(
        index=index,
        hashes=tuple(inclusion_proof(index, size, stored_over(row))),
        checkpoint=sign_checkpoint(Checkpoint(ORIGIN, size, root_of(row)), KEY),
        extra=extra,
    )


def _verified(data: bytes, **changed: Any) -> ProvenEntry:
    said: dict[str, Any] = {"leaf": leaves(6)[5], "keys": [KEY.verifier], "origin": ORIGIN}
    return verify_log_proof(data, **{**said, **changed})


@pytest.mark.parametrize("number", [0, 1])
def test_the_proofs_of_sigstore_hold(number: int) -> None:
    """Real entries of a log of others; three lines of witnesses, unknown here, are passed over."""
    case = vectors(REKOR)["entries"][number]
    text: str = case["tlog_proof"]
    key = VerifierKey.parse(case["vkey"])
    leaf = leaf_hash(b64decode(case["leaf_b64"]))
    assert text.count("\u2014") == (1, 4)[number]
    found = verify_log_proof(text.encode(), leaf=leaf, keys=[key], origin=key.name)
    assert (found.index, found.checkpoint.size) == (case["index"], case["tree_size"])
    assert found.extra is None
    assert bytes(read_log_proof(text.encode())) == text.encode()
    with pytest.raises(InclusionUnproven):
        verify_log_proof(text.encode(), leaf=leaf_hash(b""), keys=[key], origin=key.name)
    with pytest.raises(NotSigned):
        verify_log_proof(text.encode(), leaf=leaf, keys=[KEY.verifier], origin=key.name)


def test_malformed_proofs_of_transparency_dev_are_refused() -> None:
    """Seven: header, extra data, index and hashes."""
    cases = vectors("tlog/signed-note-vectors.json")["tlog_proof_malformed"]["cases"]
    assert len(cases) == 7
    for text in cases:
        with pytest.raises(MalformedProof):
            read_log_proof(text.encode())


@given(st.data(), st.integers(1, 300), st.none() | st.binary(min_size=1, max_size=40))
def test_each_proof_we_write_verifies(data: st.DataObject, size: int, extra: bytes | None) -> None:
    """For each leaf of each tree, with extra data and without; and reads as it was written."""
    index = data.draw(st.integers(0, size - 1))
    proof = _proof(index, size, extra)
    assert read_log_proof(bytes(proof)) == proof
    found = _verified(bytes(proof), leaf=leaves(size)[index])
    assert (found.index, found.extra) == (index, extra)
    assert found.checkpoint == Checkpoint(ORIGIN, size, root_of(leaves(size)))


@given(st.integers(0))
def test_a_proof_with_any_bit_changed_is_refused(bit: int) -> None:
    """Header, index, hashes, checkpoint or signature."""
    with pytest.raises(VerificationError):
        _verified(flipped(bytes(_proof(5, 6)), bit))


def test_changed_extra_data_is_not_noticed() -> None:
    """The format does not prove it, which is why it says so."""
    data = bytes(_proof(5, 6, b"extra"))
    assert _verified(data.replace(b"extra ZXh0cmE=", b"extra b3RoZXI=")).extra == b"other"


def test_what_was_asked_about_is_what_is_proven() -> None:
    """The leaf, the keys and the log come from the asker, not from the proof."""
    proof = _proof(5, 6)
    assert _verified(bytes(proof)).index == 5
    with pytest.raises(InclusionUnproven, match="leads from leaf 5"):
        _verified(bytes(proof), leaf=leaves(6)[4])
    with pytest.raises(MalformedHash, match="the leaf hash is 3 bytes"):
        _verified(bytes(proof), leaf=b"abc")
    with pytest.raises(MalformedCheckpoint, match="the log asked about"):
        _verified(bytes(proof), origin="ledger.example")
    with pytest.raises(NotSigned):
        _verified(bytes(proof), keys=[])
    with pytest.raises(InclusionUnproven, match="no leaf 6 in a tree of 6"):
        _verified(bytes(replace(proof, index=6)))
    with pytest.raises(InclusionUnproven, match="too few"):
        _verified(bytes(replace(proof, hashes=proof.hashes[:-1])))
    with pytest.raises(MalformedNote):
        _verified(bytes(replace(proof, checkpoint=b"")))
    with pytest.raises(SignatureInvalid):
        _verified(bytes(proof).replace(b"\n6\n", b"\n7\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no blank line"),
        ("c2sp.org/tlog-proof@v1\nindex 0\n", "no blank line"),
        ("c2sp.org/tlog-proof@v2\nindex 0\n\n", "does not begin with"),
        (" c2sp.org/tlog-proof@v1\nindex 0\n\n", "does not begin with"),
        ("c2sp.org/tlog-proof@v1\r\nindex 0\r\n\n", "does not begin with"),
        ("c2sp.org/tlog-proof@v1\n\nindex 0\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\n0\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nindex  0\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nindex 00\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nindex 0 \n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n", "line 1 of the log proof's hashes"),
        ("c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\n", "no line with the index"),
        ("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n", "the extra data is empty"),
        ("c2sp.org/tlog-proof@v1\nextra AAA\nindex 0\n\n", "not base64"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "line 1 of the log proof's hashes"),
        (f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}\n{HASH} \n\n", "line 2 of the log proof's"),
        ("c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\n", "64 hashes, too many"),
        ("c2sp.org/tlog-proof@v1\nindex \u0660\n\n", "not ASCII from byte 29"),
        (f"c2sp.org/tlog-proof@v1\nindex 0\n\n{'x' * 2_000_000}", "bytes, more than"),
    ],
)
def test_a_malformed_proof_is_refused_for_what_is_wrong(text: str, why: str) -> None:
    """One proof has one text."""
    with pytest.raises(MalformedProof, match=why):
        read_log_proof(text.encode())


def test_a_proof_that_no_text_can_state_cannot_be_built() -> None:
    """Index, hashes and extra data have their bounds."""
    for index in (-1, MAX_SIZE + 1):
        with pytest.raises(MalformedProof, match="the index of a log proof"):
            LogProof(index, (), b"")
    with pytest.raises(MalformedHash, match="hash 2 of the log proof"):
        LogProof(0, (bytes(32), bytes(33)), b"")
    with pytest.raises(MalformedProof, match="extra data is empty"):
        LogProof(0, (), b"", extra=b"")


@given(st.binary(max_size=120))
def test_random_bytes_are_a_proof_or_refused(data: bytes) -> None:
    """What is read is what would be written; and nothing of it is ever believed."""
    start = b"c2sp.org/tlog-proof@v1\n"
    for candidate in (data, start + data, start + b"index 5\n" + data, start + b"extra " + data):
        with suppress(MalformedProof):
            assert bytes(read_log_proof(candidate)) == candidate
        with pytest.raises(VerificationError):
            _verified(candidate)
