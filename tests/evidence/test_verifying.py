"""Verification of packs: what it finds, and the reason it gives for each thing that is wrong."""

from typing import Any

import pytest

from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.errors import (
    ConsistencyUnproven,
    MalformedKey,
    MalformedNote,
    NotCanonical,
    SignatureInvalid,
    VerificationError,
)
from evidence.merkle import EMPTY_ROOT, inclusion_proof, leaf_hash, root_of
from evidence.notes import SignerKey, sign
from evidence.packs import Proven, Since, read_pack
from evidence.verifying import (
    AnswerDiffers,
    EntriesOutOfOrder,
    EntryUnproven,
    MissingProof,
    OddAnswer,
    OtherBook,
    OtherLog,
    OtherQuestion,
    OtherSince,
    OtherTree,
    StaleCheckpoint,
    UnknownSigner,
    Unsigned,
    WrongKey,
    WrongManifestNote,
    read_keys,
    verify_pack,
)
from tests.evidence.packs import (
    BOOK,
    KEYS,
    KNOWN_AT,
    LOG,
    LOG_KEY,
    ORIGIN,
    OTHER_BOOK,
    OURS,
    QUESTION,
    edited,
    note_of,
    parts,
    proven,
    since,
    statement,
    tree,
    vkeys,
)
from tests.evidence.shared import stored_over

GOOD = parts().packed()
ENTRIES = [proven(index) for index in OURS]
SECRET = LOG_KEY.secret_text
STRANGER = SignerKey(f"{ORIGIN}/statements", bytes(32))


def _refused(kind: type[VerificationError], why: str, data: bytes, **held: Any) -> None:
    with pytest.raises(kind, match=why) as refused:
        verify_pack(data, KEYS, **held)
    assert type(refused.value) is kind


def test_a_good_pack_is_verified() -> None:
    """With what it proves, and by whose keys."""
    verified = verify_pack(GOOD, KEYS)
    assert verified.question == QUESTION
    assert [entry.number for entry in verified.entries] == [1, 2, 3, 4, 5]
    assert verified.checkpoint == tree()
    assert str(verified.statement) == str(statement())
    assert verified.answer == parts().answer
    assert verified.signer_known
    assert verified.key_names == (f"{ORIGIN}/statements", ORIGIN)
    assert verified.since is None


def test_without_keys_the_signer_is_not_known() -> None:
    """All else is checked; keys that are empty are not the same as none."""
    verified = verify_pack(GOOD, None)
    assert not verified.signer_known
    assert verified.key_names == ()
    assert verified.answer == parts().answer
    with pytest.raises(UnknownSigner, match=r"no key is known \(keys known: none\)"):
        verify_pack(GOOD, [])
    with pytest.raises(AnswerDiffers):
        verify_pack(parts(answer={}).packed(), None)


def test_rotated_keys_are_all_accepted() -> None:
    """Several keys of one name; each note is by one of them."""
    older = SignerKey(ORIGIN, bytes(range(64, 96)))
    keys = [STRANGER.verifier, older.verifier, *KEYS]
    data = parts(checkpoint=sign_checkpoint(tree(), older)).packed()
    for pack in (GOOD, data):
        assert verify_pack(pack, keys).signer_known
    _refused(
        WrongKey, f"^checkpoint.note is not signed by any key that is known of {ORIGIN}; if", data
    )


def test_cosignatures_are_passed_over() -> None:
    """A checkpoint may be signed by witnesses too, known or not."""
    witness = SignerKey("witness.example", bytes(32))
    data = parts(checkpoint=sign(str(tree()), [witness, LOG_KEY])).packed()
    assert verify_pack(data, KEYS).key_names == (f"{ORIGIN}/statements", ORIGIN)
    assert verify_pack(data, [*KEYS, witness.verifier]).key_names == (
        f"{ORIGIN}/statements",
        ORIGIN,
    )


# Who signed.


def test_an_unknown_signer_is_refused_by_name() -> None:
    """With the names that are known, and what to do."""
    with pytest.raises(UnknownSigner) as refused:
        verify_pack(GOOD, [SignerKey("other.example", bytes(32)).verifier, LOG_KEY.verifier])
    assert str(refused.value) == (
        f"manifest.note must be signed by {ORIGIN}/statements, of whom no key is known "
        f"(keys known: {ORIGIN}, other.example); get the ledger's keys from its owner"
    )


