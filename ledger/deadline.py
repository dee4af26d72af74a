"""The moment by which a request must be answered, known to all that works for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ledger.store_errors import StoreError

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class TookTooLong(StoreError):
    """A request ran over its time, and its work was stopped."""

    def __init__(self) -> None:
        super().__init__(
            "the request took longer than the server allows, and was stopped "
            "(ACCESS_LEDGER_REQUEST_SECONDS); ask for less at once, or try again later. Facts may "
            "be sent again as they were: none is written twice"
        )


@contextmanager
def deadline_in(seconds: float) -> Iterator[None]:
    """Have what is done inside, also on threads started for it, end by that time."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float | None:
    """How long there is left, None where nothing limits it."""
    end = _deadline.get()
    return None if end is None else end - time.monotonic()


def is_over() -> bool:
    """Whether the time is up."""
    left = remaining_seconds()
    return left is not None and left <= 0


def require_time() -> None:
    """Raise TookTooLong where the time is up."""
    if is_over():
        raise TookTooLong
