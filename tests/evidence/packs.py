"""Small packs to try: a log of a few entries of two books, and keys that all may know."""

from dataclasses import dataclass
from typing import Any

from evidence.archive import read_archive, write_archive
from evidence.canonical import Json, write_canonical
from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.deriving import derive
from evidence.entries import read_entry
from evidence.merkle import Appender, consistency_proof, inclusion_proof, leaf_hash
from evidence.notes import SignerKey, VerifierKey, sign
from evidence.packs import Proven, Since, build_pack, manifest_text, write_manifest
from evidence.questions import Question
from evidence.statements import Statement
from tests.evidence.shared import stored_over

ORIGIN = "ledger.example/norrsken"
LOG_KEY = SignerKey(ORIGIN, bytes(range(32)))
STATEMENT_KEY = SignerKey(f"{ORIGIN}/statements", bytes(range(32, 64)))
KEYS = [LOG_KEY.verifier, STATEMENT_KEY.verifier]
CREATED_AT = "2026-02-03T04:05:06.000007Z"

BOOK, PARTNER, RIVAL = "506914307656634", "563920174410288", "563920174410299"
OTHER_BOOK = "506914307656699"
PAGE = {"type": "page", "id": "104857600219483"}
ASSET = "page:104857600219483"


def _times(number: int) -> str:
    return f"2025-03-{number:02}T12:00:00.000000Z"


def _stored(number: int, event: dict[str, Any], *, book: str = BOOK, **touches: int) -> bytes:
    """An entry as the ledger stores it; `touches` by the short names of subjects."""
    pair = f"{event.get('owner')}:{event.get('partner')}"
    subjects = {
        "asset": f"asset:{ASSET}",
        "ownership": f"ownership:{ASSET}",
        "line": f"line:{pair}:{ASSET}",
        "partner": f"partner:{pair}",
        "episode": f"episode:{pair}",
    }
    return write_canonical(
        {
            "format": "entry/v1",
            "book": book,
            "number": number,
            "recorded_at": _times(number + 1),
            "recorded_by": "test",
            "event": {"id": f"fact-{number}", "effective_at": _times(number), **event},
            "touches": {subjects[name]: before for name, before in touches.items()},
        }
    )


def _grant(partner: str, *tasks: str) -> dict[str, Any]:
    event = {"type": "access-granted/v1", "partner": partner, "asset": PAGE, "tasks": list(tasks)}
    return {"owner": BOOK, **event}


def _added(partner: str) -> dict[str, Any]:
    return {"type": "partner-added/v1", "owner": BOOK, "partner": partner, "partner_name": "Söder"}


OWNED = {"type": "ownership-established/v1", "owner": BOOK, "asset": PAGE, "basis": "created"}
LOG = [
    _stored(1, OWNED, asset=0, ownership=0),
    _stored(1, {**OWNED, "owner": OTHER_BOOK}, book=OTHER_BOOK, asset=0, ownership=0),
    _stored(2, _added(PARTNER), partner=0, episode=0),
    _stored(3, _grant(PARTNER, "ADVERTISE", "ANALYZE"), asset=1, line=0, partner=2),
    _stored(4, _added(RIVAL), partner=0, episode=0),
    _stored(5, _grant(RIVAL, "ANALYZE"), asset=3, line=0, partner=4),
    _stored(2, {**OWNED, "owner": OTHER_BOOK}, book=OTHER_BOOK, asset=1, ownership=1),
]
"""The leaves of the log, in their order."""
OURS = [at for at, stored in enumerate(LOG) if read_entry(stored).book == BOOK]
"""Where the entries of the book stand."""
KNOWN_AT = len(OURS)
QUESTION = Question("who", BOOK, _times(20), KNOWN_AT, ("page", PAGE["id"]))


@dataclass(frozen=True)
class Parts:
    """What a pack is made from, so that a test may change one thing of it."""

    question: Json
    answer: Json
    entries: list[Proven]
    checkpoint: bytes
    statement: bytes
    since: Since | None = None
    verify_html: bytes | None = None
    statement_key: SignerKey = STATEMENT_KEY
    created_at: str = CREATED_AT

    def packed(self) -> bytes:
        """The pack."""
        return build_pack(**vars(self))


def tree(size: int = len(LOG)) -> Checkpoint:
    """The tree of the first entries of the log."""
    appender = Appender()
    appender.extend(map(leaf_hash, LOG[:size]))
    return Checkpoint(ORIGIN, size, appender.root())


def proven(index: int, size: int = len(LOG)) -> Proven:
    """An entry of the log with its proof."""
    stored = stored_over([leaf_hash(data) for data in LOG])
    return Proven(LOG[index], index, inclusion_proof(index, size, stored))


def since(size: int) -> Since:
    """An older checkpoint, and the proof that the log only grew."""
    stored = stored_over([leaf_hash(data) for data in LOG])
    hashes = consistency_proof(size, len(LOG), stored)
    return Since(sign_checkpoint(tree(size), LOG_KEY), hashes)


def statement(**changes: Any) -> Statement:
    """What the log states about the book."""
    fields: dict[str, Any] = {
        "origin": ORIGIN,
        "size": len(LOG),
        "root": tree().root,
        "book": BOOK,
        "known_at": KNOWN_AT,
        "recorded_at": _times(KNOWN_AT + 1),
        "newest": {
            f"asset:{ASSET}": 5,
            f"episode:{BOOK}:{PARTNER}": 2,
            f"episode:{BOOK}:{RIVAL}": 4,
        },
    }
    return Statement(**{**fields, **changes})


def note_of(stated: Statement, key: SignerKey = STATEMENT_KEY) -> bytes:
    """A statement as a signed note."""
    return sign(str(stated), [key])


def parts(**changes: Any) -> Parts:
    """The parts of a good pack, or with some of them changed."""
    entries = [read_entry(LOG[index]) for index in OURS]
    fields: dict[str, Any] = {
        "question": QUESTION.as_json(),
        "answer": derive(QUESTION, entries, statement()),
        "entries": [proven(index) for index in OURS],
        "checkpoint": sign_checkpoint(tree(), LOG_KEY),
        "statement": note_of(statement()),
    }
    return Parts(**{**fields, **changes})


def sample() -> bytes:
    """A pack with every member, which is kept as vectors/pack.v1.zip."""
    return parts(since=since(3), verify_html=b"<!doctype html><title>verify</title>\n").packed()


def edited(data: bytes, *, resign: bool = False, **changes: bytes | None) -> bytes:
    """The pack with members changed (`question_json=...`) or removed, and a manifest that fits.

    The note that signs the manifest stays as it was, unless `resign`.
    """
    members = read_archive(data)
    for name, content in changes.items():
        member = name.replace("_", ".") if name != "README_txt" else "README.txt"
        members.pop(member, None)
        if content is not None:
            members[member] = content
    if "manifest_json" not in changes:
        manifest = write_manifest(members, origin=ORIGIN, created_at=CREATED_AT)
        members["manifest.json"] = manifest
    if resign:
        text = manifest_text(members["manifest.json"], ORIGIN)
        members["manifest.note"] = sign(text, [STATEMENT_KEY])
    return write_archive(members)


def vkeys(keys: list[VerifierKey] = KEYS) -> str:
    """The text of a file of keys."""
    return "# the keys of the ledger\n" + "".join(f"{key}\n" for key in keys)
