"""Stopping in order when the process is told to."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cli.failures import Stopped


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def on_sigterm(handler: Callable[[int, FrameType | None], Any] = _stop) -> Iterator[None]:
    """Have SIGTERM unwind the program, as SIGINT does; the old handler comes back at the end."""
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def on_both(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Hand SIGTERM and SIGINT to one function."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        with on_sigterm(handler):
            yield
    finally:
        signal.signal(signal.SIGINT, before)
