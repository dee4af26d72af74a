"""Log proofs (C2SP tlog-proof): that one entry is in a log, as a text that is checked offline."""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.checkpoints import Checkpoint, open_checkpoint, parse_decimal
from evidence.errors import MalformedProof
from evidence.merkle import HASH_BYTES, MAX_SIZE, require_hash, verify_inclusion
from evidence.notes import MAX_NOTE_BYTES, VerifierKey, from_base64, to_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
"""The height of the largest tree."""
MAX_PROOF_BYTES = 2 * MAX_NOTE_BYTES


@dataclass(frozen=True, slots=True)
class LogProof:
    """What the text holds. Nothing of it is believed before `verify_log_proof`."""

    index: int
    hashes: tuple[bytes, ...]
    """The inclusion proof, the leaf's sibling first."""
    checkpoint: bytes
    """The signed note, byte for byte."""
    extra: bytes | None = None
    """Opaque to the format, and proven by nothing."""

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_SIZE:
            raise MalformedProof("the index of a log proof is from 0 to 2^63 - 1")
        if len(self.hashes) > MAX_HASHES:
            raise MalformedProof(f"the log proof has {len(self.hashes)} hashes, too many")
        for number, value in enumerate(self.hashes, 1):
            require_hash(f"hash {number} of the log proof", value)
        if self.extra == b"":
            raise MalformedProof(
                "the extra data is empty; a log proof without any has no such line"
            )

    def __bytes__(self) -> bytes:
        """The text of the proof."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(to_base64, self.hashes)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry's place in a log, proven."""

    index: int
    checkpoint: Checkpoint
    extra: bytes | None
    """Handed through, and not proven."""


def read_log_proof(data: bytes) -> LogProof:
    """What a proof says, held to its form only: neither signature nor hashes are checked."""
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedProof(f"the log proof has {len(data)} bytes, more than {MAX_PROOF_BYTES}")
    head, border, checkpoint = data.partition(b"\n\n")
    if not border:
        raise MalformedProof("the log proof has no blank line before its checkpoint")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedProof(f"the log proof is not ASCII from byte {error.start} on") from None
    if header != HEADER:
        raise MalformedProof(f"the log proof does not begin with {HEADER}")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    index = parse_decimal(lines[0].removeprefix("index ")) if lines else None
    if index is None or not lines[0].startswith("index "):
        raise MalformedProof("the log proof has no line with the index of its entry")
    hashes = tuple(_hash(line, number) for number, line in enumerate(lines[1:], 1))
    return LogProof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra)


def _extra(line: str) -> bytes:
    found = from_base64(line.removeprefix("extra "))
    if found is None:
        raise MalformedProof("the extra data of the log proof is not base64")
    return found


def _hash(line: str, number: int) -> bytes:
    found = from_base64(line)
    if found is None or len(found) != HASH_BYTES:
        raise MalformedProof(f"line {number} of the log proof's hashes is not a hash in base64")
    return found


def verify_log_proof(
    data: bytes, *, leaf: bytes, keys: Iterable[VerifierKey], origin: str
) -> ProvenEntry:
    """Where the entry with this leaf hash stands in the log `origin`, whose keys these are.

    Raises a VerificationError unless the checkpoint is signed by one of the keys, is of this log,
    and the hashes lead from the leaf to its root.
    """
    proof = read_log_proof(data)
    checkpoint = open_checkpoint(proof.checkpoint, keys, origin=origin)
    verify_inclusion(
        leaf=leaf,
        index=proof.index,
        size=checkpoint.size,
        root=checkpoint.root,
        proof=proof.hashes,
    )
    return ProvenEntry(index=proof.index, checkpoint=checkpoint, extra=proof.extra)
