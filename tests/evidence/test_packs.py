"""Packs: what is built is read, no bit of it is without meaning, and old ones are read for ever."""

import json
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from evidence.canonical import parse_canonical, write_canonical
from evidence.completeness import check_complete
from evidence.deriving import derive
from evidence.entries import read_entry
from evidence.errors import VerificationError
from evidence.notes import SignerKey
from evidence.packs import (
    ChangedMember,
    HalfConsistency,
    MalformedManifest,
    MalformedMember,
    Pack,
    Proven,
    UnlistedMembers,
    build_pack,
    read_pack,
)
from evidence.questions import Kind, read_question
from evidence.statements import parse_statement
from evidence.verifying import verify_pack
from tests.evidence.packs import (
    CREATED_AT,
    KEYS,
    LOG,
    ORIGIN,
    OURS,
    edited,
    parts,
    proven,
    since,
)
from tests.evidence.shared import flipped

GOOD = parts().packed()
VECTOR = Path(__file__).parent / "vectors" / "pack.v1.zip"
ANSWERS = VECTOR.with_name("answers.v1.json")
ANSWERS_SHA256 = "37c66857bf9d28ea26d01c59ee49ec12f1d5de0ff4c96abc93fc73b4841a2003"
VECTOR_SHA256 = "e18e5c32bd642129d49341655b7788cd10e567dda2551a1d33badac9b41598fa"


def test_what_is_built_is_read() -> None:
    """Member by member, and the same parts give the same bytes."""
    pack = read_pack(GOOD)
    assert pack.stored_entries() == [LOG[index] for index in OURS]
    assert [proof.index for proof in pack.leaf_proofs()] == OURS
    assert [list(proof.hashes) for proof in pack.leaf_proofs()] == [
        list(proven(index).hashes) for index in OURS
    ]
    assert (pack.origin, pack.created_at) == (ORIGIN, CREATED_AT)
    assert (pack.verify_html, pack.since, pack.consistency) == (None, None, None)
    assert parts().packed() == GOOD


def test_the_optional_members_are_kept() -> None:
    """The page, and the older checkpoint with its proof."""
    older = since(3)
    pack = read_pack(parts(verify_html=b"<html></html>", since=older).packed())
    assert pack.verify_html == b"<html></html>"
    assert pack.since == older.checkpoint
    assert pack.consistency_hashes() == list(older.hashes)


def test_every_flipped_bit_is_refused() -> None:
    """By one family of errors, whatever the bit belongs to."""
    assert verify_pack(GOOD, KEYS).signer_known
    for bit in range(len(GOOD) * 8):
        with pytest.raises(VerificationError):
            verify_pack(flipped(GOOD, bit), KEYS)


def test_no_member_can_be_changed_alone_even_by_the_signer() -> None:
    """Its manifest lists and signs the change, and the other members still speak against it."""
    for name in ("question_json", "answer_json", "proofs_jsonl", "entries_jsonl", "statement_note"):
        content = getattr(read_pack(GOOD), name.partition("_")[0])
        for bit in range(0, len(content) * 8, 41):
            changed = edited(GOOD, resign=True, **{name: flipped(content, bit)})
            with pytest.raises(VerificationError):
                verify_pack(changed, KEYS)


def test_a_changed_member_is_named() -> None:
    """With what the manifest says of it."""
    manifest = read_pack(GOOD).manifest
    changed = edited(GOOD, answer_json=b"{}", manifest_json=manifest)
    with pytest.raises(ChangedMember) as refused:
        read_pack(changed)
    before = read_pack(GOOD).answer
    assert str(refused.value) == (
        f"answer.json was changed: the manifest lists it with {len(before)} bytes and the hash "
        f"{sha256(before).hexdigest()}, and it has 2 bytes and the hash {sha256(b'{}').hexdigest()}"
    )


def test_a_member_that_is_not_listed_is_refused() -> None:
    """Added, or taken away."""
    with_page = parts(verify_html=b"page").packed()
    for data, other in ((GOOD, with_page), (with_page, GOOD)):
        pack = read_pack(other)
        changed = edited(data, verify_html=pack.verify_html, manifest_json=read_pack(data).manifest)
        with pytest.raises(UnlistedMembers, match=r"same members; they differ in: verify.html$"):
            read_pack(changed)


def test_half_a_consistency_is_refused() -> None:
    """Both members or none, even if the manifest is signed."""
    data = parts(since=since(3)).packed()
    for changes in ({"since_note": None}, {"consistency_json": None}):
        with pytest.raises(HalfConsistency, match="the pack holds one of them only"):
            verify_pack(edited(data, resign=True, **changes), KEYS)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"access-ledger-pack/v1", b"access-ledger-pack/v2", "this reads access-ledger-pack/v1"),
        (CREATED_AT.encode(), b"2026-13-03T04:05:06.000007Z", "is not a moment in UTC"),
        (CREATED_AT.encode(), b"2026-02-03T04:05:06Z", "is not a moment in UTC"),
        (b'"format":', b'"form":', "manifest's four fields"),
        (b'{"created_at"', b'{"a":1,"created_at"', "manifest's four fields"),
    ],
)
def test_a_manifest_in_another_form_is_refused(old: bytes, new: bytes, why: str) -> None:
    """Even if it is signed."""
    manifest = read_pack(GOOD).manifest
    assert old in manifest
    with pytest.raises(MalformedManifest, match=why):
        read_pack(edited(GOOD, resign=True, manifest_json=manifest.replace(old, new, 1)))


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b"null", b'"x"'])
def test_what_is_no_manifest_is_refused(manifest: bytes) -> None:
    """In the same family."""
    with pytest.raises(VerificationError):
        read_pack(edited(GOOD, resign=True, manifest_json=manifest))


