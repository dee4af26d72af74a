"""Verification of a pack: every claim of it, from its bytes and keys that came from elsewhere.

What is returned was proven; what was not raises a VerificationError that says why in a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.canonical import Json, parse_canonical, write_canonical
from evidence.checkpoints import Checkpoint, parse_checkpoint
from evidence.completeness import check_complete
from evidence.deriving import derive
from evidence.entries import Entry, read_entry
from evidence.errors import MalformedKey, NotSigned, SignatureInvalid, VerificationError
from evidence.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from evidence.notes import NoteAsRead, VerifierKey, open_note, read_note
from evidence.packs import Pack, manifest_text, read_pack
from evidence.questions import Question, read_question
from evidence.statements import STATEMENTS, Statement, parse_statement


class UnknownSigner(VerificationError):
    """None of the keys is in the name that a note must be signed in."""

    def __init__(self, member: str, name: str, known: Sequence[str]) -> None:
        names = ", ".join(sorted(set(known))) or "none"
        super().__init__(
            f"{member} must be signed by {name}, of whom no key is known (keys known: {names}); "
            "get the ledger's keys from its owner"
        )


class WrongKey(VerificationError):
    """Keys of the name are known, and the note is signed by another one."""

    def __init__(self, member: str, name: str) -> None:
        super().__init__(
            f"{member} is not signed by any key that is known of {name}; if its keys were replaced "
            "since, get the newest from the ledger's owner"
        )


class Unsigned(VerificationError):
    """A note bears no signature in the name that it must be signed in."""

    def __init__(self, member: str, name: str) -> None:
        super().__init__(f"{member} bears no signature in the name of {name}")


class WrongManifestNote(VerificationError):
    """The note that signs the pack says something else than it must."""


class OtherLog(VerificationError):
    """A part of the pack is of another log."""

    def __init__(self, what: str, found: str, origin: str) -> None:
        super().__init__(f"{what} is of the log {found!r}, and the pack of {origin!r}")


class OtherTree(VerificationError):
    """The statement is not about the tree of the checkpoint."""

    def __init__(self, statement: Statement, checkpoint: Checkpoint) -> None:
        super().__init__(
            f"the statement is about the tree of {statement.size} with the root "
            f"{statement.root.hex()}, and the checkpoint about that of {checkpoint.size} with "
            f"{checkpoint.root.hex()}"
        )


class OtherQuestion(VerificationError):
    """The statement is about another book or moment than the question."""

    def __init__(self, what: str, stated: object, asked: object) -> None:
        super().__init__(f"the statement is about {what} {stated}, and the question about {asked}")


class OddQuestion(VerificationError):
    """The question is not written as it would be."""

    def __init__(self) -> None:
        super().__init__("question.json is not how the question that it holds is written")


class OddAnswer(VerificationError):
    """The answer is not an object."""

    def __init__(self) -> None:
        super().__init__("answer.json does not hold an object")


class MissingProof(VerificationError):
    """There is not one proof for each entry."""

    def __init__(self, entries: int, proofs: int) -> None:
        super().__init__(f"the pack holds {entries} entries and {proofs} proofs, not one for each")


class EntryUnproven(VerificationError):
    """An entry is not in the tree where its proof says: it, its proof or its place was changed."""

    def __init__(self, number: int, why: VerificationError) -> None:
        super().__init__(f"entry {number} is not proven to be in the ledger: {why}")


class OtherBook(VerificationError):
    """An entry of the pack is of another book than the question."""

    def __init__(self, entry: Entry, book: str) -> None:
        super().__init__(
            f"entry {entry.number} is of book {entry.book}, and the question of {book}"
        )


class EntriesOutOfOrder(VerificationError):
    """The entries do not ascend, by their numbers or by their places in the log."""

    def __init__(self, number: int, before: int) -> None:
        super().__init__(f"entry {number} stands behind entry {before}, out of order")


class StaleCheckpoint(VerificationError):
    """The pack's checkpoint is older than one that is known already."""

    def __init__(self, size: int, which: str, known: int) -> None:
        super().__init__(
            f"the pack's checkpoint is of {size} entries, and {which} of {known}; "
            "ask for a pack that is made now"
        )


