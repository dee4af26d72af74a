"""Voids, voids of voids, and replacements: nothing is edited, and what was known stays readable."""
# The names are sentences; a docstring says what a name cannot.

from typing import Any

from domain.events import (
    AccessChanged,
    AccessGranted,
    AccessRevoked,
    EntryVoided,
    OwnershipEnded,
    OwnershipEstablished,
    PartnerAdded,
    PartnerRemoved,
)
from domain.judging import MAX_REPLACEMENTS
from domain.refusals import (
    AccessNotHeld,
    AlreadyVoid,
    CorrectedTooOften,
    NotAPartner,
    WouldUndo,
)
from domain.voids import Voids
from tests.domain.scenario import anomalies, episodes, given, owners, windows
from tests.histories import PaperBook, add, change, end, grant, own, remove, revoke, void

HELD = (own("page1"), add("A"), grant("A", "page1", at=2))


def test_a_void_says_what_it_voids_and_why() -> None:
    book = given(*HELD).when(void("grant-A-page1-2", id="v", reason="wrong page")).then(EntryVoided)
    event = book.event("v")
    assert isinstance(event, EntryVoided)
    assert (event.entry, event.reason, event.book) == (3, "wrong page", "10001")


def test_a_voided_entry_is_left_out_from_there_on_and_stays_in_what_was_known_before() -> None:
    book = given(*HELD).when(void(3)).then(EntryVoided)
    assert windows(book) == []
    assert windows(book, known=3) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]


def test_the_void_of_a_void_brings_the_entry_back() -> None:
    book = given(*HELD, void(3)).when(void(4)).then(EntryVoided)
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]


def test_a_third_void_takes_it_away_again() -> None:
    book = given(*HELD, void(3), void(4)).when(void(5)).then(EntryVoided)
    assert windows(book) == []


def test_an_entry_that_came_back_can_be_voided_again() -> None:
    book = given(*HELD, void(3), void(4)).when(void(3, id="again")).then(EntryVoided)
    assert windows(book) == []


def test_an_entry_under_two_voids_comes_back_with_neither_of_them_left() -> None:
    """Void 4 is void by 5, entry 3 by 6; then 5 is voided, so 4 counts again beside 6."""
    story = given(*HELD, void(3), void(4), void(3, id="second"), void(5))
    assert windows(story.when(void(6)).then(EntryVoided)) == []
    book = given(*HELD, void(3), void(4), void(3, id="second"), void(5), void(6)).book
    book.append(void(4, id="last"))
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]


def test_a_void_and_the_void_of_its_void_in_one_append_are_judged_in_their_order() -> None:
    book = given(*HELD, void(3)).when([void(4), void(3, id="anew")]).then(EntryVoided, EntryVoided)
    assert windows(book) == []
    given(*HELD, void(3)).when([void(3, id="anew"), void(4)]).then_refused(
        AlreadyVoid, "entry 3 is void already (by entry 4); to bring it back, void that entry"
    )


def test_voids_know_who_voids_what_and_what_is_at_the_root() -> None:
    voids = Voids()
    assert not voids
    voids.add(4, 3)
    voids.add(5, 4)
    before = voids.copy()
    voids.add(6, 5)
    assert (voids.voided_by(3), voids.voided_by(4), voids.voided_by(5)) == (4, None, 6)
    assert (voids.root(6), voids.root(3)) == (3, 3)
    assert [entry for entry in range(1, 7) if voids.is_a_void(entry)] == [4, 5, 6]
    assert [entry for entry in range(1, 7) if entry in before] == [4]


def test_voiding_a_removal_opens_what_it_closed() -> None:
    story = given(*HELD, own("ads1"), grant("A", "ads1", at=3), remove("A", at=5))
    assert windows(story.book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-05 partner_removed #3-#6",
        "O>A ads1 ADVERTISE 2026-01-03..2026-01-05 partner_removed #5-#6",
    ]
    book = story.when(void(6)).then(EntryVoided)
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02.. #3-",
        "O>A ads1 ADVERTISE 2026-01-03.. #5-",
    ]
    assert episodes(book) == ["O>A 2026-01-01.. #2-"]


def test_voids_are_never_refused_and_name_the_entries_that_lose_their_effect() -> None:
    story = given(*HELD, change("A", "page1", at=4), revoke("A", "page1", at=6))
    decision = story.when(void(2)).decided(EntryVoided)
    assert (decision.lost, decision.gained) == ((2, 3, 4, 5), ())
    assert anomalies(story.book) == [
        (3, "not_a_partner", 0),
        (4, "access_not_held", 0),
        (5, "access_not_held", 0),
    ]


