"""Appends that are accepted: what events they come to, whole arrays, and facts from the past."""
# The names are sentences; a docstring says what a name cannot.

from typing import Any

import pytest

from domain.events import (
    AccessChanged,
    AccessGranted,
    AccessRevoked,
    EffectiveEvent,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipTransferred,
    PartnerAdded,
    PartnerRemoved,
)
from domain.evolving import evolve
from domain.facts import Fact
from domain.instants import format_instant
from domain.refusals import AccessNotHeld, NotAPartner, Refused, WouldUndo
from tests.domain.scenario import anomalies, episodes, given, owners, windows
from tests.histories import (
    PaperBook,
    add,
    change,
    end,
    grant,
    own,
    remove,
    revoke,
    transfer,
    void,
)

HELD = (own("page1"), add("A"), grant("A", "page1", at=2))


def test_each_kind_of_fact_comes_to_its_event() -> None:
    given().when(own("page1")).then(OwnershipEstablished)
    given().when(add("A")).then(PartnerAdded)
    given(own("page1"), add("A")).when(grant("A", "page1")).then(AccessGranted)
    given(*HELD).when(change("A", "page1")).then(AccessChanged)
    given(*HELD).when(revoke("A", "page1")).then(AccessRevoked)
    given(*HELD).when(remove("A")).then(PartnerRemoved)
    given(*HELD).when(transfer("page1", to="X")).then(OwnershipTransferred)
    given(*HELD).when(end("page1")).then(OwnershipEnded)


def test_an_event_says_what_its_fact_said() -> None:
    fact = grant(
        "A",
        "page1",
        "ANALYZE",
        "ADVERTISE",
        at=3,
        after=2,
        planned_end="2026-12-31",
        partner_name="North",
        reason="campaign",
        authority="contract 3",
        actor={"kind": "person", "id": "7"},
        source={"kind": "document", "reference": "mail"},
    )
    book = given(own("page1"), add("A")).when(fact).then(AccessGranted)
    event = book.event(fact.id)
    told = fact.model_dump(exclude={"fact", "book"})
    assert event.model_dump() == told
    assert type(event).model_validate(told) == event


def test_a_fact_without_a_moment_happens_when_it_is_recorded() -> None:
    book = given(add("A")).when(add("B", at=None)).then(PartnerAdded)
    event = book.event("add-B-None")
    assert isinstance(event, EffectiveEvent)
    assert event.effective_at == book.entries[1].recorded_at
    assert format_instant(event.effective_at) == "2027-01-01T00:00:01.000000Z"


@pytest.mark.parametrize(
    "fact",
    [
        revoke("A", "page1"),
        remove("A"),
        own("ads1"),
        grant("A", "ads1"),
        grant("B", "page2"),
        void(3),
    ],
    ids=lambda fact: str(fact.fact),
)
def test_judging_changes_nothing_so_it_can_be_done_again(fact: Fact) -> None:
    book = given(*HELD).book

    def verdict() -> str:
        try:
            return repr(book.judge(fact))
        except Refused as refusal:
            return str(refusal)

    def known() -> object:
        state = book.state
        return (set(state.pairs), set(state.assets), set(state.lines), list(state.homes))

    before = known()
    assert verdict() == verdict()
    assert known() == before
    book.append(revoke("A", "page1", at=8, id="goes-on"))


def test_the_entries_of_a_book_follow_each_other() -> None:
    book = given(*HELD).book
    with pytest.raises(ValueError, match="entry 2 does not follow entry 3"):
        evolve(book.state, book.entries[1])


def test_a_whole_story_in_one_array_is_judged_in_the_order_of_time_not_of_the_array() -> None:
    book = (
        given()
        .when(
            [
                revoke("A", "page1", at=5),
                grant("A", "page1", at=2),
                add("A", at=1),
                own("page1", at=1),
            ]
        )
        .then(AccessRevoked, AccessGranted, PartnerAdded, OwnershipEstablished)
    )
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-05 access_revoked #2-#1"]


def test_at_one_instant_the_order_of_the_array_counts() -> None:
    given().when([own("page1"), add("A"), grant("A", "page1", at=1)]).then(
        OwnershipEstablished, PartnerAdded, AccessGranted
    )
    given().when([own("page1"), grant("A", "page1", at=1), add("A")]).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-01; add the partner first"
    )


def test_a_missed_revoke_and_grant_are_recorded_together() -> None:
    """The revoke alone would undo the change that is on record."""
    story = given(*HELD, change("A", "page1", at=8))
    revoked, granted = revoke("A", "page1", at=4), grant("A", "page1", "ANALYZE", at=6)
    with pytest.raises(WouldUndo):
        story.book.judge(revoked)
    book = story.when([revoked, granted]).then(AccessRevoked, AccessGranted)
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-04 access_revoked #3-#5",
        "O>A page1 ANALYZE 2026-01-06..2026-01-08 access_changed #6-#4",
        "O>A page1 MANAGE 2026-01-08.. #4-",
    ]


def test_a_missed_removal_and_return_are_recorded_together_with_the_grants_that_came_back() -> None:
    story = given(*HELD, revoke("A", "page1", at=8))
    away = [remove("A", at=4), add("A", at=5)]
    story.when(away).then_refused(
        WouldUndo,
        "entry 4 (access-revoked) would lose its effect: "
        "30001 holds no access to page:50001 from 10001 on 2026-01-08; "
        "void or replace it in the same append, or add the facts that are missing between",
    )
    book = story.when([*away, grant("A", "page1", at=6)]).then(
        PartnerRemoved, PartnerAdded, AccessGranted
    )
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-04 partner_removed #3-#5",
        "O>A page1 ADVERTISE 2026-01-06..2026-01-08 access_revoked #7-#4",
    ]


