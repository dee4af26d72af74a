"""Differences that are often asked for, to be clicked."""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from api.pages.asking import Asked, query
from api.pages.rendering import MICROSECOND
from projections.answers import Episode
from projections.moments import AsOf, Clocks

DAYS = 4
"""How many of the newest days are offered on which something was recorded."""
LEFT = 3
"""How many of the partners that left last are offered."""
RECENT = 200
"""Among how many of the newest entries those days are looked for."""
MONTH = timedelta(days=30)
FIRST = datetime.min.replace(tzinfo=UTC)


class Preset(NamedTuple):
    """A difference to be clicked, with when and who it is about."""

    sort: Literal["newest", "learned", "happened", "left"]
    address: str
    when: datetime | None = None
    who: tuple[str | None, str] | None = None


def presets_of(asked: Asked, clocks: Clocks) -> list[Preset]:
    """What the newest entries changed, what was learned since, what changed since then."""

    def ask(**earlier: str | datetime) -> str:
        return query(**earlier, at=asked.at, known_at=asked.known_at)

    month = _day_of(max(clocks.at, FIRST + MONTH) - MONTH)
    found = [Preset("newest", ask())]
    found += [
        Preset("learned", ask(from_known_at=recorded_at), recorded_at)
        for recorded_at in _days(asked, clocks)
    ]
    found.append(Preset("happened", ask(from_at=month), month))
    for episode in _left(asked, clocks):
        if episode.window.to_earliest is not None:
            # The day before, where it left at the first moment of one.
            day = _day_of(max(episode.window.to_earliest, FIRST + MICROSECOND) - MICROSECOND)
            who = (episode.partner_name, episode.partner)
            found.append(Preset("left", ask(from_at=day), day, who))
    return found


def _day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(asked: Asked, clocks: Clocks) -> list[datetime]:
    """The last moments at which something was recorded, one of a day, before the newest."""
    known = clocks.known_at.entry
    recent = asked.questions.entries(asked.book, after=max(0, known - RECENT), known_at=known)
    days = {
        entry.recorded_at.date(): entry.recorded_at
        for entry in recent.entries
        if entry.recorded_at != clocks.known_at.recorded_at
    }
    return list(days.values())[: -DAYS - 1 : -1]


def _left(asked: Asked, clocks: Clocks) -> list[Episode]:
    """The partners that are none any more, the last to leave first."""
    as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
    last = {item.partner: item for item in asked.questions.partners(asked.book, as_of).episodes}
    gone = [(item.window.to, item) for item in last.values() if item.window.to]
    gone = [(to, item) for to, item in gone if to <= clocks.at]
    return [item for _, item in sorted(gone, key=lambda found: found[0], reverse=True)[:LEFT]]