def test_voids_name_the_entries_that_gain_effect() -> None:
    story = given(*HELD, revoke("A", "page1", at=4), grant("A", "page1", at=6), void(4))
    assert anomalies(story.book) == [(5, "access_already_held", 3)]
    decision = story.when(void(3)).decided(EntryVoided)
    assert (decision.lost, decision.gained) == ((3,), (5,))


def test_what_a_void_does_reaches_the_lines_of_the_pair_and_the_asset() -> None:
    story = given(*HELD, add("B"), grant("B", "page1", at=3))
    decision = story.when(void(1)).decided(EntryVoided)
    assert decision.lost == (1, 3, 5)
    back = story.when(void(6)).decided(EntryVoided)
    assert back.gained == (1, 3, 5)


def test_an_entry_without_effect_may_be_voided_and_nothing_is_lost() -> None:
    story = given(own("page1"), add("A")).observed(revoke("A", "page1"))
    decision = story.when(void(3)).decided(EntryVoided)
    assert (decision.lost, decision.gained) == ((), ())
    assert anomalies(story.book) == []


def test_what_an_earlier_void_left_without_effect_is_no_reason_to_refuse() -> None:
    """Only what the append itself takes away is."""
    story = given(*HELD, change("A", "page1", at=4), void(3))
    assert anomalies(story.book) == [(4, "access_not_held", 0)]
    book = story.when(add("B", at=3)).then(PartnerAdded)
    assert anomalies(book) == [(4, "access_not_held", 0)]


# --- replacements


def test_a_replacement_writes_its_void_before_it() -> None:
    book = (
        given(*HELD)
        .when(grant("A", "page1", "ANALYZE", at=3, id="right", replaces=3, reason="misread"))
        .then(EntryVoided, AccessGranted)
    )
    void, granted = book.event("right~void"), book.event("right")
    assert isinstance(void, EntryVoided)
    assert (void.entry, void.reason) == (3, "misread")
    assert granted.replaces == 3
    assert windows(book) == ["O>A page1 ANALYZE 2026-01-03.. #5-"]


def test_a_replacement_without_a_reason_says_what_replaces() -> None:
    book = (
        given(*HELD)
        .when(grant("A", "page1", at=3, id="right", replaces=3))
        .then(EntryVoided, AccessGranted)
    )
    void = book.event("right~void")
    assert isinstance(void, EntryVoided)
    assert void.reason == "replaced by right"


def test_the_code_of_an_ended_ownership_is_no_reason_for_a_void() -> None:
    """What became of the asset does not say why the entry before was wrong."""
    story = given(own("page1"), end("page1", reason="released"))
    book = story.when(end("page1", id="right", reason="asset_deleted", replaces=2)).then(
        EntryVoided, OwnershipEnded
    )
    void = book.event("right~void")
    assert isinstance(void, EntryVoided)
    assert void.reason == "replaced by right"


def test_the_void_of_a_replacement_has_the_provenance_of_the_fact() -> None:
    provenance: dict[str, Any] = {
        "actor": {"kind": "person", "id": "7"},
        "source": {"kind": "document", "reference": "mail"},
        "authority": "ticket 5",
    }
    book = (
        given(*HELD)
        .when(grant("A", "page1", id="right", replaces=3, **provenance))
        .then(EntryVoided, AccessGranted)
    )
    for event in (book.event("right~void"), book.event("right")):
        assert event.model_dump(include=set(provenance), exclude_none=True) == provenance


def test_a_replacement_stands_in_the_place_of_what_it_replaces() -> None:
    """At one instant the order of the entries counts: the grant still comes before the change."""
    story = given(*HELD, change("A", "page1", "MANAGE", at=2))
    book = story.when(
        grant("A", "page1", "ANALYZE", at=2, id="right", replaces="grant-A-page1-2")
    ).then(EntryVoided, AccessGranted)
    assert windows(book) == [
        "O>A page1 ANALYZE 2026-01-02..2026-01-02 access_changed #6-#4",
        "O>A page1 MANAGE 2026-01-02.. #4-",
    ]


def test_a_replacement_of_a_replacement_keeps_the_first_place() -> None:
    story = given(
        *HELD,
        change("A", "page1", "MANAGE", at=2),
        grant("A", "page1", at=2, id="second", replaces=3),
    )
    book = story.when(grant("A", "page1", "ANALYZE", at=2, id="third", replaces="second")).then(
        EntryVoided, AccessGranted
    )
    assert windows(book) == [
        "O>A page1 ANALYZE 2026-01-02..2026-01-02 access_changed #8-#4",
        "O>A page1 MANAGE 2026-01-02.. #4-",
    ]


