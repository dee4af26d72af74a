"""Bulk work: many small objects that live on."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cycle collector, which would walk them all again and again, from bulk work.

    Where the work goes on for long, `collect` between its parts keeps cyclic garbage bounded.
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
    """Spare the collector everything that is alive now.

    For what is kept for long, and is freed without the collector once it is dropped.
    """
    gc.freeze()


def collect() -> None:
    """Free what only the collector can."""
    gc.collect()
