"""Questions to the ledger."""

from dataclasses import dataclass

from evidence.canonical import Json
from evidence.errors import VerificationError


class MalformedQuestion(VerificationError):
    """A value is not a question."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and on which clocks."""

    kind: str
    book: str
    at: str
    known_at: int
    asset: tuple[str, str] | None = None
    partner: str | None = None
    during: tuple[str, str] | None = None

    def as_json(self) -> Json:
        """The question as JSON values."""
        asset: Json = {"type": self.asset[0], "id": self.asset[1]} if self.asset else None
        return {
            "kind": self.kind,
            "book": self.book,
            "at": self.at,
            "known_at": self.known_at,
            "asset": asset,
        }


def read_question(value: Json) -> Question:
    """The question in JSON values."""
    match value:
        case {
            "kind": "who",
            "book": str(book),
            "at": str(at),
            "known_at": int(known_at),
            "asset": {"type": str(type_), "id": str(id_)},
        } if type(known_at) is int and known_at >= 0:
            return Question("who", book, at, known_at, (type_, id_))
        case _:
            raise MalformedQuestion("the value is not a question")