def test_a_replaced_entry_cannot_be_replaced_again() -> None:
    story = given(*HELD, grant("A", "page1", at=3, id="second", replaces=3))
    story.when(grant("A", "page1", at=4, replaces=3)).then_refused(
        AlreadyVoid, "entry 3 is void already (by entry 4); to bring it back, void that entry"
    )


def test_a_stand_in_comes_before_what_it_ties_with_also_where_it_is_about_another_subject() -> None:
    """Its place is that of an entry elsewhere, earlier than the removal at the same instant."""
    story = given(add("A", at=1), own("ads1", at=5), remove("A", at=5))
    book = story.when(
        [
            remove("A", at=5, id="away", replaces=2),
            add("A", at=5, id="back", replaces=2),
        ]
    ).then(EntryVoided, PartnerRemoved, PartnerAdded)
    assert episodes(book) == [
        "O>A 2026-01-01..2026-01-05 partner_removed #1-#5",
        "O>A 2026-01-05..2026-01-05 partner_removed #6-#3",
    ]
    story.when(remove("A", at=6)).then_refused(
        NotAPartner, "30001 is not a partner of 10001 on 2026-01-06; add the partner first"
    )


def test_two_facts_may_stand_in_for_one_entry() -> None:
    """One void is written, before the first of them, and both stand where it stood."""
    story = given(*HELD, revoke("A", "page1", at=4))
    book = story.when(
        [
            change("A", "page1", "MANAGE", at=4, id="first", replaces=4),
            revoke("A", "page1", at=5, id="second", replaces=4),
        ]
    ).then(EntryVoided, AccessChanged, AccessRevoked)
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-04 access_changed #3-#6",
        "O>A page1 MANAGE 2026-01-04..2026-01-05 access_revoked #6-#7",
    ]
    assert (book.state.place(6), book.state.place(7)) == ((4, -5, 6), (4, -5, 7))


def test_a_void_written_out_before_its_replacement_is_not_written_twice() -> None:
    book = (
        given(*HELD)
        .when([void(3, id="why"), grant("A", "page1", at=3, replaces=3)])
        .then(EntryVoided, AccessGranted)
    )
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-03.. #5-"]


def test_a_fact_of_another_kind_may_stand_in() -> None:
    book = (
        given(*HELD, revoke("A", "page1", at=4))
        .when(change("A", "page1", at=4, replaces=4))
        .then(EntryVoided, AccessChanged)
    )
    assert windows(book)[-1] == "O>A page1 MANAGE 2026-01-04.. #6-"


def test_replacing_a_void_brings_back_what_it_voided() -> None:
    """Here the grant was right after all, and what was wrong is the change that came next."""
    story = given(*HELD, void(3))
    book = story.when(change("A", "page1", at=4, replaces=4)).then(EntryVoided, AccessChanged)
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-04 access_changed #3-#6",
        "O>A page1 MANAGE 2026-01-04.. #6-",
    ]
    assert book.state.place(6) == (4, -5, 6)


def test_a_void_may_replace_a_void() -> None:
    """The wrong entry was voided: it comes back, and the right one goes."""
    story = given(*HELD, own("ads1"), grant("A", "ads1", at=3), void(3))
    book = story.when(void(5, id="right", replaces=6)).then(EntryVoided, EntryVoided)
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]


def test_a_void_that_replaces_keeps_what_it_replaces_and_has_no_place_but_its_own() -> None:
    """So its content can be compared when it is sent again, and nothing sorts by it."""
    story = given(*HELD, own("ads1"), grant("A", "ads1", at=3), void(3))
    book = story.when(void(5, id="right", replaces=6)).then(EntryVoided, EntryVoided)
    assert book.event("right").replaces == 6
    assert book.event("right~void").replaces is None
    assert book.state.place(8) == (8,)


def test_two_voids_may_stand_in_for_one_entry() -> None:
    """One void of it is written."""
    story = given(*HELD, own("ads1"), grant("A", "ads1", at=3), void(3))
    both = [void(5, id="one", replaces=6), void(3, id="two", replaces=6)]
    book = story.when(both).then(EntryVoided, EntryVoided, EntryVoided)
    assert windows(book) == []


def test_of_two_facts_that_stand_in_for_one_the_first_can_be_replaced_by_itself() -> None:
    """What stands in for it comes where it stood: before the second."""
    story = given(
        *HELD,  # 3 is the grant
        change("A", "page1", at=4),  # 4
        [
            revoke("A", "page1", at=4, id="first", replaces=4),  # 5 void, 6
            grant("A", "page1", "MANAGE", at=4, replaces=4),  # 7
        ],
    )
    held = windows(story.book)
    assert held[-1] == "O>A page1 MANAGE 2026-01-04.. #7-"
    decision = story.when(revoke("A", "page1", at=4, replaces="first")).decided(
        EntryVoided, AccessRevoked
    )
    assert (decision.lost, decision.gained) == ((6,), ())
    assert windows(story.book) == [line.replace("#6", "#9") for line in held]
    assert story.book.state.place(9) == (4, -5, 6, -8, 9)


