"""The demo story: a brand, its three agencies and a dispute, recorded at fixed moments of 2026.

The facts are in ``story/story.jsonl``, one append a line; here is when each of them was recorded.
"""

from datetime import UTC, datetime
from importlib.resources import files

from bootstrap.services import Services
from cli.recording import record_facts, stated_facts

BRAND = "506914307656634"
BLUEPINE = "563920174410288"
HARBOUR = "718204466915037"
KESTREL = "402883915570146"
PAGE = ("page", "104857600219483")
LAUNCHES = ("ad_account", "241907735520864")

RECORDED_BY = "demo"


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


RECORDED_AT = (
    _at(1, 12, 8, 30),  # what the brand owns
    _at(1, 12, 8, 45),  # its agencies
    _at(1, 12, 9, 10),  # what Bluepine Media was given, and how it came to full control
    _at(1, 12, 9, 25),  # what Harbour & Reed was given, one line of it wrong
    _at(1, 12, 9, 40),  # what Studio Kestrel was given
    _at(2, 3, 13, 5),  # the correction
    _at(2, 16, 9, 20),  # an access found gone: it ended between two looks
    _at(2, 27, 15, 10),  # Studio Kestrel removed
    _at(3, 27, 10, 45),  # the revoke of 6 March, three weeks late
    _at(3, 30, 11, 0),  # an ad account turns out to be Bluepine Media's own
    _at(4, 2, 8, 20),  # Bluepine Media removed, two days after its contract ended
    _at(4, 13, 9, 45),  # Studio Kestrel added again
)
NOW = _at(5, 18, 9)
"""The moment at which the demo asks."""

DISPUTED_DAY = _at(3, 15, 12)
KNOWN_THEN = _at(3, 16, 0)
CONTRACT_END = _at(3, 31, 12)
FEBRUARY = (_at(2, 1, 0), _at(3, 1, 0))


class ScriptedClock:
    """A clock that shows what it was set to."""

    def __init__(self) -> None:
        self.moment = RECORDED_AT[0]

    def __call__(self) -> datetime:
        """The moment that the story has come to."""
        return self.moment


def story_lines() -> list[bytes]:
    """The lines of the story, each one append."""
    text = (files("cli") / "story" / "story.jsonl").read_bytes()
    return text.splitlines()


def tell(services: Services, clock: ScriptedClock) -> int:
    """Record the story; returns how many entries it came to."""
    for line, moment in zip(story_lines(), RECORDED_AT, strict=True):
        clock.moment = moment
        record_facts(services.books, stated_facts(line), RECORDED_BY)
    clock.moment = NOW
    return services.books.state(BRAND).newest
