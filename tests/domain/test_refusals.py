"""What is refused, each with its whole message: what was asked, what is in the way, what to do."""
# The names are sentences; a docstring says what a name cannot.

import inspect

import pytest

from domain import refusals
from domain.events import PartnerAdded
from domain.facts import Fact
from domain.refusals import (
    AccessAlreadyHeld,
    AccessNotHeld,
    AlreadyTheOwner,
    AlreadyVoid,
    BoundAfterEvent,
    InTheFuture,
    NotAPartner,
    NotTheOwner,
    OwnedByAnother,
    PartnerAlreadyAdded,
    Refused,
    UnknownEntry,
    WouldUndo,
)
from tests.domain.scenario import given
from tests.histories import add, change, end, grant, own, remove, revoke, transfer, void

HELD = (own("page1"), add("A"), grant("A", "page1", at=2))


def test_adding_a_partner_again() -> None:
    given(add("A")).when(add("A", at=3)).then_refused(
        PartnerAlreadyAdded,
        "30001 is already a partner of 10001 on 2026-01-03 (entry 1); "
        "record its removal first, or leave this fact out",
    )


def test_a_moment_that_is_not_a_midnight_is_told_in_full() -> None:
    given(add("A")).when(add("A", at="2026-01-03T10:00:00+02:00")).then_refused(
        PartnerAlreadyAdded,
        "30001 is already a partner of 10001 on 2026-01-03T08:00:00.000000Z (entry 1); "
        "record its removal first, or leave this fact out",
    )


def test_removing_one_who_is_no_partner() -> None:
    given().when(remove("A", at=3)).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-03; add the partner first"
    )


def test_granting_to_one_who_is_no_partner() -> None:
    given(own("page1")).when(grant("A", "page1", at=3)).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-03; add the partner first"
    )


def test_granting_after_the_partner_was_removed() -> None:
    given(own("page1"), add("A"), remove("A", at=2)).when(grant("A", "page1", at=3)).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-03; add the partner first"
    )


def test_granting_to_the_partner_of_another_owner() -> None:
    given(own("page1"), add("A", owner="X")).when(grant("A", "page1", at=3)).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-03; add the partner first"
    )


def test_establishing_the_same_owner_again() -> None:
    given(own("page1")).when(own("page1", at=3)).then_refused(
        AlreadyTheOwner,
        "10001 is already the owner of page:50001 on 2026-01-03 (entry 1); "
        "leave this fact out, or void that entry first",
    )


@pytest.mark.parametrize(
    "fact", [transfer("page1", to="X", at=3), end("page1", at=3)], ids=["transfer", "end"]
)
def test_passing_on_or_releasing_what_nobody_is_known_to_own(fact: Fact) -> None:
    given().when(fact).then_refused(
        NotTheOwner,
        "10001 is not known to own page:50001 on 2026-01-03; record an ownership-established first",
    )


@pytest.mark.parametrize(
    "fact", [transfer("page1", to="A", at=3), end("page1", at=3)], ids=["transfer", "end"]
)
def test_passing_on_or_releasing_what_another_owns(fact: Fact) -> None:
    given(own("page1", owner="X")).when(fact).then_refused(
        NotTheOwner,
        "10001 is not the owner of page:50001 on 2026-01-03: 20002 is (entry 1); "
        "only the owner can do this; record a transfer first, or correct the owner",
    )


def test_granting_what_nobody_is_known_to_own() -> None:
    given(add("A")).when(grant("A", "ads1", at=3)).then_refused(
        NotTheOwner,
        "10001 is not known to own ad_account:50002 on 2026-01-03; "
        "record an ownership-established first",
    )


def test_granting_what_was_released() -> None:
    given(own("ads1"), add("A"), end("ads1", at=2)).when(grant("A", "ads1", at=3)).then_refused(
        NotTheOwner,
        "10001 is not known to own ad_account:50002 on 2026-01-03; "
        "record an ownership-established first",
    )


def test_granting_what_another_owns() -> None:
    given(own("page1"), add("A"), transfer("page1", to="X", at=2)).when(
        grant("A", "page1", at=3)
    ).then_refused(
        NotTheOwner,
        "10001 is not the owner of page:50001 on 2026-01-03: 20002 is (entry 3); "
        "only the owner can do this; record a transfer first, or correct the owner",
    )


def test_a_second_grant() -> None:
    given(*HELD).when(grant("A", "page1", "MANAGE", at=4)).then_refused(
        AccessAlreadyHeld,
        "30001 already holds access to page:50001 on 2026-01-04 (entry 3); "
        "record an access-changed instead",
    )


def test_a_second_grant_after_a_change_names_the_change() -> None:
    given(*HELD, change("A", "page1", at=3)).when(grant("A", "page1", at=4)).then_refused(
        AccessAlreadyHeld,
        "30001 already holds access to page:50001 on 2026-01-04 (entry 4); "
        "record an access-changed instead",
    )


