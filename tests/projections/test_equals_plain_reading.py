"""The windows in the database equal the plain reading, for every moment on both clocks."""

import json
from collections.abc import Sequence
from itertools import count, cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.services import Services
from domain.entry import Entry
from domain.facts import Fact, parse_fact
from domain.instants import FAR, Microseconds, from_microseconds
from domain.plain_reading import PlainReading, read_plainly
from domain.refusals import Refused
from domain.windows import Span
from projections import answers
from projections.moments import AsOf
from projections.projector import Projector
from tests.depth import tries
from tests.domain.test_edges_properties import _held_at_all
from tests.histories import ASSETS, OWNER, PARTNERS, appends, instants_of_interest

_books = count(70_000)
"""Every example has a book of its own, so that one database serves them all."""

EXAMPLES = settings(
    max_examples=tries(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _in_book(facts: Sequence[Fact], book: str) -> list[Fact]:
    """The same facts, told of another owner in a book of its own."""
    text = json.dumps([fact.model_dump(mode="json", exclude_none=True) for fact in facts])
    return [parse_fact(fields) for fields in json.loads(text.replace(f'"{OWNER}"', f'"{book}"'))]


def _span(span: Span | answers.Window) -> tuple[Any, ...]:
    if isinstance(span, answers.Window):
        return (
            span.from_earliest, span.from_, span.to_earliest, span.to,
            span.opened_by, span.closed_by, span.cause,
        )  # fmt: skip
    moments = (span.start_earliest, span.start, span.end_earliest, span.end)
    return (
        *(None if moment == FAR else from_microseconds(moment) for moment in moments),
        span.opened_by, span.closed_by or None, span.cause,
    )  # fmt: skip


def _holding(holding: answers.Holding) -> tuple[Any, ...]:
    asset = (holding.asset.type, holding.asset.id)
    named = (holding.tasks, holding.planned_end, holding.partner_name, holding.asset.name)
    return ((holding.owner, holding.partner, *asset), *named, _span(holding.window))


def _check_spans(services: Services, plain: PlainReading) -> None:
    """Everything that is believed at one entry, span by span."""
    as_of = AsOf(known_at=plain.known)
    windows, owners = [], []
    for asset in {asset for asset, _ in plain.ownerships} | {line[2:] for line, _ in plain.windows}:
        timeline = services.questions.asset_timeline(plain.book, asset, as_of)
        windows += [_holding(holding) for holding in timeline.windows]
        owners += [
            (asset, own.owner, own.detail, own.asset.name, _span(own.window))
            for own in timeline.ownerships
        ]
    assert sorted(windows, key=repr) == sorted(
        (
            (line, w.tasks, w.planned_end, w.partner_name, w.asset_name, _span(w))
            for line, w in plain.windows
        ),
        key=repr,
    )
    assert sorted(owners, key=repr) == sorted(
        ((asset, o.owner, o.detail, o.asset_name, _span(o)) for asset, o in plain.ownerships),
        key=repr,
    )
    far_future = AsOf(at=from_microseconds(4_000_000_000_000_000), known_at=plain.known)
    episodes = services.questions.partners(plain.book, far_future).episodes
    assert sorted(
        ((e.owner, e.partner, e.partner_name, e.removed_by, _span(e.window)) for e in episodes),
        key=repr,
    ) == sorted(
        ((o, p, e.partner_name, e.removed_by, _span(e)) for o, p, e in plain.episodes), key=repr
    )
    anomalies = services.questions.anomalies(plain.book, known_at=plain.known).anomalies
    assert [(a.entry, a.blocked_by) for a in anomalies] == sorted(
        (anomaly.number, anomaly.blocker or None) for anomaly in plain.anomalies
    )


def _check_moment(services: Services, plain: PlainReading, at: Microseconds) -> None:
    """Every question that names a moment, at one moment."""
    as_of = AsOf(at=from_microseconds(at), known_at=plain.known)
    ask = services.questions
    expected = sorted(
        (line, certainty, window.tasks) for line, window, certainty in plain.holders(at)
    )

    def told(holdings: Sequence[answers.Holding]) -> list[Any]:
        return sorted(
            ((h.owner, h.partner, h.asset.type, h.asset.id), h.certainty, h.tasks) for h in holdings
        )

    matrix = ask.matrix_at(plain.book, as_of)
    assert told(matrix.cells) == expected
    for cell in matrix.cells:  # which a brute force over possible worlds confirms
        line = (cell.owner, cell.partner, cell.asset.type, cell.asset.id)
        assert cell.access == _held_at_all(plain, line, at)
    unknown = empty = 0
    for asset in ASSETS.values():
        answer = ask.who_had_access(plain.book, asset.key, as_of)
        assert told(answer.holders) == [row for row in expected if row[0][2:] == asset.key]
        assert answer.coverage == plain.asset_coverage(asset.key, at)
        if any(key == asset.key for key, _ in plain.ownerships):
            unknown += answer.coverage == "unknown"
            empty += answer.coverage == "known" and not answer.holders
    assert (matrix.unknown_assets, matrix.known_assets_without_holder) == (unknown, empty)
    for partner in (*PARTNERS, plain.book):
        could = ask.what_could(plain.book, partner, as_of)
        assert told(could.holdings) == [row for row in expected if row[0][1] == partner]
        assert could.coverage == plain.partner_coverage(partner, at)


@given(drawn=appends(max_drafts=14), data=st.data())
@EXAMPLES
def test_the_answers_equal_the_plain_reading(
    services: Services, drawn: Any, data: st.DataObject
) -> None:
    """Incremental and after a rebuild, from warm views and from cold ones, at every entry."""
    book = str(next(_books))
    ends = [0]
    steps = data.draw(st.lists(st.sampled_from(["none", "warm", "cold"]), min_size=30, max_size=30))
    for facts, step in zip(drawn, cycle(steps), strict=False):
        try:
            receipt = services.books.handle(book, _in_book(facts, book), recorded_by="test")
        except Refused:
            continue
        ends += [max(ends[-1], *(taken.written.entry.number for taken in receipt.facts))]
        if step != "none":
            (services.projector if step == "warm" else Projector(services.database)).catch_up()
    entries: list[Entry] = [written.entry for written in services.books.entries(book)]
    if not entries:
        return
    moments = instants_of_interest(entries)
    for end in sorted({ends[-1], *data.draw(st.sets(st.sampled_from(ends), max_size=3))} - {0}):
        # The last entry of an append may be one that no fact names: the void of a replacement.
        known = max(e.number for e in entries if e.recorded_at == entries[end - 1].recorded_at)
        plain = read_plainly(book, entries, known)
        _check_spans(services, plain)
        for at in data.draw(st.sets(st.sampled_from(moments), max_size=4)):
            _check_moment(services, plain, at)


def _snapshot(services: Services) -> list[Any]:
    """Every belief about every book, at every entry."""
    found: list[Any] = []
    for book, newest in services.questions.books().items():
        for known in range(newest + 1):
            as_of = AsOf(at=from_microseconds(1_767_225_600_000_006), known_at=known)
            found.append(services.questions.matrix_at(book, as_of))
            found.append(services.questions.ownership_at(book, as_of))
            found.append(services.questions.partners(book, as_of))
            found.append(services.questions.anomalies(book, known_at=known))
    return found


@given(drawn=st.lists(appends(max_drafts=10), min_size=1, max_size=2))
@settings(EXAMPLES, max_examples=tries(6))
def test_a_rebuild_changes_no_answer(services: Services, drawn: Any) -> None:
    """Also when every row of the read model was deleted by hand before."""
    for history in drawn:
        book = str(next(_books))
        for facts in history:
            try:
                services.books.handle(book, _in_book(facts, book), recorded_by="test")
            except Refused:
                continue
            services.projector.catch_up()
    before = _snapshot(services)
    with services.database.writing() as connection:
        for table in (
            "access_window", "ownership", "episode", "anomaly",
            "fact", "line", "book_append", "asset", "pair",
        ):  # fmt: skip
            connection.execute(f"DELETE FROM {table}")
    services.projector.rebuild()
    assert _snapshot(services) == before


@given(drawn=appends(max_drafts=10))
@settings(EXAMPLES, max_examples=tries(15))
def test_what_is_recorded_later_changes_no_earlier_belief(services: Services, drawn: Any) -> None:
    """An answer that names an entry is the same for ever."""
    book = str(next(_books))
    remembered: dict[int, Any] = {}

    def believed(known: int) -> Any:
        as_of = AsOf(at=from_microseconds(1_767_225_600_000_006), known_at=known)
        ask = services.questions
        return (ask.matrix_at(book, as_of), ask.ownership_at(book, as_of))

    for facts in drawn:
        try:
            receipt = services.books.handle(book, _in_book(facts, book), recorded_by="test")
        except Refused:
            continue
        newest = services.books.state(book).newest
        remembered.setdefault(newest, believed(newest))
        assert receipt.book == book
        for known, answer in remembered.items():
            assert believed(known) == answer


def test_a_number_inside_an_append_stands_for_the_append_before(services: Services) -> None:
    """No half-applied array is ever visible."""
    facts: list[dict[str, object]] = [
        {"fact": "partner-added", "id": "a", "owner": "10001", "partner": "30001"},
        {
            "fact": "ownership-established",
            "id": "b",
            "owner": "10001",
            "asset": {"type": "page", "id": "50001"},
        },
    ]
    services.books.handle("10001", [parse_fact(facts[0])], recorded_by="test")
    more = [parse_fact({**facts[0], "id": "c", "partner": "30002"}), parse_fact(facts[1])]
    services.books.handle("10001", more, recorded_by="test")
    assert services.questions.partners("10001", AsOf(known_at=2)).known_at.entry == 1
    assert services.questions.partners("10001", AsOf(known_at=3)).known_at.entry == 3


@pytest.mark.parametrize("known", [-1, 99])
def test_an_entry_that_is_not_there_is_no_state_of_knowledge(
    services: Services, known: int
) -> None:
    """The answer says which numbers there are."""
    fact = parse_fact({"fact": "partner-added", "id": "a", "owner": "10001", "partner": "30001"})
    services.books.handle("10001", [fact], recorded_by="test")
    with pytest.raises(Exception, match="whose newest entry is 1"):
        services.questions.matrix_at("10001", AsOf(known_at=known))