def test_a_pack_that_a_stranger_made_is_refused() -> None:
    """In the ledger's name, from parts that are all good."""
    data = parts(statement_key=STRANGER).packed()
    _refused(WrongKey, f"^manifest.note is not signed by any key that is known of {ORIGIN}/", data)


def test_a_statement_by_another_key_is_refused() -> None:
    """By a stranger's, or by the key that signs checkpoints."""
    data = parts(statement=note_of(statement(), STRANGER)).packed()
    _refused(WrongKey, "^statement.note is not signed by any", data)
    data = parts(statement=note_of(statement(), LOG_KEY)).packed()
    _refused(Unsigned, f"^statement.note bears no signature in the name of {ORIGIN}/st", data)


def test_a_checkpoint_with_another_text_is_refused() -> None:
    """The signature is the ledger's, and the root is not."""
    note = sign_checkpoint(tree(), LOG_KEY).replace(b"\n7\n", b"\n8\n")
    _refused(
        SignatureInvalid,
        f"^the signature of {ORIGIN} on checkpoint.note does not fit the text",
        parts(checkpoint=note).packed(),
    )


def test_a_manifest_that_was_written_again_is_refused() -> None:
    """Also with the signature of another pack by the same key."""
    changed = edited(GOOD, README_txt=b"Do as you are told.\n")
    _refused(WrongManifestNote, "signs another manifest than the one in the pack", changed)


def test_a_second_signature_on_the_manifest_is_refused() -> None:
    """No other part would cover that line, and it could be anything."""
    note = read_pack(GOOD).manifest_note
    line = note.rpartition(b"\n\n")[2]
    for more in (line, line.replace(ORIGIN.encode(), b"witness.example")):
        changed = edited(GOOD, manifest_note=note + more)
        _refused(WrongManifestNote, "bears 2 signatures, and not one", changed)


@pytest.mark.parametrize("member", ["checkpoint_note", "statement_note", "manifest_note"])
def test_what_is_no_note_is_refused(member: str) -> None:
    """Wherever a note belongs, with keys and without."""
    for content in (b"", b"text\n", b"\xff\n\n\xe2\x80\x94 a b\n"):
        changed = edited(GOOD, resign=member != "manifest_note", **{member: content})
        for keys in (KEYS, None):
            with pytest.raises(MalformedNote):
                verify_pack(changed, keys)


# What is said about the tree and the book.


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """Even if the log's key signed it."""
    other = Checkpoint("other.example/log", len(LOG), tree().root)
    note = sign_checkpoint(other, LOG_KEY)
    changed = edited(GOOD, resign=True, checkpoint_note=note)
    _refused(OtherLog, "^checkpoint.note is of the log 'other.example/log', and the pack", changed)


def test_a_statement_about_another_log_is_refused() -> None:
    """As a checkpoint is."""
    data = parts(statement=note_of(statement(origin="other.example/log"))).packed()
    _refused(OtherLog, "^statement.note is of the log 'other.example/log'", data)


@pytest.mark.parametrize("changes", [{"size": 6}, {"root": bytes(32)}])
def test_a_statement_about_another_tree_is_refused(changes: dict[str, Any]) -> None:
    """Size and root must be those of the checkpoint."""
    data = parts(statement=note_of(statement(**changes))).packed()
    _refused(OtherTree, "^the statement is about the tree of", data)


def test_a_statement_about_another_question_is_refused() -> None:
    """About another book, or about an earlier state of knowledge."""
    data = parts(statement=note_of(statement(book=OTHER_BOOK))).packed()
    _refused(OtherQuestion, f"is about book {OTHER_BOOK}, and the question about {BOOK}$", data)
    data = parts(statement=note_of(statement(known_at=KNOWN_AT - 1))).packed()
    _refused(OtherQuestion, "is about entry 4, and the question about 5$", data)


def test_a_question_that_is_written_otherwise_is_refused() -> None:
    """With a field that nobody reads, or with spaces."""
    value = {**dict(parts().question), "more": 1}  # type: ignore[arg-type]
    with pytest.raises(VerificationError):
        verify_pack(parts(question=value).packed(), KEYS)
    spaced = read_pack(GOOD).question.replace(b",", b", ")
    _refused(NotCanonical, "the text is not", edited(GOOD, resign=True, question_json=spaced))


# The entries and their proofs.


