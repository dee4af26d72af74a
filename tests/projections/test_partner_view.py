"""A partner sees what concerns it, all of that, and no byte of the others' data."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.services import Services
from domain.entry import Entry
from domain.facts import Fact
from domain.instants import from_microseconds, to_microseconds
from domain.plain_reading import PlainReading, read_plainly
from projections import answers
from projections.moments import AsOf, UnknownBook, UnknownPartner
from projections.questions import Questions
from projections.scope import REPLACED
from tests.depth import tries
from tests.histories import (
    OTHER,
    OWNER,
    PARTNERS,
    PaperBook,
    add,
    appends,
    grant,
    instants_of_interest,
    own,
    record,
    revoke,
    transfer,
    void,
)
from tests.projections.partners import (
    ALL_ASSETS,
    HUSH,
    NOWHERE,
    STRANGERS,
    Concerns,
    appends_of,
    corrected_into_others,
    cursors_of,
    disguised,
    ends_of,
    everything,
    kept,
    refuses,
    told,
)
from tests.projections.test_equals_plain_reading import _holding, _span

A, B = PARTNERS[:2]
EXAMPLES = settings(
    max_examples=tries(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HISTORIES = appends(max_drafts=16, partners=3, assets=3)


def _ends(entries: Sequence[Entry], chance: Random) -> list[int]:
    """Some ends of appends, the last one among them."""
    ends = ends_of(entries)
    return sorted({ends[-1], *chance.sample(ends, min(3, len(ends)))})


def _moments(entries: Sequence[Entry], chance: Random, how_many: int) -> list[int]:
    moments = instants_of_interest(entries) or [0]
    return sorted(chance.sample(moments, min(how_many, len(moments))))


# --- all that concerns it, and nothing else


def _check_spans(ask: Questions, plain: PlainReading, mine: Concerns) -> None:
    """Everything that is believed of it at one entry, span by span."""
    book, as_of = plain.book, AsOf(known_at=plain.known)
    windows, owners, entries = [], [], set()
    for asset in ALL_ASSETS:
        timeline = ask.asset_timeline(book, asset, as_of)
        windows += [_holding(holding) for holding in timeline.windows]
        owners += [(asset, o.owner, o.detail, _span(o.window)) for o in timeline.ownerships]
        entries |= {entry.number for entry in timeline.entries}
    assert sorted(windows, key=repr) == sorted(
        (
            (line, w.tasks, w.planned_end, w.partner_name, w.asset_name, _span(w))
            for line, w in plain.windows
            if line[1] == mine.partner
        ),
        key=repr,
    )
    assert sorted(owners, key=repr) == sorted(
        ((a, o.owner, o.detail, _span(o)) for a, o in plain.ownerships if a in mine.assets),
        key=repr,
    )
    far_future = AsOf(at=from_microseconds(4_000_000_000_000_000), known_at=plain.known)
    episodes = ask.partners(book, far_future).episodes
    assert [(e.owner, e.partner, e.removed_by, _span(e.window)) for e in episodes] == sorted(
        ((o, p, e.removed_by, _span(e)) for o, p, e in plain.episodes if p == mine.partner),
        key=lambda told: (told[0], told[3][1]),
    )
    entries |= {e.number for e in ask.partner_timeline(book, mine.partner, as_of).entries}
    listed = [entry.number for entry in ask.entries(book, known_at=plain.known).entries]
    assert listed == sorted(entries) == mine.numbers
    assert [a.entry for a in ask.anomalies(book, known_at=plain.known).anomalies] == sorted(
        a.number for a in plain.anomalies if a.number in mine.numbers
    )


def _check_moment(ask: Questions, plain: PlainReading, mine: Concerns, at: int) -> None:
    """Every question that names a moment, at one moment."""
    book, as_of = plain.book, AsOf(at=from_microseconds(at), known_at=plain.known)
    held = sorted(
        (line, certainty, window.tasks)
        for line, window, certainty in plain.holders(at)
        if line[1] == mine.partner
    )

    def told(holdings: Sequence[answers.Holding]) -> list[Any]:
        return sorted(
            ((h.owner, h.partner, h.asset.type, h.asset.id), h.certainty, h.tasks) for h in holdings
        )

    unknown = empty = 0
    for asset in ALL_ASSETS:
        answer = ask.who_had_access(book, asset, as_of)
        on_it = ask.what_could_on(book, asset, mine.partner, as_of)
        assert told(answer.holders) == told(on_it.holdings)
        assert told(answer.holders) == [row for row in held if row[0][2:] == asset]
        coverage = plain.asset_coverage(asset, at) if asset in mine.assets else "unknown"
        assert answer.coverage == on_it.coverage == coverage
        assert ask.owner_at(book, asset, as_of).coverage == coverage
        if asset in mine.assets and any(key == asset for key, _ in plain.ownerships):
            unknown += coverage == "unknown"
            empty += coverage == "known" and not answer.holders
    matrix = ask.matrix_at(book, as_of)
    assert told(matrix.cells) == told(ask.what_could(book, mine.partner, as_of).holdings) == held
    assert (matrix.unknown_assets, matrix.known_assets_without_holder) == (unknown, empty)
    owned = {(o.asset.type, o.asset.id) for o in ask.ownership_at(book, as_of).ownerships}
    assert owned <= mine.assets


@given(drawn=HISTORIES, seed=st.integers(0, 2**32))
@EXAMPLES
def test_the_answers_are_the_plain_reading_of_what_concerns_it(
    services: Services, drawn: Any, seed: int
) -> None:
    """Of partners with much, with nothing, and of one that owns assets, at every append."""
    chance = Random(seed)
    paper = kept(services, appends_of(record(drawn).entries))
    if not paper.entries:
        return
    moments = _moments(paper.entries, chance, 3)
    for partner in (*PARTNERS, OTHER):
        ask = services.questions.seen_by(partner)
        for known in _ends(paper.entries, chance):
            plain = read_plainly(paper.book, paper.entries, known)
            mine = Concerns(paper.entries, partner, known)
            _check_spans(ask, plain, mine)
            for at in moments:
                _check_moment(ask, plain, mine, at)


@given(drawn=HISTORIES, seed=st.integers(0, 2**32))
@EXAMPLES
def test_what_is_told_of_it_is_what_the_owner_is_told_of_it(
    services: Services, drawn: Any, seed: int
) -> None:
    """To the byte: what it could do, what is left; of its assets their owners, and its lines."""
    chance = Random(seed)
    paper = kept(services, appends_of(record(drawn).entries))
    if not paper.entries:
        return
    for at in _moments(paper.entries, chance, 2):
        for known in _ends(paper.entries, chance):
            as_of = AsOf(at=from_microseconds(at), known_at=known)
            for partner in (*PARTNERS, OTHER):
                mine = Concerns(paper.entries, partner, known)
                whole, its = services.questions, services.questions.seen_by(partner)
                for asking in (whole.what_could, whole.offboarding_report):
                    name, book = asking.__name__, paper.book
                    assert getattr(its, name)(book, partner, as_of) == asking(book, partner, as_of)
                for asset in mine.assets:
                    assert its.owner_at(book, asset, as_of) == whole.owner_at(book, asset, as_of)
                    assert its.what_could_on(book, asset, partner, as_of) == whole.what_could_on(
                        book, asset, partner, as_of
                    )


@given(drawn=HISTORIES, seed=st.integers(0, 2**32))
@EXAMPLES
def test_an_asset_of_others_is_answered_like_one_that_is_not_there(
    services: Services, drawn: Any, seed: int
) -> None:
    """Byte for byte, at every append."""
    chance = Random(seed)
    paper = kept(services, appends_of(record(drawn).entries))
    if not paper.entries:
        return
    for at in _moments(paper.entries, chance, 2):
        for known in _ends(paper.entries, chance):
            as_of = AsOf(at=from_microseconds(at), known_at=known)
            for partner in PARTNERS:
                ask = services.questions.seen_by(partner)
                mine = Concerns(paper.entries, partner, known)
                for asset in set(ALL_ASSETS) - mine.assets - {NOWHERE}:
                    for question in (ask.who_had_access, ask.owner_at, ask.asset_timeline):
                        there = question(paper.book, asset, as_of)
                        nowhere = question(paper.book, (asset[0], NOWHERE[1]), as_of)
                        assert told(there, asset[1]) == told(nowhere, NOWHERE[1])


# --- no byte of the others' data


@given(drawn=HISTORIES, seed=st.integers(0, 2**32))
@settings(EXAMPLES, max_examples=tries(40))
def test_whatever_is_recorded_of_others_every_answer_is_the_same_to_the_byte(
    services: Services, drawn: Any, seed: int
) -> None:
    """Others' entries are replaced by entries about others again: other partners, assets, facts."""
    chance = Random(seed)
    recorded = record(drawn).entries
    if not recorded:
        return
    partner = chance.choice([*PARTNERS, OTHER])
    if chance.random() < 0.5:
        paper = PaperBook()
        for events in corrected_into_others(appends_of(recorded), recorded, partner, chance):
            paper.write(events)
        recorded = paper.entries
    other = disguised(recorded, partner, chance)
    books = [kept(services, told) for told in (appends_of(recorded), other)]
    asked_of = (_ends(recorded, chance), _moments(recorded, chance, 2))
    ask = services.questions.seen_by(partner)
    seen = [everything(ask, paper.book, partner, *asked_of) for paper in books]
    for (asked, one), (_, another) in zip(*seen, strict=True):
        assert one == another, asked
        lowered = one.lower() + another.lower()
        for secret in (HUSH, *STRANGERS):
            assert secret.encode() not in lowered, asked


