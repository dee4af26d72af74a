"""Spans of time as bars on one scale: where each stands, in hundredths of the width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from api.pages.chart import DAY, HOUR
from api.pages.rendering import MICROSECOND, moment_text
from domain.instants import Microseconds, from_microseconds, to_microseconds
from projections.answers import Ownership, Window

LEAST = 0.4
"""How wide a bar is at least: one of no length is to be seen too."""
LETTERED = 5
"""From which width on a bar has room for a letter, on a telephone too."""
LEAD = 0.03
"""How much is shown of the time before the first change."""
FIXED = (HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY)
MONTHS = (1, 3, 6, 12, 24, 60, 120, 300, 600, 1200, 6000, 12000, 24000)
MONTH = 30 * DAY
MOST_TICKS = 5
LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the calendar on the scale."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The time that the bars stand in."""

    start: Microseconds
    end: Microseconds

    def share(self, moment: Microseconds) -> float:
        """Where a moment stands, from 0 to 100."""
        part = (moment - self.start) / (self.end - self.start)
        return round(100 * max(0.0, min(1.0, part)), 3)

    def ticks(self) -> list[Tick]:
        """A handful of marks of the calendar, in UTC."""
        span = self.end - self.start
        for step in FIXED:
            if span <= MOST_TICKS * step:
                first = -(-self.start // step) * step
                told = "%-d %b" if step >= DAY else "%-d %b %H:%M"
                return [self._tick(at, told) for at in range(first, self.end + 1, step)]
        step = next(step for step in MONTHS if span <= MOST_TICKS * step * MONTH * 1.05)
        told = "%Y" if step >= MONTHS[3] else "%b %Y"
        return [self._tick(at, told) for at in self._months(step)]

    def _months(self, step: int) -> Iterable[Microseconds]:
        since = from_microseconds(self.start)
        number = -(-(since.year * 12 + since.month - 1) // step) * step
        while number // 12 <= LAST_YEAR:
            at = to_microseconds(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC))
            if at > self.end:
                return
            if at >= self.start:
                yield at
            number += step

    def _tick(self, at: Microseconds, told: str) -> Tick:
        return Tick(self.share(at), from_microseconds(at).strftime(told))


@dataclass(frozen=True, slots=True)
class Bar:
    """A span on the scale; `name` is how it looks."""

    x: float
    width: float
    name: str
    text: str
    said: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The bars of one partner, asset or owner, beside its name."""

    name: str | None
    id: str
    href: str
    note: str
    bars: tuple[Bar, ...]
    gaps: tuple[Bar, ...] = ()
    """Where nothing is known, and no bar is not a no."""

    @property
    def said(self) -> str:
        """The bars in words, for those who do not see them."""
        spans = "; ".join(bar.said for bar in self.bars if bar.said)
        return f"{self.note or self.name or self.id}: {spans or 'nothing'}"


def scale_of(windows: Iterable[Window], at: Microseconds, known: Microseconds | None) -> Scale:
    """From the first change to the last moment that is known of, and to the one asked about."""
    starts = [to_microseconds(window.from_earliest) for window in windows]
    start = min([*starts, at])
    end = max([*starts, at] if known is None else [*starts, at, known])
    span = max(end - start, HOUR)
    return Scale(start - int(span * LEAD), end if end > start else start + span)


def bars_of(scale: Scale, window: Window, bar: Bar) -> list[Bar]:
    """A window as bars that look like `bar`: what is certain of it, and its edges, dashed."""
    since, from_ = to_microseconds(window.from_earliest), to_microseconds(window.from_)
    until = scale.end if window.to is None else to_microseconds(window.to)
    over = scale.end if window.to_earliest is None else to_microseconds(window.to_earliest)
    said = f"{bar.said}, {span_said(window)}"
    if window.to_earliest is not None and from_ >= over:
        return [_placed(scale, since, until, _possible(bar), said=f"possibly {said}")]
    found = [_placed(scale, from_, over, bar, said=said)]
    if since < from_:
        found.insert(0, _placed(scale, since, from_, _possible(bar)))
    if over < until:
        found.append(_placed(scale, over, until, _possible(bar)))
    return found


def _possible(bar: Bar) -> Bar:
    return replace(bar, name=f"{bar.name} possible", text="?")


def _placed(scale: Scale, start: Microseconds, end: Microseconds, bar: Bar, said: str = "") -> Bar:
    x, last = scale.share(start), scale.share(end)
    width = max(LEAST, round(last - x, 3))
    x = min(x, 100 - width)
    return replace(bar, x=x, width=width, text=bar.text if width >= LETTERED else "", said=said)


def span_said(window: Window) -> str:
    """When a window was open, in words."""
    told = f"from {_edge_said(window.from_earliest, window.from_)}"
    if window.to is None or window.to_earliest is None:
        return f"{told}, still open"
    return f"{told} to {_edge_said(window.to_earliest, window.to)}"


def _edge_said(earliest: datetime, latest: datetime) -> str:
    if earliest == latest:
        return f"{moment_text(latest)} UTC"
    seen = earliest - MICROSECOND if earliest.microsecond == 1 else earliest
    return f"between {moment_text(seen)} and {moment_text(latest)} UTC"


def look(name: str, text: str, said: str) -> Bar:
    """How a bar looks, before it has a place."""
    return Bar(0, 0, name, text, said)


def gaps_of(
    scale: Scale, book: str, ownerships: Sequence[Ownership], *, own_access: bool
) -> tuple[Bar, ...]:
    """Where the book cannot tell who has access to an asset.

    `own_access` is whether the row is that of the book's own portfolio, whose access to the asset
    of another the book does know.
    """
    unsure = look("gap", "?", "")
    if not ownerships:
        return (_placed(scale, scale.start, scale.end, unsure),)
    first = min(to_microseconds(item.window.from_) for item in ownerships)
    found = [_placed(scale, scale.start, first, unsure)]
    for item in ownerships:
        known = item.owner == book or (item.owner is None and item.detail == "asset_deleted")
        if known or (own_access and item.owner is not None):
            continue
        window = item.window
        until = scale.end if window.to is None else to_microseconds(window.to)
        found.append(_placed(scale, to_microseconds(window.from_earliest), until, unsure))
    return tuple(found)


def gap_before(scale: Scale, windows: Sequence[Window]) -> tuple[Bar, ...]:
    """The time before the first of the windows, of which nothing is known."""
    first = min((to_microseconds(window.from_) for window in windows), default=scale.end)
    return (_placed(scale, scale.start, first, look("gap", "?", "")),)