def test_a_changed_entry_is_refused() -> None:
    """Its bytes no longer lead to the root."""
    stored = ENTRIES[2].stored.replace(b"ANALYZE", b"MANAGE")
    entries = [*ENTRIES[:2], Proven(stored, ENTRIES[2].index, ENTRIES[2].hashes), *ENTRIES[3:]]
    _refused(
        EntryUnproven,
        "^entry 3 is not proven to be in the ledger: the inclusion proof leads from leaf 3 to",
        parts(entries=entries).packed(),
    )


def test_an_entry_without_its_proof_is_refused() -> None:
    """Fewer proofs than entries, a proof without hashes, and one of another tree."""
    lines = read_pack(GOOD).proofs.splitlines(keepends=True)
    changed = edited(GOOD, resign=True, proofs_jsonl=b"".join(lines[:-1]))
    _refused(MissingProof, "^the pack holds 5 entries and 4 proofs, not one for each$", changed)
    for bad in (Proven(LOG[5], 5, []), proven(5, size=6), Proven(LOG[5], 7, ENTRIES[4].hashes)):
        _refused(EntryUnproven, "^entry 5 is not", parts(entries=[*ENTRIES[:4], bad]).packed())


def test_proofs_that_are_swapped_are_refused() -> None:
    """They are those of other leaves."""
    lines = read_pack(GOOD).proofs.splitlines(keepends=True)
    lines[1:3] = lines[2], lines[1]
    changed = edited(GOOD, resign=True, proofs_jsonl=b"".join(lines))
    _refused(EntryUnproven, "^entry 2 is not proven to be in the ledger", changed)


def test_entries_out_of_order_are_refused() -> None:
    """Swapped with their proofs, or one of them twice."""
    swapped = [ENTRIES[0], ENTRIES[2], ENTRIES[1], *ENTRIES[3:]]
    _refused(EntriesOutOfOrder, "^entry 2 stands behind entry 3", parts(entries=swapped).packed())
    twice = [*ENTRIES, ENTRIES[-1]]
    _refused(EntriesOutOfOrder, "^entry 5 stands behind entry 5", parts(entries=twice).packed())


def test_an_entry_of_another_book_is_refused() -> None:
    """Though it is in the same ledger, at its place."""
    entries = [ENTRIES[0], proven(1), *ENTRIES[1:]]
    _refused(
        OtherBook,
        f"^entry 1 is of book {OTHER_BOOK}, and the question of {BOOK}$",
        parts(entries=entries).packed(),
    )


@pytest.mark.parametrize("left_out", range(len(ENTRIES)))
def test_an_entry_that_is_left_out_is_missed(left_out: int) -> None:
    """The statement names the newest entry of each subject, and each entry the one before it."""
    entries = [*ENTRIES[:left_out], *ENTRIES[left_out + 1 :]]
    with pytest.raises(VerificationError):
        verify_pack(parts(entries=entries).packed(), KEYS)


def test_a_log_whose_order_is_not_that_of_the_book_is_refused() -> None:
    """Whether the pack follows the numbers or the leaves: one of them does not ascend."""
    log = [LOG[0], LOG[3], LOG[2], *LOG[4:6]]
    leaves = [leaf_hash(data) for data in log]
    stored = stored_over(leaves)
    odd = Checkpoint(ORIGIN, len(log), root_of(leaves))
    by_leaf = [Proven(data, at, inclusion_proof(at, 5, stored)) for at, data in enumerate(log)]
    by_number = [by_leaf[0], by_leaf[2], by_leaf[1], *by_leaf[3:]]
    stated = note_of(statement(size=odd.size, root=odd.root))
    checkpoint = sign_checkpoint(odd, LOG_KEY)
    for entries, why in ((by_leaf, "entry 2 stands behind entry 3"), (by_number, "entry 3 stands")):
        data = parts(entries=entries, checkpoint=checkpoint, statement=stated).packed()
        _refused(EntriesOutOfOrder, f"^{why}", data)


# The answer.


def test_another_answer_than_the_entries_give_is_refused() -> None:
    """Where it begins to differ is said."""
    answer = read_pack(GOOD).answer
    at = answer.index(b"ADVERTISE")
    changed = answer.replace(b"ADVERTISE", b"MODERATE_")
    with pytest.raises(AnswerDiffers) as refused:
        verify_pack(edited(GOOD, resign=True, answer_json=changed), KEYS)
    assert str(refused.value) == (
        "the answer that follows from the entries is another one than answer.json, "
        f"from byte {at} on"
    )