@pytest.mark.parametrize(
    "fact", [change("A", "page1", at=4), revoke("A", "page1", at=4)], ids=["change", "revoke"]
)
def test_changing_or_revoking_what_is_not_held(fact: Fact) -> None:
    given(own("page1"), add("A")).when(fact).then_refused(
        AccessNotHeld,
        "30001 holds no access to page:50001 from 10001 on 2026-01-04; "
        "record the grant first, or leave this fact out",
    )


def test_revoking_what_the_partners_removal_ended() -> None:
    given(*HELD, remove("A", at=3)).when(revoke("A", "page1", at=4)).then_refused(
        AccessNotHeld,
        "30001 holds no access to page:50001 from 10001 on 2026-01-04; "
        "record the grant first, or leave this fact out",
    )


def test_establishing_over_another_owner() -> None:
    """An observation may; a command says how it came about."""
    given(own("page1", owner="X")).when(own("page1", at=3)).then_refused(
        OwnedByAnother,
        "page:50001 is owned by 20002 on 2026-01-03; record an ownership-transferred "
        "from 20002 to 10001, or end its ownership first",
    )


def test_establishing_over_another_owner_in_the_midst_of_an_array() -> None:
    given().when([own("page1", owner="X"), own("page1", at=3)]).then_refused(
        OwnedByAnother,
        "page:50001 is owned by 20002 on 2026-01-03; record an ownership-transferred "
        "from 20002 to 10001, or end its ownership first",
    )