class OtherSince(VerificationError):
    """The pack goes on from another checkpoint than the one that is held."""

    def __init__(self, held: Checkpoint, found: Checkpoint | None) -> None:
        what = (
            f"from one of {found.size} with the root {found.root.hex()}" if found else "from none"
        )
        super().__init__(
            f"you hold a checkpoint of {held.size} entries with the root {held.root.hex()}, and "
            f"the pack shows that the log went on {what}; ask for a pack made since yours"
        )


class AnswerDiffers(VerificationError):
    """The entries give another answer than the pack."""

    def __init__(self, at: int) -> None:
        super().__init__(
            f"the answer that follows from the entries is another one than answer.json, "
            f"from byte {at} on"
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What a pack proves. If `signer_known` is false, only that it does not contradict itself."""

    question: Question
    answer: dict[str, Json]
    entries: tuple[Entry, ...]
    checkpoint: Checkpoint
    statement: Statement
    since: Checkpoint | None
    """The older checkpoint from which the log is shown to have only grown."""
    created_at: str
    """When the pack was made, as its signer says."""
    signed_by: tuple[VerifierKey, ...]
    """The keys whose signatures were verified; none where no keys were given."""

    @property
    def signer_known(self) -> bool:
        """Whether signatures were verified, and so the pack is the ledger's own."""
        return bool(self.signed_by)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the keys whose signatures were verified."""
        return tuple(dict.fromkeys(key.name for key in self.signed_by))


def read_keys(text: str) -> list[VerifierKey]:
    """The keys in the text of a file: one a line; blank lines and lines with # before are none."""
    keys: list[VerifierKey] = []
    # Some editors put a byte order mark before what they save.
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        try:
            keys.append(VerifierKey.parse(words))
        except MalformedKey as error:
            raise MalformedKey(f"line {number} of the keys: {error}") from None
    if not keys:
        raise MalformedKey("there is no key among the keys")
    return keys


def verify_pack(
    data: bytes, keys: Sequence[VerifierKey] | None, *, since: bytes | None = None
) -> Verified:
    """What the pack proves, to somebody who knows these keys. Raises a VerificationError.

    Without keys (None) all is checked but the signatures: they cannot come from the pack.
    `since` is a checkpoint that the caller holds already, as a note.
    """
    pack = read_pack(data)
    signatures = _Signatures(pack.origin, keys)
    _check_manifest(pack, signatures)
    checkpoint = signatures.checkpoint("checkpoint.note", pack.checkpoint)
    question = _question(pack.question)
    statement = _statement(pack, signatures, checkpoint, question)
    older = _since(pack, signatures, checkpoint, held=since)
    entries = _entries(pack, checkpoint, question)
    check_complete(question, entries, statement)
    answer = _answer(pack.answer)
    _require_same(pack.answer, write_canonical(derive(question, entries, statement)))
    return Verified(
        question=question,
        answer=answer,
        entries=tuple(entries),
        checkpoint=checkpoint,
        statement=statement,
        since=older,
        created_at=pack.created_at,
        signed_by=tuple(signatures.found),
    )


@dataclass(frozen=True, slots=True)
class _Signatures:
    """Opens the notes of one log with the keys that there are."""

    origin: str
    keys: Sequence[VerifierKey] | None
    found: dict[VerifierKey, None] = field(default_factory=dict)

    def text(self, member: str, note: bytes, *, name: str) -> NoteAsRead:
        """A note that is signed by this name, as far as keys can tell."""
        read = read_note(note)
        if name not in read.names:
            raise Unsigned(member, name)
        if self.keys is None:
            return read
        ours = [key for key in self.keys if key.name == name]
        if not ours:
            raise UnknownSigner(member, name, [key.name for key in self.keys])
        try:
            opened = open_note(note, ours)
        except NotSigned:
            raise WrongKey(member, name) from None
        except SignatureInvalid:
            raise SignatureInvalid(f"{name} on {member}") from None
        self.found.update(dict.fromkeys(opened.signed_by))
        return read

    def checkpoint(self, member: str, note: bytes) -> Checkpoint:
        """A checkpoint of the log."""
        read = self.text(member, note, name=self.origin)
        checkpoint = parse_checkpoint(read.text)
        if checkpoint.origin != self.origin:
            raise OtherLog(member, checkpoint.origin, self.origin)
        return checkpoint


def _check_manifest(pack: Pack, signatures: _Signatures) -> None:
    """The whole pack is signed for; the note has no second line, which would be covered by none."""
    name = pack.origin + STATEMENTS
    read = signatures.text("manifest.note", pack.manifest_note, name=name)
    if len(read.names) != 1:
        raise WrongManifestNote(f"manifest.note bears {len(read.names)} signatures, and not one")
    if read.text != manifest_text(pack.manifest, pack.origin):
        raise WrongManifestNote("manifest.note signs another manifest than the one in the pack")


def _question(data: bytes) -> Question:
    question = read_question(parse_canonical(data))
    if write_canonical(question.as_json()) != data:
        raise OddQuestion
    return question


def _answer(data: bytes) -> dict[str, Json]:
    answer = parse_canonical(data)
    if not isinstance(answer, dict):
        raise OddAnswer
    return answer


def _statement(
    pack: Pack, signatures: _Signatures, checkpoint: Checkpoint, question: Question
) -> Statement:
    """What the log states about the book as known then, in the tree of the checkpoint."""
    name = pack.origin + STATEMENTS
    read = signatures.text("statement.note", pack.statement, name=name)
    statement = parse_statement(read.text)
    if statement.origin != pack.origin:
        raise OtherLog("statement.note", statement.origin, pack.origin)
    if (statement.size, statement.root) != (checkpoint.size, checkpoint.root):
        raise OtherTree(statement, checkpoint)
    if statement.book != question.book:
        raise OtherQuestion("book", statement.book, question.book)
    if statement.known_at != question.known_at:
        raise OtherQuestion("entry", statement.known_at, question.known_at)
    return statement


def _since(
    pack: Pack, signatures: _Signatures, checkpoint: Checkpoint, *, held: bytes | None
) -> Checkpoint | None:
    """The older checkpoint that the pack's goes on from, if it is the one that is held."""
    older = None
    if pack.since is not None:
        older = signatures.checkpoint("since.note", pack.since)
        if older.size > checkpoint.size:
            raise StaleCheckpoint(checkpoint.size, "its older one", older.size)
        verify_consistency(
            old_size=older.size,
            new_size=checkpoint.size,
            old_root=older.root,
            new_root=checkpoint.root,
            proof=pack.consistency_hashes(),
        )
    if held is None:
        return older
    known = signatures.checkpoint("the checkpoint that you hold", held)
    if known.size > checkpoint.size:
        raise StaleCheckpoint(checkpoint.size, "the one that you hold", known.size)
    # Every tree goes on from the empty one, and a tree from itself.
    same = [checkpoint, older] if older else [checkpoint]
    shown = [(0, EMPTY_ROOT), *((tree.size, tree.root) for tree in same)]
    if (known.size, known.root) not in shown:
        raise OtherSince(known, older)
    return known


def _entries(pack: Pack, checkpoint: Checkpoint, question: Question) -> list[Entry]:
    """The entries, each proven to be in the tree, of the question's book, and in their order."""
    stored, proofs = pack.stored_entries(), pack.leaf_proofs()
    if len(stored) != len(proofs):
        raise MissingProof(len(stored), len(proofs))
    entries: list[Entry] = []
    index = -1
    for data, proof in zip(stored, proofs, strict=True):
        entry = read_entry(data)
        if entry.book != question.book:
            raise OtherBook(entry, question.book)
        if entries and (entry.number <= entries[-1].number or proof.index <= index):
            raise EntriesOutOfOrder(entry.number, entries[-1].number)
        try:
            verify_inclusion(
                leaf=leaf_hash(data),
                index=proof.index,
                size=checkpoint.size,
                root=checkpoint.root,
                proof=proof.hashes,
            )
        except VerificationError as error:
            raise EntryUnproven(entry.number, error) from None
        entries.append(entry)
        index = proof.index
    return entries


def _require_same(given: bytes, derived: bytes) -> None:
    if given == derived:
        return
    pairs = zip(given, derived, strict=False)
    differing = (at for at, (one, other) in enumerate(pairs) if one != other)
    raise AnswerDiffers(next(differing, min(len(given), len(derived))))
