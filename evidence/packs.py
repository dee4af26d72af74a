"""Packs: the evidence for one answer in one file, for somebody who does not trust us.

`build_pack` puts the parts together and signs for the whole; `read_pack` takes them apart again and
holds each to the manifest. What they prove is for `evidence.verifying` to find out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from evidence.archive import MEMBERS, read_archive, write_archive
from evidence.canonical import Json, parse_canonical, write_canonical
from evidence.checkpoints import parse_checkpoint
from evidence.errors import VerificationError
from evidence.merkle import HASH_BYTES
from evidence.notes import SignerKey, from_base64, read_note, sign, to_base64
from evidence.pack_readme import readme
from evidence.statements import STATEMENTS
from evidence.tiles import MAX_ENTRY_BYTES
from evidence.tlog_proofs import MAX_HASHES

FORMAT = "access-ledger-pack/v1"
MANIFEST_HEADER = "access-ledger pack/v1"

_SIGNED_MEMBERS = MEMBERS[:-2]
"""Those that the manifest lists: all but itself and the note that signs it."""
_CREATED_AT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
)


class MalformedManifest(VerificationError):
    """The list of what is in the pack is not one."""


class ChangedMember(VerificationError):
    """A member is not what the manifest says."""

    def __init__(self, name: str, listed: str, found: str) -> None:
        super().__init__(
            f"{name} was changed: the manifest lists it with {listed}, and it has {found}"
        )


class UnlistedMembers(VerificationError):
    """The manifest lists other members than the pack holds."""

    def __init__(self, listed: Sequence[str], held: Sequence[str]) -> None:
        differing = ", ".join(name for name in MEMBERS if (name in listed) != (name in held))
        super().__init__(
            f"the manifest and the pack do not have the same members; they differ in: {differing}"
            if differing
            else "the manifest lists the members of the pack in another order, or one of them twice"
        )


class MalformedMember(VerificationError):
    """A member is not in its form."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} cannot be read: {why}")


