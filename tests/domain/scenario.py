"""Given, when, then: a story is told to a book on paper, and one append is judged.

    given(own("page1"), add("A")).when(grant("A", "page1")).then(AccessGranted)

What a book then means is told in lines of text, one a span: who, what, from when to when, why it
ended, and between which entries (``#3-#5``; ``#3-`` where it is open).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from domain.events import Event
from domain.facts import Fact
from domain.instants import FAR, Microseconds, format_instant, from_microseconds
from domain.judging import Decision
from domain.refusals import Refused
from domain.windows import Span
from tests.histories import ASSETS, PORTFOLIOS, PaperBook

Facts = Fact | Sequence[Fact]
"""One fact, or several as one append."""


def _array(facts: Facts) -> Sequence[Fact]:
    return facts if isinstance(facts, Sequence) else [facts]


@dataclass(frozen=True, slots=True)
class Given:
    """A book in which some facts are recorded."""

    book: PaperBook

    def observed(self, *facts: Fact) -> "Given":
        """Some more are written without being judged, each as an append."""
        for fact in facts:
            self.book.take(fact)
        return self

    def when(self, facts: Facts) -> "When":
        """An append is sent."""
        return When(self.book, _array(facts))


@dataclass(frozen=True, slots=True)
class When:
    """An append that is sent to a book."""

    book: PaperBook
    facts: Sequence[Fact]

    def then(self, *events: type[Event]) -> PaperBook:
        """It is accepted and comes to these events; the book goes on with them."""
        self.decided(*events)
        return self.book

    def decided(self, *events: type[Event]) -> Decision:
        """The same, for the sake of what the append did to other entries."""
        decision = self.book.append(*self.facts)
        assert [type(event) for event in decision.events] == list(events)
        return decision

    def then_refused(self, refusal: type[Refused], message: str) -> Refused:
        """It is refused with exactly this message, and the book is as it was."""
        with pytest.raises(refusal) as caught:
            self.book.judge(*self.facts)
        assert type(caught.value) is refusal
        assert str(caught.value) == message
        return caught.value


def given(*appends: Facts) -> Given:
    """A book in which these facts are recorded; a list of facts is one append."""
    book = PaperBook()
    for facts in appends:
        book.append(*_array(facts))
    return Given(book)


_LETTERS = {number: letter for letter, number in PORTFOLIOS.items()}
_NAMES = {asset.key: name for name, asset in ASSETS.items()}


def _moment(at: Microseconds) -> str:
    if at == FAR:
        return ""
    text = format_instant(from_microseconds(at))
    return text[:10] if text.endswith("T00:00:00.000000Z") else text


def _edge(earliest: Microseconds, at: Microseconds) -> str:
    return _moment(at) if earliest == at else f"({_moment(earliest)}){_moment(at)}"


def _told(span: Span) -> str:
    start = _edge(span.start_earliest, span.start)
    end = _edge(span.end_earliest, span.end)
    closed = f"{span.cause} " if span.cause else ""
    return f"{start}..{end} {closed}#{span.opened_by}-{f'#{span.closed_by}' * bool(span.closed_by)}"


def windows(book: PaperBook, known: int | None = None) -> list[str]:
    """Every window of a book, as ``O>A page1 ADVERTISE 2026-01-02.. #3-``."""
    return [
        f"{_LETTERS[owner]}>{_LETTERS[partner]} {_NAMES[kind, number]} {','.join(window.tasks)} "
        + _told(window)
        for (owner, partner, kind, number), window in book.reading(known).windows
    ]


def episodes(book: PaperBook, known: int | None = None) -> list[str]:
    """Every episode of a book, as ``O>A 2026-01-01.. #1-``."""
    return [
        f"{_LETTERS[owner]}>{_LETTERS[partner]} {_told(episode)}"
        for owner, partner, episode in book.reading(known).episodes
    ]


def owners(book: PaperBook, known: int | None = None) -> list[str]:
    """Every ownership of a book, as ``page1 O unknown 2026-01-01.. #1-``."""
    return [
        f"{_NAMES[key]} {_LETTERS[span.owner] if span.owner else '-'} {span.detail} {_told(span)}"
        for key, span in book.reading(known).ownerships
    ]


def anomalies(book: PaperBook, known: int | None = None) -> list[tuple[int, str, int]]:
    """Every entry without effect: its number, why, and the entry in its way."""
    return [(a.number, a.objection, a.blocker) for a in book.reading(known).anomalies]
