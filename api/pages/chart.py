"""Where the slider can stand, and the histogram of changes above it."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from domain.instants import Microseconds
from projections.histories import History

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
UNITS = ((DAY, 90 * DAY), (HOUR, 3 * DAY), (MINUTE, 0))
"""A step of the slider, and how long a history is that gets it."""
BARS = 120
HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """Some of the time, and how high its changes stand."""

    x: float
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The slider's positions in time: `start` plus steps of `unit`, and `end` the last of them."""

    start: Microseconds
    end: Microseconds
    unit: Microseconds
    steps: int
    bars: tuple[Bar, ...]

    def position(self, at: Microseconds) -> int:
        """The position nearest to a moment, from below."""
        if at >= self.end:
            return self.steps
        return max(0, min(self.steps - 1, (at - self.start) // self.unit))

    def share(self, at: Microseconds) -> float:
        """Where a moment stands between start and end, from 0 to BARS."""
        part = (at - self.start) / (self.end - self.start)
        return round(BARS * max(0.0, min(1.0, part)), 2)


def chart_of(history: History, at: Microseconds, now: Microseconds) -> Chart:
    """The chart from the first change to now, or to what is asked where that is later."""
    changes = history.changes or (min(at, now - DAY),)
    last = max(now, changes[-1], at)
    unit = next(unit for unit, least in UNITS if last - changes[0] >= least)
    start = changes[0] // unit * unit
    end = max(last, start + unit)
    steps = -(-(end - start) // unit)
    return Chart(start, end, unit, steps, _bars(history.changes, start, end))


def _bars(
    changes: tuple[Microseconds, ...], start: Microseconds, end: Microseconds
) -> tuple[Bar, ...]:
    edges = [start + (end - start) * n // BARS for n in range(BARS)] + [end + 1]
    places = [bisect_left(changes, edge) for edge in edges]
    counts = [after - before for before, after in pairwise(places)]
    most = max(counts, default=0) or 1
    return tuple(
        Bar(n, round(HEIGHT - height, 2), round(height, 2), count)
        for n, count in enumerate(counts)
        if count
        for height in [4 + (HEIGHT - 4) * count / most]
    )
