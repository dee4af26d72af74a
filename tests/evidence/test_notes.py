"""Signed notes: those of Go and C2SP open as they should, ours too, and broken ones never."""

from itertools import count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.errors import (
    MalformedKey,
    MalformedNote,
    NotSigned,
    SignatureInvalid,
    VerificationError,
)
from evidence.notes import MAX_SIGNATURES, SignerKey, VerifierKey, open_note, sign, to_base64
from tests.evidence.shared import flipped, vectors

NOTES = "tlog/signed-note-vectors.json"
KEY = SignerKey("ledger.example/log", bytes(range(32)))
OTHER = SignerKey("ledger.example/log", bytes(32))
WITNESS = SignerKey("witness.example", bytes(range(1, 33)))

# The key pair in the documentation of Go's note package, which everybody may know.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


def _note(case: dict[str, Any]) -> bytes:
    text: str = case["note"]
    return text.encode()


def test_the_notes_of_go_and_c2sp_open_as_they_say() -> None:
    """Four open, with the names of the keys that were verified; nine do not."""
    cases = vectors(NOTES)["cases"]
    assert [case["valid"] for case in cases].count(True) == 4
    assert len(cases) == 13
    for case in cases:
        keys = [VerifierKey.parse(text) for text in case["vkeys"]]
        if case["valid"]:
            opened = open_note(_note(case), keys)
            assert [key.name for key in opened.signed_by] == case["verified"]
            assert _note(case).startswith(opened.text.encode())
        else:
            with pytest.raises((MalformedNote, NotSigned, SignatureInvalid)):
                open_note(_note(case), keys)


def test_broken_verifier_keys_are_refused() -> None:
    """The vectors' two, and each part of a good one broken."""
    for text in vectors(NOTES)["bad_vkeys"]:
        with pytest.raises(MalformedKey):
            VerifierKey.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not of the form"),
        ("name", "not of the form"),
        ("name+c74f20a3", "not of the form"),
        ("+c74f20a3+AAAA", "not of the form"),
        ("two words+c74f20a3+AAAA", "not of the form"),
        ("no\u00a0break+c74f20a3+AAAA", "not of the form"),
        ("\ud800+c74f20a3+AAAA", "not of the form"),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "not of the form"),
        ("name+c74f20a3+A", "does not end in base64"),
        ("name+c74f20a3+AR==", "does not end in base64"),
        ("name+c74f20a3+AQ é", "does not end in base64"),
        ("name+c74f20a3+", "not of the type Ed25519"),
        ("name+c74f20a3+BAAA", "not of the type Ed25519"),
        ("name+c74f20a3+AQAA", "does not hold 32 bytes"),
        (
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "has the id c74f20a4",
        ),
        (
            "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "has the id c74f20a3",
        ),
    ],
)
def test_a_verifier_key_says_what_is_wrong_with_it(text: str, why: str) -> None:
    """In one sentence."""
    with pytest.raises(MalformedKey, match=why):
        VerifierKey.parse(text)


def test_keys_are_written_as_go_writes_them() -> None:
    """The private key gives the public one, and both texts come back as they were."""
    key = SignerKey.parse(GO_SECRET)
    assert str(key.verifier) == GO_PUBLIC
    assert key.secret_text == GO_SECRET
    assert VerifierKey.parse(GO_PUBLIC) == key.verifier


def test_a_note_of_ours_is_the_note_of_go_to_the_byte() -> None:
    """Ed25519 leaves no choice, so the same key signs the same text alike."""
    (case, *_) = vectors(NOTES)["cases"]
    text, _, lines = case["note"].rpartition("\n\n")
    ours = sign(f"{text}\n", [SignerKey.parse(GO_SECRET)]).decode()
    assert ours == f"{text}\n\n{lines.splitlines()[0]}\n"


