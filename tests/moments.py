"""Random moments of a book on both clocks, and the matrix that the API's answer comes to there."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from random import Random

from api.pages.rendering import LEVELS
from domain.instants import from_microseconds
from projections.answers import Holding
from projections.moments import AsOf
from projections.questions import Questions


def moments_of(questions: Questions, book: str, count: int) -> Iterator[tuple[datetime, int]]:
    """Instants and states of knowledge; every second instant is where something changes."""
    chance = Random(count)
    newest = questions.books()[book]
    whole = questions.history(book, newest)
    for n in range(count):
        known_at = chance.choice([chance.randrange(newest + 1), newest])
        known_at = questions.clocks(book, AsOf(known_at=known_at)).known_at.entry
        at = chance.randrange(whole.changes[0], whole.changes[-1])
        if n % 2:
            changes = questions.history(book, known_at).changes or whole.changes
            at = chance.choice(changes) + chance.choice([-1, 0, 1])
        yield from_microseconds(at), known_at


def mark_of(item: Holding) -> str:
    """The letter of a holding, with a question mark where it is only possible."""
    return f"{LEVELS[item.level][0]}{'?' if item.certainty == 'possible' else ''}"


def cells_at(
    questions: Questions, book: str, at: datetime, known_at: int, wanted: str
) -> list[list[str]]:
    """The cells of the matrix: partners by type, or assets of the type that is wanted."""
    history = questions.history(book, known_at)
    found: Counter[tuple[str, str, str]] = Counter()
    for cell in questions.matrix_at(book, AsOf(at=at, known_at=known_at)).cells:
        place = f"{cell.asset.type}:{cell.asset.id}" if wanted else cell.asset.type
        found[place, cell.partner, mark_of(cell)] += 1
    marks = [f"{letter}{sign}" for letter, _ in LEVELS.values() for sign in ("", "?")]

    def told(place: str, partner: str) -> str:
        counts = [(mark, found[place, partner, mark]) for mark in marks]
        return " ".join(
            f"{mark} {count}" if count > 1 or not wanted else mark
            for mark, count in counts
            if count
        )

    if not wanted:
        return [[told(kind, party.id) for kind in history.types] for party in history.partners]
    return [
        [told(f"{asset.type}:{asset.id}", party.id) for party in history.partners]
        for asset in history.assets
        if wanted in {"every", asset.type}
    ]
