"""Questions are asked of the read model as it is; only where it is behind, it catches up first.

Whether it is, is told by the statement with which every question begins.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

from projections.projector import Progress

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class Behind(Exception):
    """There are entries that are not in the read model yet."""


class _Questions(Protocol):
    @property
    def current(self) -> Self:
        """The same questions, which raise Behind."""

    def catch_up(self) -> object:
        """Take new entries in."""


Asker = TypeVar("Asker", bound=_Questions)


def at_once(
    question: Callable[Concatenate[Asker, Given], Answer],
) -> Callable[Concatenate[Asker, Given], Answer]:
    """A question that catches up, and is asked again, where it finds the read model behind."""

    @wraps(question)
    def asked(questions: Asker, /, *args: Given.args, **kw: Given.kwargs) -> Answer:
        try:
            return question(questions.current, *args, **kw)
        except Behind:
            questions.catch_up()
        # What came in meanwhile came in after it was asked.
        return question(questions, *args, **kw)

    return asked


def require_current(row: Any) -> None:
    """Raise Behind where the row of progress tells of entries to be taken in, or ReadModelStale."""
    if Progress(row["newest"], row["projected"], bool(row["fits"])).lag > 0:
        raise Behind