def test_a_private_key_does_not_show_itself() -> None:
    """Neither in its form for people nor in what is said of a broken one."""
    assert "seed" not in repr(KEY)
    assert KEY.seed.hex() not in repr(KEY)
    secret = GO_SECRET.rpartition("+")[2]
    for broken in (GO_SECRET[1:], GO_SECRET + "=", GO_SECRET.replace("c74f", "c74e"), secret):
        with pytest.raises(MalformedKey) as raised:
            SignerKey.parse(broken)
        assert secret not in str(raised.value)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_comes_back_from_its_text(seed: bytes) -> None:
    """Also where its base64 holds a plus, which parts the text of a key."""
    key = SignerKey("ledger.example/log", seed)
    assert SignerKey.parse(key.secret_text) == key
    assert VerifierKey.parse(str(key.verifier)) == key.verifier


def test_new_keys_differ() -> None:
    """They are made of randomness, and come back from their text."""
    first, second = SignerKey.generate("a"), SignerKey.generate("a")
    assert first != second
    assert SignerKey.parse(first.secret_text) == first


@given(TEXTS, st.sets(st.sampled_from([KEY, OTHER, WITNESS]), min_size=1))
@example("a blank line\n\nand two\n\n\n\u2014 and what looks like a signature\n\n", {KEY})
@example("", {KEY, WITNESS})
def test_a_signed_note_opens_with_any_key_that_signed_it(text: str, keys: set[SignerKey]) -> None:
    """And gives the text, blank lines, other scripts and all."""
    text = "".join(char for char in text if char >= " " or char == "\n") + "\n"
    note = sign(text, keys)
    assert open_note(note, [key.verifier for key in keys]).text == text
    for key in keys:
        opened = open_note(note, [key.verifier])
        assert (opened.text, opened.signed_by) == (text, (key.verifier,))
    for key in {KEY, OTHER, WITNESS} - keys:
        with pytest.raises(NotSigned):
            open_note(note, [key.verifier])


@given(st.integers(0))
def test_a_note_with_any_bit_changed_is_refused(bit: int) -> None:
    """Text, dash, name, key id or signature."""
    note = sign("one line\n\nand another\n", [KEY])
    with pytest.raises(VerificationError):
        open_note(flipped(note, bit), [KEY.verifier])


def test_one_bad_signature_of_a_known_key_refuses_the_note() -> None:
    """Whatever good ones stand beside it, before or after; of an unknown key it is passed over."""
    good = sign("text\n", [WITNESS])
    forged = sign("other text\n", [KEY]).rpartition(b"\n\n")[2]
    text, _, line = good.rpartition(b"\n\n")
    for note in (good + forged, text + b"\n\n" + forged + line):
        with pytest.raises(SignatureInvalid, match=r"the signature of ledger\.example/log"):
            open_note(note, [KEY.verifier, WITNESS.verifier])
        assert open_note(note, [WITNESS.verifier]).signed_by == (WITNESS.verifier,)


def test_a_known_name_with_another_key_id_is_another_key() -> None:
    """The name alone says nothing: a line by a key of the same name is passed over."""
    note = sign("text\n", [OTHER, KEY])
    assert open_note(note, [KEY.verifier]).signed_by == (KEY.verifier,)
    with pytest.raises(NotSigned, match="signature lines: 1, known keys: 1"):
        open_note(sign("text\n", [OTHER]), [KEY.verifier])


def test_two_known_keys_of_one_name_and_id_are_refused() -> None:
    """Ids have four bytes, so two keys of one name can be found that share one."""
    seen: dict[bytes, VerifierKey] = {}
    for number in count():
        key = VerifierKey("log", number.to_bytes(32))
        other = seen.setdefault(key.key_id, key)
        if other != key:
            break
    note = sign("text\n", [KEY])
    assert open_note(note, [KEY.verifier, key, key]).text == "text\n"
    with pytest.raises(MalformedKey, match=f"with the id {key.key_id.hex()}"):
        open_note(note, [KEY.verifier, key, other])