def test_establishing_over_another_owner_in_the_past() -> None:
    given(own("page1", owner="X", at=1), end("page1", owner="X", at=5)).when(
        own("page1", at=3)
    ).then_refused(
        WouldUndo,
        "entry 2 (ownership-ended) would lose its effect: "
        "20002 is not the owner of page:50001 on 2026-01-05: 10001 is (entry 3); "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_a_revoke_in_the_past_that_would_undo_a_change() -> None:
    given(*HELD, change("A", "page1", at=6)).when(revoke("A", "page1", at=4)).then_refused(
        WouldUndo,
        "entry 4 (access-changed) would lose its effect: "
        "30001 holds no access to page:50001 from 10001 on 2026-01-06; "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_a_removal_in_the_past_that_would_undo_a_grant() -> None:
    given(own("page1"), add("A"), grant("A", "page1", at=6)).when(remove("A", at=4)).then_refused(
        WouldUndo,
        "entry 3 (access-granted) would lose its effect: "
        "30001 is not a partner of 10001 on 2026-01-06; "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_a_transfer_in_the_past_that_would_undo_a_grant() -> None:
    given(own("page1"), add("A"), grant("A", "page1", at=6)).when(
        transfer("page1", to="X", at=4)
    ).then_refused(
        WouldUndo,
        "entry 3 (access-granted) would lose its effect: "
        "10001 is not the owner of page:50001 on 2026-01-06: 20002 is (entry 4); "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_an_addition_in_the_past_that_would_undo_the_one_on_record() -> None:
    given(add("A", at=5)).when(add("A", at=3)).then_refused(
        WouldUndo,
        "entry 1 (partner-added) would lose its effect: "
        "30001 is already a partner of 10001 on 2026-01-05 (entry 2); "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_an_ownership_in_the_past_that_would_undo_the_one_on_record() -> None:
    given(own("page1", at=5)).when(own("page1", at=3)).then_refused(
        WouldUndo,
        "entry 1 (ownership-established) would lose its effect: "
        "10001 is already the owner of page:50001 on 2026-01-05 (entry 2); "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_the_first_entry_that_would_be_undone_is_named() -> None:
    given(*HELD, change("A", "page1", at=6), revoke("A", "page1", at=7)).when(
        remove("A", at=4)
    ).then_refused(
        WouldUndo,
        "entry 4 (access-changed) would lose its effect: "
        "30001 holds no access to page:50001 from 10001 on 2026-01-06; "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_what_has_not_happened_yet() -> None:
    given(add("A")).when(remove("A", at="2027-01-01T00:00:01.000001Z")).then_refused(
        InTheFuture,
        "effective_at 2027-01-01T00:00:01.000001Z is later than the ledger's clock "
        "2027-01-01T00:00:01.000000Z; record it once it has happened",
    )


def test_what_happens_at_the_moment_of_recording_is_no_future() -> None:
    given(add("A")).observed().when(add("B", at="2027-01-01T00:00:01Z")).then(PartnerAdded)


def test_a_lower_bound_that_is_not_before_the_moment_of_recording() -> None:
    """The fact gives no moment of its own, so only the ledger can tell."""
    given().when(add("A", at=None, after="2027-01-01T00:00:00Z")).then_refused(
        BoundAfterEvent,
        "effective_after 2027-01-01T00:00:00.000000Z is not before the moment of the "
        "fact 2027-01-01T00:00:00.000000Z; it is the last moment the old state was seen",
    )


def test_voiding_an_entry_that_is_not_there() -> None:
    given(add("A")).when(void(7)).then_refused(
        UnknownEntry,
        "book 10001 holds no entry 7 from before this append; its newest entry is 1; "
        "look the number up in the book's entries",
    )


def test_voiding_a_fact_that_is_not_there() -> None:
    given(add("A")).when(void("add-B-1")).then_refused(
        UnknownEntry,
        "book 10001 holds no fact with the id 'add-B-1' from before this append; "
        "its newest entry is 1; look the number up in the book's entries",
    )


def test_a_number_in_quotes_is_a_fact_id() -> None:
    given(add("A")).when(add("A", at=2, replaces="1")).then_refused(
        UnknownEntry,
        "book 10001 holds no fact with the id '1' from before this append; "
        "its newest entry is 1; look the number up in the book's entries",
    )


def test_voiding_a_fact_of_the_same_append() -> None:
    """It can be left out instead."""
    given(own("page1")).when([add("A"), void("add-A-1")]).then_refused(
        UnknownEntry,
        "book 10001 holds no fact with the id 'add-A-1' from before this append; "
        "its newest entry is 1; look the number up in the book's entries",
    )
    given(own("page1")).when([add("A"), void(2)]).then_refused(
        UnknownEntry,
        "book 10001 holds no entry 2 from before this append; its newest entry is 1; "
        "look the number up in the book's entries",
    )


def test_replacing_an_entry_that_is_not_there() -> None:
    given(add("A")).when(add("B", replaces=9)).then_refused(
        UnknownEntry,
        "book 10001 holds no entry 9 from before this append; its newest entry is 1; "
        "look the number up in the book's entries",
    )


def test_voiding_an_entry_again() -> None:
    given(add("A"), void(1)).when(void(1, id="again")).then_refused(
        AlreadyVoid, "entry 1 is void already (by entry 2); to bring it back, void that entry"
    )


def test_replacing_an_entry_that_is_void() -> None:
    given(add("A"), void(1)).when(add("A", at=2, replaces=1)).then_refused(
        AlreadyVoid, "entry 1 is void already (by entry 2); to bring it back, void that entry"
    )


def test_voiding_an_entry_twice_in_one_append() -> None:
    given(add("A")).when([void(1), void(1, id="again")]).then_refused(
        AlreadyVoid, "entry 1 is voided twice in this append; void it once"
    )


def test_of_an_array_the_first_fact_in_the_way_is_told_and_nothing_is_recorded() -> None:
    story = given(own("page1"), add("A"))
    refusal = story.when(
        [grant("A", "page1"), grant("B", "page1"), revoke("C", "page1")]
    ).then_refused(
        NotAPartner, "30002 is not a partner of 10001 on 2026-01-02; add the partner first"
    )
    assert refusal.fact_id == "grant-B-page1-2"
    assert story.book.newest == 2


@pytest.mark.parametrize(
    "facts",
    [
        [add("B"), grant("A", "page1", id="to-blame", at=4)],
        [add("B"), own("page1", owner="X", id="to-blame", at=4)],
        [add("B"), revoke("B", "page1", id="to-blame", at=4)],
        [add("B"), add("C", id="to-blame", at="2030-01-01T00:00:00Z")],
        [add("B"), void(99, id="to-blame")],
        [add("B"), add("C", id="to-blame", replaces=99)],
    ],
    ids=["held", "owned", "not held", "future", "unknown void", "unknown replaced"],
)
def test_the_fact_to_blame_in_an_array_is_named(facts: list[Fact]) -> None:
    with pytest.raises(Refused) as caught:
        given(*HELD).book.judge(*facts)
    assert caught.value.fact_id == "to-blame"


@pytest.mark.parametrize(
    "fact",
    [
        grant("A", "page1", id="to-blame", at=4),
        own("page1", owner="X", id="to-blame", at=4),
        revoke("B", "page1", id="to-blame", at=4),
        add("C", id="to-blame", at="2030-01-01T00:00:00Z"),
        add("C", id="to-blame", at=None, after="2030-01-01T00:00:00Z"),
        add("A", id="to-blame", at=3),
        void(99, id="to-blame"),
    ],
    ids=["held", "owned", "not held", "future", "bound", "added", "unknown void"],
)
def test_the_fact_to_blame_is_named_also_when_it_comes_alone(fact: Fact) -> None:
    with pytest.raises(Refused) as caught:
        given(*HELD).book.judge(fact)
    assert caught.value.fact_id == "to-blame"


def test_no_fact_is_to_blame_where_an_entry_would_be_undone() -> None:
    with pytest.raises(WouldUndo) as caught:
        given(*HELD, change("A", "page1", at=6)).book.judge(revoke("A", "page1", at=4))
    assert caught.value.fact_id is None


def test_every_refusal_has_a_code_of_its_own_and_says_what_it_is() -> None:
    classes = [
        refusal
        for _, refusal in inspect.getmembers(refusals, inspect.isclass)
        if issubclass(refusal, Refused) and "code" in vars(refusal)
    ]
    codes = [refusal.code for refusal in classes]
    assert len(codes) == len(set(codes)) == 22
    assert all(refusal.__doc__ for refusal in classes)