class HalfConsistency(VerificationError):
    """An older checkpoint without its consistency proof, or the other way round."""

    def __init__(self) -> None:
        super().__init__(
            "since.note and consistency.json belong together, and the pack holds one of them only"
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """The stored bytes of an entry, its leaf in the log, and the hashes that lead to the root."""

    stored: bytes
    index: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Since:
    """A checkpoint that the other side holds, and the hashes that show that the log goes on."""

    checkpoint: bytes
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class LeafProof:
    """A line of proofs.jsonl."""

    index: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """The members of a pack, byte for byte, which the manifest lists as they are."""

    readme: bytes
    question: bytes
    answer: bytes
    entries: bytes
    proofs: bytes
    checkpoint: bytes
    statement: bytes
    manifest: bytes
    manifest_note: bytes
    origin: str
    """The log that the manifest names."""
    created_at: str
    """When the pack was made, as the manifest says."""
    verify_html: bytes | None = None
    since: bytes | None = None
    consistency: bytes | None = None

    def stored_entries(self) -> list[bytes]:
        """The stored bytes of the entries, in their order."""
        return _lines("entries.jsonl", self.entries)

    def leaf_proofs(self) -> list[LeafProof]:
        """The proofs, one for each entry. Raises MalformedMember."""
        lines = _lines("proofs.jsonl", self.proofs)
        return [_leaf_proof(line, number) for number, line in enumerate(lines, 1)]

    def consistency_hashes(self) -> list[bytes]:
        """The hashes of the consistency proof. Raises MalformedMember."""
        assert self.consistency is not None
        value = parse_canonical(self.consistency)
        if not isinstance(value, dict) or set(value) != {"hashes"}:
            raise MalformedMember("consistency.json", "it is not an object with hashes alone")
        return list(_hashes("consistency.json", value["hashes"]))


def build_pack(
    *,
    question: Json,
    answer: Json,
    entries: Sequence[Proven],
    checkpoint: bytes,
    statement: bytes,
    statement_key: SignerKey,
    created_at: str,
    verify_html: bytes | None = None,
    since: Since | None = None,
) -> bytes:
    """The bytes of a pack, the same for the same parts.

    `entries` ascend. Whether the parts prove the answer is for `verify_pack` to say; a ValueError
    says that no pack can hold them.
    """
    origin = parse_checkpoint(read_note(checkpoint).text).origin
    _require_buildable(origin, statement_key, created_at)
    optional = {
        "verify.html": verify_html,
        "since.note": since.checkpoint if since else None,
        "consistency.json": write_canonical({"hashes": _texts(since.hashes)}) if since else None,
    }
    members = {
        "README.txt": readme(origin).encode(),
        "question.json": write_canonical(question),
        "answer.json": write_canonical(answer),
        "entries.jsonl": _joined([entry.stored for entry in entries]),
        "proofs.jsonl": _joined([_proof_line(entry) for entry in entries]),
        "checkpoint.note": checkpoint,
        "statement.note": statement,
        **{name: content for name, content in optional.items() if content is not None},
    }
    manifest = write_manifest(members, origin=origin, created_at=created_at)
    note = sign(manifest_text(manifest, origin), [statement_key])
    return write_archive(members | {"manifest.json": manifest, "manifest.note": note})


def _require_buildable(origin: str, statement_key: SignerKey, created_at: str) -> None:
    if statement_key.name != origin + STATEMENTS:
        raise ValueError(f"a pack of {origin} is signed by {origin}{STATEMENTS}")
    if not _CREATED_AT.fullmatch(created_at):
        raise ValueError(f"{created_at!r} is not a moment in UTC with six fractional digits")


def write_manifest(members: Mapping[str, bytes], *, origin: str, created_at: str) -> bytes:
    """The list of these members, each with its size and hash; of what it lists itself, nothing."""
    listed: list[Json] = [
        {"name": name, "sha256": sha256(members[name]).hexdigest(), "size": len(members[name])}
        for name in _SIGNED_MEMBERS
        if name in members
    ]
    return write_canonical(
        {"created_at": created_at, "format": FORMAT, "members": listed, "origin": origin}
    )


def manifest_text(manifest: bytes, origin: str) -> str:
    """The text of the note by which the whole pack is signed."""
    return f"{MANIFEST_HEADER}\n{origin}\nsha256:{sha256(manifest).hexdigest()}\n"


def read_pack(data: bytes) -> Pack:
    """The parts of a pack, each as its manifest lists it. No signature and no proof is checked."""
    members = read_archive(data)
    origin, created_at = _held_to_manifest(members)
    if ("since.note" in members) != ("consistency.json" in members):
        raise HalfConsistency
    return Pack(
        readme=members["README.txt"],
        question=members["question.json"],
        answer=members["answer.json"],
        entries=members["entries.jsonl"],
        proofs=members["proofs.jsonl"],
        checkpoint=members["checkpoint.note"],
        statement=members["statement.note"],
        manifest=members["manifest.json"],
        manifest_note=members["manifest.note"],
        origin=origin,
        created_at=created_at,
        verify_html=members.get("verify.html"),
        since=members.get("since.note"),
        consistency=members.get("consistency.json"),
    )


def _held_to_manifest(members: Mapping[str, bytes]) -> tuple[str, str]:
    """The origin and the moment that the manifest names, if it lists just these members."""
    manifest = members["manifest.json"]
    match parse_canonical(manifest):
        case {
            "format": str(form),
            "origin": str(origin),
            "created_at": str(created_at),
            "members": list(listed),
            **others,
        } if not others:
            pass
        case _:
            raise MalformedManifest("manifest.json is not an object with a manifest's four fields")
    if form != FORMAT:
        raise MalformedManifest(f"the pack is in the format {form!r}; this reads {FORMAT}")
    if not _CREATED_AT.fullmatch(created_at):
        raise MalformedManifest(f"the manifest's {created_at!r} is not a moment in UTC")
    # What it would be for these members, if they were those that were signed for.
    ours = write_manifest(members, origin=origin, created_at=created_at)
    if manifest != ours:
        _require_same(listed, parse_canonical(ours))
        raise MalformedManifest("manifest.json is not how the list of these members is written")
    return origin, created_at


def _require_same(listed: list[Json], ours: Json) -> None:
    """Name the first member that is listed otherwise than it is held."""
    assert isinstance(ours, dict)
    held = ours["members"]
    assert isinstance(held, list)
    names = [[_field(item, "name") for item in items] for items in (listed, held)]
    if names[0] != names[1]:
        raise UnlistedMembers(*names)
    for one, other in zip(listed, held, strict=True):
        if one != other:
            raise ChangedMember(_field(other, "name"), _summary(one), _summary(other))


def _field(item: Json, name: str) -> str:
    return str(item.get(name)) if isinstance(item, dict) else "nothing"


def _summary(item: Json) -> str:
    return f"{_field(item, 'size')} bytes and the hash {_field(item, 'sha256')}"


def _proof_line(entry: Proven) -> bytes:
    return write_canonical({"hashes": _texts(entry.hashes), "index": entry.index})


def _texts(hashes: Sequence[bytes]) -> list[Json]:
    return [to_base64(value) for value in hashes]


def _joined(lines: Sequence[bytes]) -> bytes:
    """Lines as a member holds them; ValueError where one is not a line that can be read again."""
    for line in lines:
        if b"\n" in line or not 0 < len(line) <= MAX_ENTRY_BYTES:
            raise ValueError(f"a line of a pack has from 1 to {MAX_ENTRY_BYTES} bytes")
    return b"".join(line + b"\n" for line in lines)


def _lines(name: str, data: bytes) -> list[bytes]:
    """The lines of a member of which each ends in a line feed."""
    if not data:
        return []
    *lines, rest = data.split(b"\n")
    if rest:
        raise MalformedMember(name, "its last line does not end in a line feed")
    for number, line in enumerate(lines, 1):
        if not 0 < len(line) <= MAX_ENTRY_BYTES:
            raise MalformedMember(name, f"line {number} has {len(line)} bytes")
    return lines


def _leaf_proof(line: bytes, number: int) -> LeafProof:
    value = parse_canonical(line)
    if not isinstance(value, dict) or set(value) != {"hashes", "index"}:
        raise MalformedMember("proofs.jsonl", f"line {number} is not an object of index and hashes")
    index = value["index"]
    # True is a whole number to Python, and 1.0 is equal to one.
    if type(index) is not int or index < 0:
        raise MalformedMember("proofs.jsonl", f"line {number} has an index that is no number")
    return LeafProof(index, _hashes(f"line {number} of proofs.jsonl", value["hashes"]))


def _hashes(where: str, value: Json) -> tuple[bytes, ...]:
    """Hashes from their base64."""
    if not isinstance(value, list) or len(value) > 2 * MAX_HASHES:
        raise MalformedMember(where, "its hashes are no list of that many")
    found = [from_base64(item) if isinstance(item, str) else None for item in value]
    hashes = tuple(item for item in found if item is not None and len(item) == HASH_BYTES)
    if len(hashes) != len(value):
        raise MalformedMember(where, "one of its hashes is not 32 bytes in base64")
    return hashes
