"""Signed notes (C2SP signed-note): a text and the signatures of named keys under it.

Of the signature types only Ed25519 (0x01) is known here; lines of other types, such as the
cosignatures of witnesses, are by unknown keys and are passed over.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import MalformedKey, MalformedNote, NotSigned, SignatureInvalid

ED25519 = 0x01
KEY_BYTES = 32
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
"""As in Go's own reader; the format asks for at least 16."""

_SIGNATURE_START = "\u2014 "  # an em dash and a space
_KEY_ID_BYTES = 4
_KEY_ID_TEXT = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def from_base64(text: str) -> bytes | None:
    """The bytes that a standard base64 text holds; None if it is not how they would be written."""
    try:
        found = a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return found if to_base64(found) == text else None


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return b2a_base64(data, newline=False).decode("ascii")


def _is_key_name(name: str) -> bool:
    """Whether it may name a key: text, not empty, no spaces of any script, no plus."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and not any(c.isspace() or c == "+" or c < " " for c in name)


def _key_id(name: str, public: bytes) -> bytes:
    kind = bytes([ED25519])
    return sha256(name.encode() + b"\n" + kind + public).digest()[:_KEY_ID_BYTES]


def _key_parts(text: str, what: str) -> tuple[str, bytes, bytes]:
    """The name, the key id and the 32 bytes of a key's text, ``name+id+base64``."""
    # The base64 may hold a plus itself; a name may not.
    name, plus, rest = text.partition("+")
    key_id, another, encoded = rest.partition("+")
    if not (plus and another and _is_key_name(name) and _KEY_ID_TEXT.fullmatch(key_id)):
        raise MalformedKey(f"the {what} is not of the form name+id+base64")
    content = from_base64(encoded)
    if content is None:
        raise MalformedKey(f"the {what} of {name} does not end in base64")
    if content[:1] != bytes([ED25519]):
        raise MalformedKey(f"the {what} of {name} is not of the type Ed25519 (0x01)")
    return name, bytes.fromhex(key_id), content[1:]


