"""The questions that an answer can be derived for, with both clocks resolved."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from evidence.canonical import Json
from evidence.errors import MalformedQuestion
from evidence.instants import microseconds
from evidence.shapes import (
    Fields,
    is_asset,
    is_asset_key,
    is_instant,
    is_number,
    is_portfolio,
    one_of,
)

Kind = Literal[
    "who", "owner", "what", "line", "matrix", "offboard", "asset-timeline", "partner-timeline"
]

_OF_ASSETS = {"who", "owner", "line", "asset-timeline"}
_OF_PARTNERS = {"what", "line", "offboard", "partner-timeline"}
_OF_PERIODS = {"who", "what", "line"}

_FORM = Fields(
    {
        "kind": one_of(*get_args(Kind)),
        "book": is_portfolio,
        "at": is_instant,
        "known_at": lambda value: is_number(value, least=0),
    },
    {
        "asset": is_asset_key,
        "partner": is_portfolio,
        "during": Fields({"from": is_instant, "to": is_instant}, {}),
    },
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one book. Of a period, `at` is the last microsecond."""

    kind: Kind
    book: str
    at: str
    known_at: int
    """The end of an append of the book, 0 before its first."""
    asset: tuple[str, str] | None = None
    partner: str | None = None
    during: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.asset is not None and not is_asset(*self.asset):
            raise MalformedQuestion("the question does not name an asset by its type and id")
        if wrong := _FORM.wrong_with(self.as_json(), "the question"):
            raise MalformedQuestion(wrong)
        if (self.asset is not None) is not (self.kind in _OF_ASSETS):
            raise MalformedQuestion(_about(self.kind, "an asset", self.kind in _OF_ASSETS))
        if (self.partner is not None) is not (self.kind in _OF_PARTNERS):
            raise MalformedQuestion(_about(self.kind, "a partner", self.kind in _OF_PARTNERS))
        if self.during is not None:
            self._require_period(*self.during)

    def _require_period(self, since: str, until: str) -> None:
        if self.kind not in _OF_PERIODS:
            raise MalformedQuestion(_about(self.kind, "a period", wanted=False))
        if since >= until:
            raise MalformedQuestion("the period of the question ends before it begins")
        if microseconds(self.at) != (microseconds(until) or 0) - 1:
            raise MalformedQuestion("of a period, `at` is the last microsecond before its end")

    def as_json(self) -> dict[str, Json]:
        """The question as it is written; what it does not name is left out."""
        found: dict[str, Json] = {
            "kind": self.kind, "book": self.book, "at": self.at, "known_at": self.known_at,
        }  # fmt: skip
        if self.asset is not None:
            found["asset"] = {"type": self.asset[0], "id": self.asset[1]}
        if self.partner is not None:
            found["partner"] = self.partner
        if self.during is not None:
            found["during"] = {"from": self.during[0], "to": self.during[1]}
        return found

    @property
    def moment(self) -> int:
        """`at` in microseconds."""
        return microseconds(self.at) or 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The half-open stretch of time that is asked about."""
        if self.during is None:
            return self.moment, self.moment + 1
        return microseconds(self.during[0]) or 0, self.moment + 1


def _about(kind: str, what: str, wanted: bool) -> str:  # noqa: FBT001 - one word of a sentence
    return f"a question of the kind {kind} {'names' if wanted else 'does not name'} {what}"


def read_question(value: Json) -> Question:
    """The question that a value of JSON states; MalformedQuestion for any other value."""
    if wrong := _FORM.wrong_with(value, "the question"):
        raise MalformedQuestion(wrong)
    fields = cast("dict[str, Json]", value)
    asset = cast("dict[str, str] | None", fields.get("asset"))
    during = cast("dict[str, str] | None", fields.get("during"))
    return Question(
        kind=cast("Kind", fields["kind"]),
        book=cast("str", fields["book"]),
        at=cast("str", fields["at"]),
        known_at=cast("int", fields["known_at"]),
        asset=None if asset is None else (asset["type"], asset["id"]),
        partner=cast("str | None", fields.get("partner")),
        during=None if during is None else (during["from"], during["to"]),
    )
