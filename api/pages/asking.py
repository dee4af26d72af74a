"""What a page is asked: a book and both clocks, read from the address as people write them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request

from api.doors import partner_of, questions_for
from api.parameters import instant, known
from api.problems import BadRequest
from domain.instants import format_instant
from projections.moments import AsOf, Clocks
from projections.questions import Questions

CLOCKS = ("at", "known_at")
EARLIER = ("from_at", "from_known_at")
"""The moment before, where a page sets two side by side."""
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})")
_MINUTES = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]+([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r" *(?:UTC|[Zz])?"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The question of a page as it stands in the address."""

    book: str
    at: str
    known_at: str
    questions: Questions
    """Answered with what the key may see."""
    partner: str | None
    """The partner that the key speaks for, if it does for one."""

    def as_of(self) -> AsOf:
        """Both clocks. Raises BadRequest for what is not a time."""
        return moment_of(self.at, self.known_at)

    def clocks(self) -> Clocks:
        """Both clocks, resolved. Raises UnknownBook, BadQuestion and BadRequest."""
        return self.questions.clocks(self.book, self.as_of())


def moment_of(at: str, known_at: str, which: str = "") -> AsOf:
    """Both clocks as they stand in the address. Raises BadRequest for what is not a time."""
    try:
        return AsOf(
            at=instant(f"{which}as of", stated(at)) if at else None,
            known_at=known(f"{which}as known at", stated(known_at)) if known_at else None,
        )
    except BadRequest as error:
        simply = "or simply as a day, 2026-03-15, or as 2026-03-15 12:00, which is meant in UTC"
        raise BadRequest(error.status, error.code, f"{error}, {simply}") from error


def stated(text: str) -> str:
    """A date or a time without an offset as the UTC time that the page means by it."""
    text = text.strip()
    if _DATE.fullmatch(text):
        return f"{text}T00:00:00Z"
    if match := _MINUTES.fullmatch(text):
        date, minutes, seconds = match.groups()
        return f"{date}T{minutes}{seconds or ':00'}Z"
    return text


def pinned(clocks: Clocks) -> dict[str, str]:
    """The parameters that make an answer repeatable for ever."""
    return {"at": format_instant(clocks.at), "known_at": str(clocks.known_at.entry)}


def query(**parameters: str | datetime | None) -> str:
    """The query of an address; what is empty is left out."""
    given = {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in parameters.items()
        if value
    }
    return f"?{urlencode(given)}" if given else ""


async def asked(request: Request, book: str) -> Asked:
    """The question that the address asks."""
    for name in (*CLOCKS, *EARLIER):
        if len(request.query_params.getlist(name)) > 1:
            raise BadRequest(
                422, "repeated-parameter", f"{name} is given more than once; give it once"
            )
    return Asked(
        book,
        request.query_params.get("at", ""),
        request.query_params.get("known_at", ""),
        questions_for(request),
        partner_of(request),
    )


Asking = Annotated[Asked, Depends(asked)]