@given(drawn=HISTORIES, more=HISTORIES, seed=st.integers(0, 2**32))
@settings(EXAMPLES, max_examples=tries(15))
def test_what_is_recorded_of_others_later_changes_no_answer(
    services: Services, drawn: Any, more: Any, seed: int
) -> None:
    """As known before it. As known after it, nothing but what was known changes."""
    chance = Random(seed)
    recorded = record(drawn).entries
    if not recorded:
        return
    partner = chance.choice(PARTNERS)
    before = kept(services, appends_of(recorded))
    added = [
        [event.model_copy(update={"id": f"{HUSH}-{at}"}) for at, event in enumerate(events, 1)]
        for events in disguised(record(more).entries, "39999", chance)[:1]
        if not any(event.TOPIC == "entry-voided/v1" or event.replaces for event in events)
    ]
    after = kept(services, [*appends_of(recorded), *added])
    asked_of = (_ends(recorded, chance), _moments(recorded, chance, 2))
    ask = services.questions.seen_by(partner)
    asked = [dict(everything(ask, paper.book, partner, *asked_of)) for paper in (before, after)]
    for question in asked[0]:
        assert asked[0][question] == asked[1][question], question
    numbers = [[e.number for e in ask.entries(paper.book).entries] for paper in (before, after)]
    assert numbers[0] == numbers[1]