def test_a_signature_of_another_length_is_invalid() -> None:
    """In the name of a known key it refuses, in that of an unknown one it is passed over."""
    head = sign("text\n", [KEY])
    short = "\u2014 witness.example AAAAAAA=\n".encode()
    assert open_note(head + short, [KEY.verifier]).text == "text\n"
    own = f"\u2014 {KEY.name} {to_base64(KEY.verifier.key_id + bytes(63))}\n"
    with pytest.raises(SignatureInvalid):
        open_note(head + own.encode(), [KEY.verifier])


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (b"", "no signatures below a blank line"),
        (b"\n\n", "no signatures below a blank line"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAA=", "does not end in a newline"),
        (b"text\r\n\n\xe2\x80\x94 a AAAAAAA=\n", "control character"),
        (b"text\n\n\xe2\x80\x94 a AAAA\xff=\n", "not UTF-8 from byte 16"),
        (b"text\n\n- a AAAAAAA=\n", "not a signature line"),
        (b"text\n\n\xe2\x80\x94 a\n", "not a signature line"),
        (b"text\n\n\xe2\x80\x94  AAAAAAA=\n", "not a signature line"),
        (b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n", "not a signature line"),
        (b"text\n\n\xe2\x80\x94 a\xc2\xa0b AAAAAAA=\n", "not a signature line"),
        (b"text\n\n\xe2\x80\x94 a \n", "not base64 of a key id and a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAA==\n", "not base64 of a key id and a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAA\n", "not base64 of a key id and a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAB=\n", "not base64 of a key id and a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAA= \n", "not base64 of a key id and a signature"),
        (b"x" * 1_000_001, "1000001 bytes"),
    ],
)
def test_a_malformed_note_is_refused_for_what_is_wrong(note: bytes, why: str) -> None:
    """Also where the line is by a key that nobody knows."""
    with pytest.raises(MalformedNote, match=why):
        open_note(note, [KEY.verifier])


def test_sixteen_signatures_and_more_are_read() -> None:
    """The format asks for sixteen at least; a hundred are the end."""
    keys = [SignerKey(f"key{number}", bytes(32)) for number in range(MAX_SIGNATURES + 1)]
    assert len(open_note(sign("t\n", keys[:-1]), [key.verifier for key in keys]).signed_by) == 100
    with pytest.raises(MalformedNote, match="101 signatures"):
        open_note(sign("t\n", keys), [keys[0].verifier])


def test_what_no_note_can_hold_is_not_signed() -> None:
    """The writer refuses what the reader would."""
    for text in ("no newline", "", "a\tb\n", "\x00\n", "\ud800\n"):
        with pytest.raises(MalformedNote):
            sign(text, [KEY])
    with pytest.raises(MalformedNote, match="no key to sign with"):
        sign("text\n", [])
    for name in ("", "two words", "a+b", "a\u2003b", "a\x01", "\ud800"):
        with pytest.raises(MalformedKey):
            SignerKey(name, bytes(32))
    with pytest.raises(MalformedKey, match="does not hold 32 bytes"):
        SignerKey("a", bytes(31))
    with pytest.raises(MalformedKey, match="does not hold 32 bytes"):
        VerifierKey("a", bytes(33))


@given(st.binary(max_size=200))
def test_random_bytes_never_open(data: bytes) -> None:
    """They are refused, and in no other way than by a VerificationError."""
    for note in (data, b"text\n\n" + data, b"text\n\n\xe2\x80\x94 " + data + b"\n"):
        with pytest.raises(VerificationError):
            open_note(note, [KEY.verifier])


@given(st.text(st.characters(), max_size=80))
def test_random_text_is_no_key(text: str) -> None:
    """Also where it holds halves of surrogate pairs."""
    for parse in (VerifierKey.parse, SignerKey.parse):
        for candidate in (text, f"PRIVATE+KEY+{text}", f"name+c74f20a3+{text}"):
            with pytest.raises(MalformedKey):
                parse(candidate)
