"""Checkpoints (C2SP tlog-checkpoint): the size and the root of a log, as the log signed them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.errors import MalformedCheckpoint, MalformedHash
from evidence.merkle import MAX_SIZE, require_hash
from evidence.notes import SignerKey, VerifierKey, from_base64, open_note, sign, to_base64

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")  # 2^63 - 1 has nineteen digits
_CONTROL = re.compile(r"[\x00-\x1f]")
_LINES_AT_LEAST = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one moment."""

    origin: str
    """Which log it is."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Lines that the format lets a log add; they mean nothing here."""

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or _CONTROL.search(line):
                raise MalformedCheckpoint(f"{line!r} cannot be a line of a checkpoint")
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedCheckpoint("the size of a checkpoint is from 0 to 2^63 - 1")
        require_hash("the root of the checkpoint", self.root)

    def __str__(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_decimal(text: str) -> int | None:
    """A whole number as the formats write it, up to 2^63 - 1; None for anything else."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number <= MAX_SIZE else None


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that the text of a note states. Whether it is signed is not looked at."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < _LINES_AT_LEAST:
        raise MalformedCheckpoint(
            "a checkpoint is an origin, a size and a root hash, each on a line of its own"
        )
    origin, size_text, root_text, *extensions = lines
    size = parse_decimal(size_text)
    if size is None:
        raise MalformedCheckpoint(f"{size_text!r} is not the size of a tree")
    root = from_base64(root_text)
    if root is None:
        raise MalformedCheckpoint(f"{root_text!r} is not a root hash in base64")
    try:
        return Checkpoint(origin, size, root, tuple(extensions))
    except MalformedHash as error:
        raise MalformedCheckpoint(str(error)) from None


def sign_checkpoint(checkpoint: Checkpoint, key: SignerKey) -> bytes:
    """The checkpoint as a signed note."""
    return sign(str(checkpoint), [key])


def open_checkpoint(note: bytes, keys: Iterable[VerifierKey], *, origin: str) -> Checkpoint:
    """The checkpoint in a note that one of the log's keys has signed, if it is of this log.

    Name only keys of the log itself: a witness's key would let a note pass that the log never
    signed.
    """
    checkpoint = parse_checkpoint(open_note(note, keys).text)
    if checkpoint.origin != origin:
        raise MalformedCheckpoint(
            f"the checkpoint is of {checkpoint.origin!r}, and the log asked about is {origin!r}"
        )
    return checkpoint