# --- one case each


def told_in(services: Services, *facts: Fact | tuple[Fact, ...]) -> PaperBook:
    """A book in which these appends were recorded."""
    told = [fact if isinstance(fact, tuple) else (fact,) for fact in facts]
    recording = record(told)
    assert not recording.refused, recording.refused
    return kept(services, appends_of(recording.entries))


SHARED = (
    (add("A", partner_name="Agency"), add("B", partner_name="Rival")),
    (own("page1"), own("ads1"), own("page2")),
    grant("B", "page1", asset={"type": "page", "id": "50001", "name": "Rival's name for it"}),
    grant("A", "page1", at=3),
    grant("B", "ads1", at=3),
)  # fmt: skip


@pytest.mark.parametrize("partner", [B, "39999", OWNER])
def test_another_partner_does_not_exist_recorded_or_not(services: Services, partner: str) -> None:
    """The same sentence, and the same error over HTTP."""
    book = told_in(services, *SHARED).book
    ask = services.questions.seen_by(A)
    said = f"there is no partner {partner} here in book {book}; a key of a partner asks about that"
    for question in (ask.what_could, ask.partner_timeline, ask.offboarding_report):
        with pytest.raises(UnknownPartner, match=said):
            question(book, partner)
    with pytest.raises(UnknownPartner, match=said):
        ask.what_could_on(book, ("page", "50001"), partner)


def test_a_book_that_is_not_there_is_unknown_to_a_partner_too(services: Services) -> None:
    with pytest.raises(UnknownBook):
        services.questions.seen_by(A).matrix_at("99999")


def test_touches_leave_out_the_entry_before_on_the_asset(services: Services) -> None:
    """It may be another partner's; the subjects that are shown are the partner's own."""
    book = told_in(services, *SHARED).book
    entries = services.questions.seen_by(A).entries(book).entries
    assert [(entry.number, sorted(entry.touches)) for entry in entries] == [
        (1, [f"episode:{book}:{A}", f"partner:{book}:{A}"]),
        (3, ["ownership:page:50001"]),
        (7, [f"line:{book}:{A}:page:50001", f"partner:{book}:{A}"]),
    ]


def test_an_asset_has_its_name_from_entries_that_are_shown(services: Services) -> None:
    """Never from what another partner was given."""
    book = told_in(
        services,
        (add("A"), add("B")),
        own("page2"),
        grant("B", "page2", asset={"type": "page", "id": "50003", "name": "Rival's name for it"}),
        grant("A", "page2", at=3),
    ).book
    (held,) = services.questions.seen_by(A).matrix_at(book).cells
    assert held.asset.name is None