def test_a_size_that_only_equals_a_number_is_refused() -> None:
    """True is equal to 1 in Python, and written otherwise."""
    data = parts(verify_html=b"x").packed()
    value = parse_canonical(read_pack(data).manifest)
    assert isinstance(value, dict)
    assert isinstance(value["members"], list)
    listed = value["members"][1]
    assert isinstance(listed, dict)
    assert listed["size"] == 1
    listed["size"] = True
    with pytest.raises(MalformedManifest, match="not how the list of these members is written"):
        read_pack(edited(data, resign=True, manifest_json=write_canonical(value)))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"hashes":[],"index":true}', "index that is no number"),
        (b'{"hashes":[],"index":-1}', "index that is no number"),
        (b'{"hashes":[],"index":"1"}', "index that is no number"),
        (b'{"hashes":[],"index":1.5}', "index that is no number"),
        (b'{"hashes":[],"index":9007199254740992}', "index that is no number"),
        (b'{"hashes":{},"index":1}', "no list"),
        (b'{"hashes":[1],"index":1}', "not 32 bytes in base64"),
        (b'{"hashes":["AAAA"],"index":1}', "not 32 bytes in base64"),
        (b'{"hashes":[],"index":1,"more":1}', "not an object of index and hashes"),
        (b"[]", "not an object of index and hashes"),
        (b"", "line 1 has 0 bytes"),
    ],
)
def test_a_proof_in_another_form_is_refused(line: bytes, why: str) -> None:
    """Types are checked, not only values."""
    pack = read_pack(edited(GOOD, resign=True, proofs_jsonl=line + b"\n"))
    with pytest.raises(MalformedMember, match=why):
        pack.leaf_proofs()


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"hashes":[],"x":1}', b'{"hashes":["A"]}'])
def test_a_consistency_proof_in_another_form_is_refused(content: bytes) -> None:
    """By the name of the member."""
    data = parts(since=since(3)).packed()
    with pytest.raises(MalformedMember, match=r"^consistency.json cannot be read"):
        read_pack(edited(data, resign=True, consistency_json=content)).consistency_hashes()


def test_a_line_without_an_end_is_refused() -> None:
    """As an editor may leave it."""
    pack = read_pack(edited(GOOD, resign=True, entries_jsonl=read_pack(GOOD).entries[:-1]))
    with pytest.raises(MalformedMember, match="does not end in a line feed"):
        pack.stored_entries()


def test_parts_that_no_pack_can_hold_are_refused() -> None:
    """Before anything is signed."""
    with pytest.raises(ValueError, match=f"is signed by {ORIGIN}/statements"):
        parts(statement_key=SignerKey(ORIGIN, bytes(32))).packed()
    with pytest.raises(ValueError, match="not a moment in UTC"):
        parts(created_at="2026-02-03").packed()
    for stored in (b"{\n}", b"", bytes(65_536)):
        with pytest.raises(ValueError, match="from 1 to 65535 bytes"):
            build_pack(**vars(parts(entries=[Proven(stored, 0, [])])))


def test_the_frozen_pack_is_still_read_and_verified() -> None:
    """As it was handed over once; it is never made anew to let a test pass."""
    data = VECTOR.read_bytes()
    assert sha256(data).hexdigest() == VECTOR_SHA256
    assert isinstance(read_pack(data), Pack)
    verified = verify_pack(data, KEYS)
    assert verified.signer_known
    assert [entry.number for entry in verified.entries] == [1, 2, 3, 4, 5]
    assert verified.since
    assert verified.since.size == 3


def test_frozen_answers_of_every_kind_follow_from_their_entries_for_ever() -> None:
    """A field more in an answer would refuse every pack that was handed out before."""
    data = ANSWERS.read_bytes()
    assert sha256(data).hexdigest() == ANSWERS_SHA256
    frozen = json.loads(data)
    kinds = set()
    for one in frozen["answers"]:
        question = read_question(parse_canonical(one["question"].encode()))
        statement = parse_statement(one["statement"])
        entries = [read_entry(frozen["entries"][at - 1].encode()) for at in one["entries"]]
        check_complete(question, entries, statement)
        assert write_canonical(derive(question, entries, statement)).decode() == one["answer"]
        kinds.add(question.kind)
    assert kinds == set(get_args(Kind))