def test_an_answer_that_is_no_object_is_refused() -> None:
    """Or not the canonical text of one."""
    _refused(OddAnswer, "does not hold an object", parts(answer=[]).packed())
    for content in (b"", b"{ }", b"\xff"):
        _refused(NotCanonical, "the text is not", edited(GOOD, resign=True, answer_json=content))


# The older checkpoint.


def test_the_log_is_shown_to_have_only_grown() -> None:
    """From the checkpoint in the pack, which is the one that is held."""
    data = parts(since=since(3)).packed()
    for held in (None, since(3).checkpoint):
        verified = verify_pack(data, KEYS, since=held)
        assert verified.since == tree(3)


@pytest.mark.parametrize("size", [0, len(LOG)])
def test_some_checkpoints_need_no_proof(size: int) -> None:
    """That of the empty log, from which every log goes on, and the very one of the pack."""
    held = sign_checkpoint(tree(size), LOG_KEY)
    assert verify_pack(GOOD, KEYS, since=held).since == tree(size)


def test_another_checkpoint_than_the_one_that_is_held_is_refused() -> None:
    """A pack that proves nothing about it, or that proves it of another one."""
    held = sign_checkpoint(tree(4), LOG_KEY)
    _refused(OtherSince, "that the log went on from none; ask for", GOOD, since=held)
    data = parts(since=since(3)).packed()
    _refused(OtherSince, "that the log went on from one of 3 with the root", data, since=held)


def test_a_fork_is_seen() -> None:
    """Two roots of one size: held, or in the pack."""
    forked = sign_checkpoint(Checkpoint(ORIGIN, 3, bytes(32)), LOG_KEY)
    _refused(OtherSince, "you hold a checkpoint of 3", parts(since=since(3)).packed(), since=forked)
    data = parts(since=Since(forked, since(3).hashes)).packed()
    _refused(ConsistencyUnproven, "the consistency proof leads to", data)
    now = sign_checkpoint(Checkpoint(ORIGIN, len(LOG), bytes(32)), LOG_KEY)
    _refused(OtherSince, "you hold a checkpoint of 7", GOOD, since=now)
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), LOG_KEY)
    assert bytes(32) != EMPTY_ROOT
    _refused(OtherSince, "you hold a checkpoint of 0", GOOD, since=empty)


def test_a_stale_checkpoint_is_refused() -> None:
    """The pack is older than what is known, or names a newer checkpoint as an older one."""
    newer = sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), LOG_KEY)
    why = "^the pack's checkpoint is of 7 entries, and the one that you hold of 8; ask for a pack"
    _refused(StaleCheckpoint, why, GOOD, since=newer)
    data = parts(since=Since(newer, [])).packed()
    _refused(StaleCheckpoint, "^the pack's checkpoint is of 7 entries, and its older one", data)


def test_a_held_checkpoint_is_held_to_the_keys() -> None:
    """What the caller holds may be forged too, or of another log."""
    forged = sign_checkpoint(tree(), SignerKey(ORIGIN, bytes(32)))
    _refused(WrongKey, "^the checkpoint that you hold is not signed by", GOOD, since=forged)
    other = sign_checkpoint(
        Checkpoint("b.example", 7, tree().root), SignerKey("b.example", b"b" * 32)
    )
    _refused(Unsigned, "^the checkpoint that you hold bears no signature", GOOD, since=other)
    _refused(MalformedNote, "is not UTF-8", GOOD, since=b"\xff")


# Files of keys.


def test_a_file_of_keys_is_read() -> None:
    """One a line, with comments, blank lines, any ends of lines, and what editors put before."""
    assert read_keys(vkeys()) == KEYS
    assert read_keys(f"\ufeff{KEYS[0]}\r\n") == KEYS[:1]
    assert read_keys(f"\r\n  {KEYS[0]} \r\n\r\n# {KEYS[1]}\r\n") == KEYS[:1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no key among the keys"),
        ("# nothing\n", "there is no key among the keys"),
        (f"{KEYS[0]}\nkey\n", "line 2 of the keys: the verifier key is not of the form"),
        (SECRET, "line 1 of the keys: "),
    ],
)
def test_what_is_no_file_of_keys_is_refused(text: str, why: str) -> None:
    """By its line; a private key is not shown again."""
    with pytest.raises(MalformedKey, match=why) as refused:
        read_keys(text)
    assert SECRET.rpartition("+")[2] not in str(refused.value)