def test_a_late_revoke_that_undoes_nothing_is_welcome() -> None:
    book = given(*HELD, add("B", at=8)).when(revoke("A", "page1", at=4)).then(AccessRevoked)
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-04 access_revoked #3-#5"]


def test_a_late_change_splits_the_window_that_is_on_record() -> None:
    book = (
        given(*HELD, revoke("A", "page1", at=8))
        .when(change("A", "page1", "MANAGE", at=4))
        .then(AccessChanged)
    )
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-04 access_changed #3-#5",
        "O>A page1 MANAGE 2026-01-04..2026-01-08 access_revoked #5-#4",
    ]


def test_a_late_removal_takes_the_closing_of_a_later_one_that_a_return_follows() -> None:
    story = given(add("A"), remove("A", at=8))
    story.when(remove("A", at=4)).then_refused(
        WouldUndo,
        "entry 2 (partner-removed) would lose its effect: "
        "30001 is not a partner of 10001 on 2026-01-08; "
        "void or replace it in the same append, or add the facts that are missing between",
    )
    book = story.when([remove("A", at=4), add("A", at=5)]).then(PartnerRemoved, PartnerAdded)
    assert episodes(book) == [
        "O>A 2026-01-01..2026-01-04 partner_removed #1-#3",
        "O>A 2026-01-05..2026-01-08 partner_removed #4-#2",
    ]


def test_a_late_owner_before_another_is_recorded_and_the_later_one_stays() -> None:
    """The later entry came first and overrides now; only a new fact may not."""
    book = given(own("page1", owner="X", at=5)).when(own("page1", at=2)).then(OwnershipEstablished)
    assert owners(book) == [
        "page1 O unknown 2026-01-02..2026-01-05 ownership_changed #2-#1",
        "page1 X unknown 2026-01-05.. #1-",
    ]
    assert anomalies(book) == []


def test_the_missing_transfer_can_replace_the_establishment_that_overrides() -> None:
    story = given(own("page1", owner="X", at=5), own("page1", at=2))
    book = story.book
    book.append(transfer("page1", to="X", at=5, replaces=1))
    assert owners(book) == [
        "page1 O unknown 2026-01-02..2026-01-05 ownership_changed #2-#4",
        "page1 X unknown 2026-01-05.. #4-",
    ]


def test_one_owner_is_replaced_by_another_through_an_end() -> None:
    book = (
        given(own("page1"))
        .when([end("page1", at=3), own("page1", owner="X", at=3, id="next")])
        .then(OwnershipEnded, OwnershipEstablished)
    )
    assert owners(book) == [
        "page1 O unknown 2026-01-01..2026-01-03 ownership_ended #1-#2",
        "page1 - unknown 2026-01-03..2026-01-03 ownership_changed #2-#3",
        "page1 X unknown 2026-01-03.. #3-",
    ]


def test_after_the_partner_came_back_nothing_is_held() -> None:
    story = given(*HELD, remove("A", at=4), add("A", at=5))
    story.when(revoke("A", "page1", at=6)).then_refused(
        AccessNotHeld,
        "30001 holds no access to page:50001 from 10001 on 2026-01-06; "
        "record the grant first, or leave this fact out",
    )
    story.when(grant("A", "page1", at=6)).then(AccessGranted)


def test_after_the_asset_came_back_nothing_is_held() -> None:
    story = given(
        *HELD, transfer("page1", to="X", at=4), transfer("page1", owner="X", to="O", at=5)
    )
    story.when(change("A", "page1", at=6)).then_refused(
        AccessNotHeld,
        "30001 holds no access to page:50001 from 10001 on 2026-01-06; "
        "record the grant first, or leave this fact out",
    )
    story.when(grant("A", "page1", at=6)).then(AccessGranted)


def test_a_change_to_the_same_tasks_is_allowed() -> None:
    given(*HELD).when(change("A", "page1", "ADVERTISE", at=3)).then(AccessChanged)


def test_a_grant_after_a_planned_end_is_a_change_still() -> None:
    """A promise closes nothing."""
    story = given(own("page1"), add("A"), grant("A", "page1", at=2, planned_end="2026-01-03"))
    with pytest.raises(Exception, match="record an access-changed instead"):
        story.book.judge(grant("A", "page1", at=9))
    story.when(revoke("A", "page1", at=9)).then(AccessRevoked)


def test_another_portfolio_may_own_and_grant_in_this_book() -> None:
    """That is how a book says what its owner was given by others."""
    book = (
        given(own("page1", owner="X"), add("O", owner="X"))
        .when(grant("O", "page1", owner="X", at=3))
        .then(AccessGranted)
    )
    assert windows(book) == ["X>O page1 ADVERTISE 2026-01-03.. #3-"]


def test_an_owner_among_its_own_partners_is_kept_where_a_record_says_so() -> None:
    imported: dict[str, Any] = {"source": {"kind": "imported", "reference": "a list"}}
    book = (
        given(own("page1"), add("O", **imported))
        .when(grant("O", "page1", at=2, planned_end="2026-04-31", **imported))
        .then(AccessGranted)
    )
    [(_, window)] = book.reading().windows
    assert window.planned_end == "2026-04-31"
    assert windows(book) == ["O>O page1 ADVERTISE 2026-01-02.. #3-"]


def test_a_hundred_facts_are_judged_as_one() -> None:
    book = PaperBook()
    facts = [own("page1"), add("A")]
    for day in range(2, 100, 2):
        facts += [grant("A", "page1", at=day), revoke("A", "page1", at=day + 1)]
    book.append(*reversed(facts))
    assert len(windows(book)) == 49
    assert anomalies(book) == []