def test_a_void_is_shown_without_the_words_of_the_fact_about_others_that_brought_it(
    services: Services,
) -> None:
    """A grant that was meant for another: the partner reads that it was replaced, and no more."""
    book = told_in(
        services,
        *SHARED,
        grant("A", "page2", at=4, id="wrong"),
        grant("B", "page2", at=4, id="for-rival", replaces="wrong", reason="it was for Rival"),
    ).book
    ask = services.questions.seen_by(A)
    *_, grant_, void_ = ask.partner_timeline(book, A).entries
    assert (grant_.status, grant_.voided_by, grant_.why) == ("void", void_.number, REPLACED)
    assert void_.event == {"type": "entry-voided/v1", "book": book, "entry": grant_.number}
    assert b"rival" not in told(ask.entries(book), book).lower()
    # The other partner's own fact says that it replaces an entry: a number.
    seen = services.questions.seen_by(B).entries(book).entries
    assert (seen[-1].event["replaces"], seen[-1].event["reason"]) == (9, "it was for Rival")
    assert 9 not in [entry.number for entry in seen]


@pytest.mark.parametrize("of_array", [False, True])
def test_a_void_of_its_own_is_shown_with_its_reason(services: Services, of_array: bool) -> None:  # noqa: FBT001 - a case
    """Also where what replaces the entry is the partner's own."""
    wrong = grant("A", "page2", at=4, id="wrong")
    right = (
        (void("wrong", reason="too early"),)
        if not of_array
        else (grant("A", "page2", at=5, replaces="wrong", id="right", reason="too early"),)
    )
    book = told_in(services, *SHARED, wrong, right).book
    entries = services.questions.seen_by(A).partner_timeline(book, A).entries
    assert [entry.why for entry in entries if entry.status == "void"] == ["too early"]


def test_the_owner_of_its_asset_is_named_and_so_is_what_stands_in_the_way(
    services: Services,
) -> None:
    """Who owned what it had access to concerns it, whoever that is."""
    book = told_in(services, *SHARED, transfer("page1", to="B", at=6)).book
    ask = services.questions.seen_by(A)
    owner = ask.owner_at(book, ("page", "50001"))
    assert [own.owner for own in owner.ownerships] == [B]
    assert owner.coverage == "own_access_only"


def test_a_cursor_is_good_for_the_one_who_got_it(services: Services) -> None:
    """Neither the owner's for the partner, nor the other way round, nor another partner's."""
    book = told_in(
        services, *SHARED, grant("A", "page2"), grant("B", "page2"), revoke("A", "page2", at=7),
        grant("A", "ads1", at=8),
    ).book  # fmt: skip
    whole = services.questions
    everyone = [whole, whole.seen_by(A), whole.seen_by(B)]
    for asks in everyone:
        found = cursors_of(asks, book)
        assert {"entries", "matrix", "ownership"} <= found.keys()
        for name, cursor in found.items():
            assert [ask for ask in everyone if not refuses(ask, book, name, cursor)] == [asks]


def test_the_last_page_of_the_entries_is_the_last_though_the_book_goes_on(
    services: Services,
) -> None:
    """What follows is of others, and not even an empty page tells of it."""
    book = told_in(services, *SHARED).book
    page = services.questions.seen_by(A).entries(book, limit=3)
    assert [entry.number for entry in page.entries] == [1, 3, 7]
    assert page.next_cursor is None
    assert page.known_at.entry == 8


def test_a_statement_that_is_not_held_to_a_partner_is_not_there(services: Services) -> None:
    """A question that asks for more than what concerns the partner fails, and shows nothing."""
    rows = services.questions.seen_by(A)._sql
    for name in ("books", "entries_up_to", "entries_on_asset", "ownership_entries_of_book"):
        with pytest.raises(AttributeError, match=f"shown nothing by the statement {name}"):
            getattr(rows, name)
    with pytest.raises(AttributeError):
        services.questions.seen_by(A).books()


def test_the_partner_is_named_by_the_scope_and_not_by_who_asks(services: Services) -> None:
    """Every statement, also one that is told of another partner."""
    paper = told_in(services, *SHARED)
    rows = services.questions.seen_by(A)._sql
    known = {"book": paper.book, "known": 8, "at": to_microseconds(paper.now())}
    services.projector.catch_up()
    with services.database.reading() as connection:
        for name in ("what_could", "matrix_at"):
            found = list(getattr(rows, name)(connection, partner=B, **known))
            assert {row["partner"] for row in found} == {A}