def test_what_replaces_an_entry_that_came_back_stands_before_what_replaced_it_first() -> None:
    story = given(
        own("page1"),
        add("A"),
        add("A", at=1, id="other", partner_name="Other", replaces=2),  # 3 void, 4
        void(3),
    )
    assert anomalies(story.book) == [(4, "partner_already_added", 2)]
    book = story.when(add("A", replaces=2, id="again")).then(EntryVoided, PartnerAdded)
    assert anomalies(book) == [(4, "partner_already_added", 7)]


def test_an_entry_without_effect_does_not_hinder_the_replacement_of_another_by_itself() -> None:
    """The void alone would give it effect, which the replacement takes away again."""
    story = given(*HELD, revoke("A", "page1", at=4), grant("A", "page1", at=6), void(4))
    assert anomalies(story.book) == [(5, "access_already_held", 3)]
    book = story.when(grant("A", "page1", at=3, replaces=3)).then(EntryVoided, AccessGranted)
    assert anomalies(book) == [(5, "access_already_held", 8)]


def test_one_fact_can_be_corrected_a_hundred_times_and_not_more() -> None:
    story = given(*HELD)
    number = 3
    for nth in range(MAX_REPLACEMENTS):
        story.book.append(grant("A", "page1", at=3, id=f"again-{nth}", replaces=number))
        number = story.book.newest
    story.when(grant("A", "page1", at=3, replaces=number)).then_refused(
        CorrectedTooOften,
        "entry 203 is the last of 100 replacements of one fact, and there can be no more; "
        "void it, and record what is right as a fact that replaces nothing",
    )
    assert windows(story.book) == ["O>A page1 ADVERTISE 2026-01-03.. #203-"]


def test_a_replacement_that_does_not_apply_is_refused_like_any_fact() -> None:
    story = given(*HELD)
    story.when(grant("B", "page1", at=3, replaces=3)).then_refused(
        NotAPartner, "30002 is not a partner of 10001 on 2026-01-03; add the partner first"
    )
    story.when(revoke("A", "page1", at=3, replaces=3)).then_refused(
        AccessNotHeld,
        "30001 holds no access to page:50001 from 10001 on 2026-01-03; "
        "record the grant first, or leave this fact out",
    )


def test_what_loses_its_effect_by_the_void_of_a_replacement_alone_is_not_refused() -> None:
    """The void by itself would leave the change without a grant, so it may stay without."""
    story = given(*HELD, change("A", "page1", at=4))
    decision = story.when(grant("A", "page1", at=5, id="late", replaces=3)).decided(
        EntryVoided, AccessGranted
    )
    assert decision.lost == (3, 4)
    assert anomalies(story.book) == [(4, "access_not_held", 0)]


def test_a_replacement_whose_fact_undoes_an_entry_is_refused() -> None:
    story = given(own("page1"), add("A"), add("B"), grant("A", "page1", at=3))
    story.when(remove("A", at=2, replaces=3)).then_refused(
        WouldUndo,
        "entry 4 (access-granted) would lose its effect: "
        "30001 is not a partner of 10001 on 2026-01-03; "
        "void or replace it in the same append, or add the facts that are missing between",
    )


def test_an_observed_owner_over_another_can_be_replaced_by_itself() -> None:
    """A command may not put one owner over another, but it may correct what was observed to."""
    story = given(own("page1", owner="X")).observed(own("page1", at=3))
    assert owners(story.book) == [
        "page1 X unknown 2026-01-01..2026-01-03 ownership_changed #1-#2",
        "page1 O unknown 2026-01-03.. #2-",
    ]
    book = story.when(own("page1", at=4, basis="claimed", replaces=2)).then(
        EntryVoided, OwnershipEstablished
    )
    assert owners(book) == [
        "page1 X unknown 2026-01-01..2026-01-04 ownership_changed #1-#4",
        "page1 O claimed 2026-01-04.. #4-",
    ]


def test_entries_that_were_judged_once_are_evolved_without_judging() -> None:
    book = PaperBook()
    book.take(revoke("A", "page1"), add("A"), add("A", at=2), remove("B"), end("page1"))
    assert [anomaly[:2] for anomaly in anomalies(book)] == [
        (3, "partner_already_added"),
        (1, "access_not_held"),
        (4, "not_a_partner"),
        (5, "not_the_owner"),
    ]
    book.append(own("page1", at=10))
    decision = book.append(remove("A", at=10))
    assert [type(event) for event in decision.events] == [PartnerRemoved]
