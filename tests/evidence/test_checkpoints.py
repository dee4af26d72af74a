"""Checkpoints: each text is one checkpoint and back; what is not to the letter is refused."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoints import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from evidence.errors import (
    MalformedCheckpoint,
    MalformedHash,
    MalformedNote,
    NotSigned,
    VerificationError,
)
from evidence.merkle import EMPTY_ROOT, MAX_SIZE
from evidence.notes import SignerKey, VerifierKey, sign
from tests.evidence.shared import flipped, vectors

KEY = SignerKey("ledger.example/log", bytes(range(32)))
ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
CHECKPOINT = Checkpoint("ledger.example/log", 12, EMPTY_ROOT)

LINES = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1, max_size=30
)
CHECKPOINTS = st.builds(
    Checkpoint,
    origin=LINES,
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(LINES, max_size=3).map(tuple),
)


def test_the_checkpoint_of_the_go_checksum_database_opens() -> None:
    """A real one, whose origin is not the name of its key."""
    (case,) = (
        case for case in vectors("tlog/signed-note-vectors.json")["cases"] if "checkpoint" in case
    )
    keys = [VerifierKey.parse(text) for text in case["vkeys"]]
    wanted = case["checkpoint"]
    found = open_checkpoint(case["note"].encode(), keys, origin=wanted["origin"])
    assert (found.origin, found.size) == (wanted["origin"], wanted["size"])


@given(CHECKPOINTS)
def test_a_checkpoint_comes_back_from_its_text(checkpoint: Checkpoint) -> None:
    """Extension lines and odd origins too."""
    assert parse_checkpoint(str(checkpoint)) == checkpoint
    note = sign_checkpoint(checkpoint, KEY)
    assert open_checkpoint(note, [KEY.verifier], origin=checkpoint.origin) == checkpoint


def test_the_text_of_a_checkpoint_is_three_lines() -> None:
    """Origin, size and root, and what is added after them."""
    assert str(CHECKPOINT) == f"ledger.example/log\n12\n{ROOT}\n"
    assert str(replace(CHECKPOINT, extensions=("a", "b"))).endswith(f"{ROOT}\na\nb\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an origin, a size and a root hash"),
        (f"origin\n{ROOT}\n", "an origin, a size and a root hash"),
        (f"origin\n12\n{ROOT}", "an origin, a size and a root hash"),
        (f"\n12\n{ROOT}\n", "'' cannot be a line"),
        (f"origin\n12\n{ROOT}\n\n", "'' cannot be a line"),
        (f"origin\n12\n{ROOT}\n\nmore\n", "'' cannot be a line"),
        (f"ori\rgin\n12\n{ROOT}\n", "cannot be a line"),
        (f"origin\n012\n{ROOT}\n", "'012' is not the size of a tree"),
        (f"origin\n-1\n{ROOT}\n", "'-1' is not the size of a tree"),
        (f"origin\n+1\n{ROOT}\n", "is not the size of a tree"),
        (f"origin\n 1\n{ROOT}\n", "is not the size of a tree"),
        (f"origin\n1_0\n{ROOT}\n", "is not the size of a tree"),
        (f"origin\n\u0661\n{ROOT}\n", "is not the size of a tree"),
        (f"origin\n9223372036854775808\n{ROOT}\n", "is not the size of a tree"),
        (f"origin\n{'9' * 5000}\n{ROOT}\n", "is not the size of a tree"),
        ("origin\n12\nnot base64\n", "is not a root hash in base64"),
        (f"origin\n12\n{ROOT[:-1]}\n", "is not a root hash in base64"),
        (f"origin\n12\n{ROOT.replace('FU=', 'FV=')}\n", "is not a root hash in base64"),
        ("origin\n12\nAAAA\n", "the root of the checkpoint is 3 bytes long"),
        ("origin\r\n12\r\nAAAA\r\n", "is not the size of a tree"),
    ],
)
def test_a_text_that_is_not_to_the_letter_is_refused(text: str, why: str) -> None:
    """One checkpoint has one text."""
    with pytest.raises(MalformedCheckpoint, match=why):
        parse_checkpoint(text)


def test_a_checkpoint_that_no_text_can_state_cannot_be_built() -> None:
    """So nothing malformed is ever signed."""
    for origin in ("", "a\nb", "a\x00"):
        with pytest.raises(MalformedCheckpoint):
            Checkpoint(origin, 0, EMPTY_ROOT)
    for size in (-1, MAX_SIZE + 1):
        with pytest.raises(MalformedCheckpoint, match="from 0 to"):
            Checkpoint("origin", size, EMPTY_ROOT)
    with pytest.raises(MalformedHash, match="the root of the checkpoint"):
        Checkpoint("origin", 0, b"")
    with pytest.raises(MalformedCheckpoint):
        Checkpoint("origin", 0, EMPTY_ROOT, ("",))
    with pytest.raises(MalformedNote, match="surrogate"):
        sign_checkpoint(Checkpoint("\ud800", 0, EMPTY_ROOT), KEY)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """One key may sign for several logs, so the origin is asked for."""
    note = sign_checkpoint(CHECKPOINT, KEY)
    with pytest.raises(
        MalformedCheckpoint, match=r"the log asked about is 'ledger\.example/other'"
    ):
        open_checkpoint(note, [KEY.verifier], origin="ledger.example/other")


def test_a_checkpoint_that_nobody_known_signed_is_refused() -> None:
    """Before its text is looked at."""
    other = SignerKey(KEY.name, bytes(32))
    with pytest.raises(NotSigned):
        open_checkpoint(sign("nonsense\n", [other]), [KEY.verifier], origin=CHECKPOINT.origin)


@given(st.integers(0))
def test_a_checkpoint_with_any_bit_changed_is_refused(bit: int) -> None:
    """Wherever it is."""
    note = flipped(sign_checkpoint(CHECKPOINT, KEY), bit)
    with pytest.raises(VerificationError):
        open_checkpoint(note, [KEY.verifier], origin=CHECKPOINT.origin)


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
def test_random_text_is_a_checkpoint_or_refused(one: str, other: str) -> None:
    """And what is read is what would be written."""
    for text in (one, f"{one}\n{other}\n{ROOT}\n", f"origin\n1\n{ROOT}\n{one}\n{other}"):
        with suppress(MalformedCheckpoint):
            assert str(parse_checkpoint(text)) == text
