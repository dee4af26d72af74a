"""The archive of a pack: a ZIP that has one form only, so that no bit of it is without meaning.

Any unzip opens it. It is read here by a reader of its own that knows nothing but this form: members
of a fixed list, in its order, stored as they are, without dates, comments, or room between them.
"""

import struct
from collections.abc import Mapping
from zlib import crc32

from evidence.errors import VerificationError

MEMBERS = (
    "README.txt",
    "verify.html",
    "question.json",
    "answer.json",
    "entries.jsonl",
    "proofs.jsonl",
    "checkpoint.note",
    "statement.note",
    "since.note",
    "consistency.json",
    "manifest.json",
    "manifest.note",
)
"""Every member that there can be, in the order in which they stand."""
OPTIONAL = frozenset({"verify.html", "since.note", "consistency.json"})
MAX_ARCHIVE_BYTES = 512 * 1024 * 1024

# APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16; numbers are little-endian.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_CENTRAL_SIGNATURE = b"PK\x01\x02"
_END_SIGNATURE = b"PK\x05\x06"
_NAME_AT = 26
_SIZE_AT = 18
_METHOD_AT = 8

_VERSION = 20
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that the attributes are a file's mode
_NO_FLAGS = 0
_STORED = 0
_MIDNIGHT = 0
_FIRST_DAY = 1 << 5 | 1  # 1980-01-01, the first that the format can write
_ATTRIBUTES = 0o100644 << 16  # a file that its owner may write and all may read


class NotAnArchive(VerificationError):
    """The bytes do not begin as a pack does."""

    def __init__(self) -> None:
        super().__init__("the file is not a pack: it does not begin as a ZIP archive")


class ArchiveTooLarge(VerificationError):
    """The archive is larger than any pack."""

    def __init__(self) -> None:
        super().__init__(
            f"the archive is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB, "
            "which is the most that a pack may be"
        )


class ArchiveCutOff(VerificationError):
    """The archive ends before it is complete."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the archive is cut off in {where}; copy the file again")


class BytesAfterEnd(VerificationError):
    """Something stands behind the end of the archive."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} bytes stand behind the end of the archive")


class ForeignMember(VerificationError):
    """A member that no pack has. Its name may lead anywhere, and is never followed."""

    def __init__(self, name: bytes) -> None:
        shown = name[:80].decode("ascii", "backslashreplace")
        super().__init__(f"the archive holds {shown!r}, which is no member of a pack")


class WrongOrder(VerificationError):
    """Members are not in their order, or one is there twice."""

    def __init__(self, name: str, after: str) -> None:
        what = "twice" if name == after else f"behind {after}, where it does not belong"
        super().__init__(f"the archive holds {name} {what}")


class MissingMember(VerificationError):
    """A member that every pack has is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the archive does not hold {name}")


class CompressedMember(VerificationError):
    """A member is packed, so that it may be a thousand times larger than the archive."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is compressed; a pack holds its members as they are")


class ArchiveChanged(VerificationError):
    """The archive is a ZIP, and not the one that its members make."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"the archive is not the one that its members make: it differs in {where}; "
            "it was changed, or packed again by another program"
        )


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The one archive of these members. Raises ValueError where no pack has such members."""
    if not set(MEMBERS) - OPTIONAL <= set(members) <= set(MEMBERS):
        raise ValueError(f"a pack cannot have just the members {sorted(members)}")
    ordered = {name: members[name] for name in MEMBERS if name in members}
    pieces: list[bytes] = []
    for name, content in ordered.items():
        pieces += _local_header(name, content), content
    pieces.append(_directory(ordered))
    if sum(map(len, pieces)) > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge
    return b"".join(pieces)


def read_archive(data: bytes) -> dict[str, bytes]:
    """The members of an archive, in their order; nothing that `write_archive` would not give."""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge
    if not data.startswith(_LOCAL_SIGNATURE):
        raise NotAnArchive
    members: dict[str, bytes] = {}
    at, last = 0, ""
    while data.startswith(_LOCAL_SIGNATURE, at):
        name, start = _name(data, at)
        if last and MEMBERS.index(name) <= MEMBERS.index(last):
            raise WrongOrder(name, after=last)
        members[name] = _content(data, at, start, name)
        at, last = start + len(members[name]), name
    if len(data) - at < len(_CENTRAL_SIGNATURE):
        raise ArchiveCutOff("its directory")
    for name in MEMBERS:
        if name not in members and name not in OPTIONAL:
            raise MissingMember(name)
    _require_directory(data[at:], _directory(members))
    return members


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name in a member's header, and where the content begins."""
    name_at = at + _LOCAL.size
    length = int.from_bytes(data[at + _NAME_AT : at + _NAME_AT + 2], "little")
    if name_at + length > len(data):
        raise ArchiveCutOff("the header of a member")
    name = data[name_at : name_at + length]
    for known in MEMBERS:
        if known.encode() == name:
            return known, name_at + length
    raise ForeignMember(name)


def _content(data: bytes, at: int, start: int, name: str) -> bytes:
    """What a member holds, if its header is the one that this content has."""
    if data[at + _METHOD_AT : at + _METHOD_AT + 2] != bytes(2):
        raise CompressedMember(name)
    size = int.from_bytes(data[at + _SIZE_AT : at + _SIZE_AT + 4], "little")
    if start + size > len(data):
        raise ArchiveCutOff(name)
    content = data[start : start + size]
    if data[at:start] != _local_header(name, content):
        raise ArchiveChanged(name)
    return content


def _require_directory(found: bytes, expected: bytes) -> None:
    if found == expected:
        return
    if found.startswith(expected):
        raise BytesAfterEnd(len(found) - len(expected))
    if expected.startswith(found):
        raise ArchiveCutOff("its directory")
    raise ArchiveChanged("its directory")


def _local_header(name: str, content: bytes) -> bytes:
    """What stands before a member's content."""
    size = len(content)
    how = (_VERSION, _NO_FLAGS, _STORED, _MIDNIGHT, _FIRST_DAY)
    return _LOCAL.pack(_LOCAL_SIGNATURE, *how, crc32(content), size, size, len(name), 0) + (
        name.encode()
    )


def _directory(members: Mapping[str, bytes]) -> bytes:
    """What stands behind the last member: where each begins, and the end of the archive."""
    directory = b""
    offset = 0
    for name, content in members.items():
        # The header again from its version on, without the signature and the name.
        again = _LOCAL.unpack_from(_local_header(name, content))[1:]
        nothing = (0, 0, 0)  # no comment, the first disk, no internal attributes
        directory += _CENTRAL.pack(
            _CENTRAL_SIGNATURE, _MADE_BY, *again, *nothing, _ATTRIBUTES, offset
        )
        directory += name.encode()
        offset += _LOCAL.size + len(name) + len(content)
    count = len(members)
    return directory + _END.pack(_END_SIGNATURE, 0, 0, count, count, len(directory), offset, 0)
