"""Bulk work: many small objects that live on."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cycle collector, which would walk them all again and again, from bulk work.

    Where the work goes on for long, `set_aside` between its parts keeps cyclic garbage bounded.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def set_aside() -> None:
    """Collect what is new, then spare the collector all that is alive.

    For what is kept for long, and is freed without the collector once it is dropped.
    """
    gc.collect(0)
    spare()


def spare() -> None:
    """Spare the collector all that is alive, where the work leaves no cycles to be collected."""
    gc.freeze()
