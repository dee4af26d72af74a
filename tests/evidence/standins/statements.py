"""Statements: what the log says about one book as known at one entry."""

from dataclasses import dataclass

from evidence.checkpoints import parse_decimal
from evidence.errors import VerificationError
from evidence.notes import from_base64, to_base64

FIRST_LINE = "access-ledger statement/v1"


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
        lines = [FIRST_LINE, self.origin, str(self.size), to_base64(self.root), self.book]
        lines.append(f"{self.known_at} {self.recorded_at or '-'}")
        lines += [f"newest {subject} {number}" for subject, number in sorted(self.newest.items())]
        return "".join(f"{line}\n" for line in lines)


def parse_statement(text: str) -> Statement:
    """The statement in the text of a note."""
    try:
        first, origin, size, root, book, known, *rest = text.removesuffix("\n").split("\n")
        known_at, recorded_at = known.split(" ")
        newest = {words[1]: _number(words[2]) for words in map(str.split, rest)}
    except (ValueError, IndexError):
        raise MalformedStatement("the text is not a statement") from None
    found = Statement(
        origin,
        _number(size),
        from_base64(root) or b"",
        book,
        _number(known_at),
        recorded_at,
        newest,
    )
    if first != FIRST_LINE or str(found) != text:
        raise MalformedStatement("the text is not how a statement is written")
    return found


def _number(text: str) -> int:
    number = parse_decimal(text)
    if number is None:
        raise MalformedStatement("a number of the statement is none")
    return number
