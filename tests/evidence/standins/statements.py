"""Statements: what the log says about one book as known at one entry."""

from dataclasses import dataclass

from evidence.canonical import Json, parse_canonical, write_canonical
from evidence.errors import VerificationError
from evidence.notes import from_base64, to_base64


class MalformedStatement(VerificationError):
    """A text is not a statement."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The newest entry of each subject, in one tree."""

    origin: str
    size: int
    root: bytes
    book: str
    known_at: int
    recorded_at: str | None
    newest: dict[str, int]
    owners: tuple[str, ...] = ()
    owned: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The text that is signed."""
        value: Json = {
            "origin": self.origin,
            "size": self.size,
            "root": to_base64(self.root),
            "book": self.book,
            "known_at": self.known_at,
            "recorded_at": self.recorded_at,
            "newest": dict(self.newest),
        }
        return write_canonical(value).decode() + "\n"


def parse_statement(text: str) -> Statement:
    """The statement in the text of a note."""
    value = parse_canonical(text.removesuffix("\n").encode())
    match value:
        case {
            "origin": str(origin),
            "size": int(size),
            "root": str(root_text),
            "book": str(book),
            "known_at": int(known_at),
            "recorded_at": str() | None as recorded_at,
            "newest": dict(newest),
            **others,
        } if not others:
            pass
        case _:
            raise MalformedStatement("the text is not a statement")
    root = from_base64(root_text)
    if root is None:
        raise MalformedStatement("the root of the statement is not base64")
    numbers = {key: number for key, number in newest.items() if isinstance(number, int)}
    return Statement(origin, size, root, book, known_at, recorded_at, numbers)