def _require_key(what: str, name: str, content: bytes) -> None:
    """Hold a key to a name and a length; what it contains is not said."""
    if not _is_key_name(name):
        raise MalformedKey(f"{name!r} cannot name a key: no spaces, no plus, not empty")
    if len(content) != KEY_BYTES:
        raise MalformedKey(f"the {what} of {name} does not hold {KEY_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that signatures are held to, with the name it signs in."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _require_key("public key", self.name, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a verifier key's text (vkey)."""
        name, key_id, public = _key_parts(text, "verifier key")
        found = cls(name, public)
        if found.key_id != key_id:
            raise MalformedKey(
                f"the verifier key of {name} has the id {key_id.hex()}, "
                f"and its name and bytes give {found.key_id.hex()}"
            )
        return found

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key a signature is by."""
        return _key_id(self.name, self.public)

    def __str__(self) -> str:
        """The text of the key (vkey)."""
        content = to_base64(bytes([ED25519]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{content}"


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with the name it signs in. It shows itself only when asked by `secret_text`."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require_key("private key", self.name, self.seed)

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key of the operating system's randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a private key's text, ``PRIVATE+KEY+name+id+base64``."""
        rest = text.removeprefix("PRIVATE+KEY+")
        if rest == text:
            raise MalformedKey("the private key does not begin with PRIVATE+KEY+")
        name, key_id, seed = _key_parts(rest, "private key")
        found = cls(name, seed)
        if found.verifier.key_id != key_id:
            raise MalformedKey(
                f"the private key of {name} has the id {key_id.hex()}, "
                f"and its name and bytes give {found.verifier.key_id.hex()}"
            )
        return found

    @property
    def secret_text(self) -> str:
        """The text of the private key, as Go's note package writes it."""
        content = to_base64(bytes([ED25519]) + self.seed)
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{content}"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def signature(self, text: bytes) -> bytes:
        """The Ed25519 signature over a text (RFC 8032)."""
        return self._private().sign(text)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note of which at least one signature is by a known key, and none of a known key is bad."""

    text: str
    """Ends in a newline; the blank line before the signatures is not part of it."""
    signed_by: tuple[VerifierKey, ...]
    """The known keys whose signatures were verified, in the order of their lines."""


@dataclass(frozen=True, slots=True)
class NoteAsRead:
    """What a note says, held to its form only: no signature is checked."""

    text: str
    """Ends in a newline; the blank line before the signatures is not part of it."""
    names: tuple[str, ...]
    """In whose names the signature lines are, in their order."""


def sign(text: str, keys: Iterable[SignerKey]) -> bytes:
    """A note of this text with a signature by each key."""
    if not text.endswith("\n"):
        raise MalformedNote("the text of a note ends in a newline, and this one does not")
    signed = _encoded(text)
    lines = [
        f"{_SIGNATURE_START}{key.name} {to_base64(key.verifier.key_id + key.signature(signed))}\n"
        for key in keys
    ]
    if not lines:
        raise MalformedNote("a note has at least one signature, and there is no key to sign with")
    return signed + b"\n" + "".join(lines).encode()


def read_note(note: bytes) -> NoteAsRead:
    """What a note says, for whoever has no key. Nothing of it is believed before `open_note`."""
    text, lines = _split(note)
    return NoteAsRead(text, tuple(_signature(line)[0] for line in lines))


def open_note(note: bytes, keys: Iterable[VerifierKey]) -> OpenedNote:
    """The text of a note that a known key has signed.

    Lines by unknown keys are passed over. A bad signature in the name of a known key refuses the
    whole note, whatever else is in it.
    """
    text, lines = _split(note)
    known = _by_name_and_id(keys)
    signed = text.encode()
    found: dict[VerifierKey, None] = {}
    for line in lines:
        name, content = _signature(line)
        key = known.get((name, content[:_KEY_ID_BYTES]))
        if key is None:
            continue
        try:
            public = Ed25519PublicKey.from_public_bytes(key.public)
            public.verify(content[_KEY_ID_BYTES:], signed)
        except (InvalidSignature, ValueError):
            raise SignatureInvalid(name) from None
        found[key] = None
    if not found:
        raise NotSigned(len(known), len(lines))
    return OpenedNote(text, tuple(found))


def _by_name_and_id(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    """The known keys by what a signature line says of its key, which must be one of them only."""
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedKey(
                f"two of the known keys are {key.name} with the id {key.key_id.hex()}"
            )
    return known


def _encoded(text: str) -> bytes:
    """The bytes of a text that a note can hold."""
    if _CONTROL.search(text):
        raise MalformedNote("the note holds a control character other than a newline")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MalformedNote("the note holds half of a surrogate pair, which is no text") from None


def _split(note: bytes) -> tuple[str, list[str]]:
    """The text and the signature lines."""
    if len(note) > MAX_NOTE_BYTES:
        raise MalformedNote(f"the note has {len(note)} bytes, more than {MAX_NOTE_BYTES}")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise MalformedNote(f"the note is not UTF-8 from byte {error.start} on") from None
    if _CONTROL.search(whole):
        raise MalformedNote("the note holds a control character other than a newline")
    # The text itself may hold blank lines: the last one is the border.
    text, border, below = whole.rpartition("\n\n")
    if not border or not below:
        raise MalformedNote("the note has no signatures below a blank line")
    if not below.endswith("\n"):
        raise MalformedNote("the last signature line of the note does not end in a newline")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"the note has {len(lines)} signatures, more than {MAX_SIGNATURES}")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes]:
    """The key name of a signature line, and the key id with the signature."""
    name, space, encoded = line.removeprefix(_SIGNATURE_START).partition(" ")
    if not (line.startswith(_SIGNATURE_START) and space and _is_key_name(name)):
        raise MalformedNote(f"{line!r} is not a signature line: a dash, a name and base64")
    content = from_base64(encoded)
    if content is None or len(content) <= _KEY_ID_BYTES:
        raise MalformedNote(f"the signature of {name} is not base64 of a key id and a signature")
    return name, content
