"""The plain reading: what stories mean, told span by span."""
# The names are sentences; a docstring says what a name cannot.

import pytest

from domain.facts import Fact
from domain.instants import to_microseconds
from domain.plain_reading import Certainty, Coverage
from tests.domain.scenario import anomalies, episodes, given, owners, windows
from tests.histories import (
    ASSETS,
    OWNER,
    PARTNERS,
    PaperBook,
    add,
    change,
    end,
    grant,
    moment,
    own,
    remove,
    revoke,
    transfer,
    void,
)

HELD = (own("page1"), add("A"), grant("A", "page1", at=2))


def held(book: PaperBook, at: int | str, known: int | None = None) -> list[tuple[str, Certainty]]:
    """Tasks and certainty of every window at a moment."""
    found = book.reading(known).holders(to_microseconds(moment(at)))
    return [(",".join(window.tasks), certainty) for _, window, certainty in found]


def coverage(book: PaperBook, what: str, at: int | str) -> Coverage:
    """What the book can say of an asset at a moment."""
    return book.reading().asset_coverage(ASSETS[what].key, to_microseconds(moment(at)))


# --- spans and their causes


def test_a_book_without_entries_means_nothing() -> None:
    book = PaperBook()
    assert (windows(book), episodes(book), owners(book), anomalies(book)) == ([], [], [], [])


def test_a_grant_opens_a_window_that_stays_open() -> None:
    assert windows(given(*HELD).book) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]


def test_a_window_is_half_open() -> None:
    book = given(*HELD, revoke("A", "page1", at=5)).book
    assert held(book, "2026-01-01T23:59:59.999999Z") == []
    assert held(book, 2) == [("ADVERTISE", "certain")]
    assert held(book, "2026-01-04T23:59:59.999999Z") == [("ADVERTISE", "certain")]
    assert held(book, 5) == []


@pytest.mark.parametrize(
    ("fact", "cause"),
    [
        (revoke("A", "page1", at=5), "access_revoked"),
        (remove("A", at=5), "partner_removed"),
        (transfer("page1", to="X", at=5), "ownership_changed"),
        (transfer("page1", to="A", at=5), "ownership_changed"),
        (end("page1", at=5), "ownership_ended"),
        (end("page1", at=5, reason="released"), "ownership_ended"),
        (end("page1", at=5, reason="asset_deleted"), "asset_deleted"),
    ],
)
def test_a_window_names_the_cause_of_its_end(fact: Fact, cause: str) -> None:
    book = given(*HELD, fact).book
    assert windows(book) == [f"O>A page1 ADVERTISE 2026-01-02..2026-01-05 {cause} #3-#4"]


def test_a_change_closes_a_window_and_opens_the_next_at_the_same_instant() -> None:
    book = given(*HELD, change("A", "page1", "MANAGE", at=5)).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-05 access_changed #3-#4",
        "O>A page1 MANAGE 2026-01-05.. #4-",
    ]


def test_a_change_to_equal_tasks_starts_a_new_window() -> None:
    book = given(*HELD, change("A", "page1", "ADVERTISE", at=5)).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-05 access_changed #3-#4",
        "O>A page1 ADVERTISE 2026-01-05.. #4-",
    ]


def test_a_removal_alone_closes_every_window_of_the_pair_and_no_other() -> None:
    book = given(
        own("page1"),
        own("ads1"),
        add("A"),
        add("B"),
        grant("A", "page1"),
        grant("A", "ads1"),
        grant("B", "page1"),
        remove("A", at=5, removed_by="partner"),
    ).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-05 partner_removed #5-#8",
        "O>A ads1 ADVERTISE 2026-01-02..2026-01-05 partner_removed #6-#8",
        "O>B page1 ADVERTISE 2026-01-02.. #7-",
    ]
    [(*_, first), _] = book.reading().episodes
    assert first.removed_by == "partner"


def test_a_partner_who_comes_back_finds_the_old_grants_closed() -> None:
    book = given(*HELD, remove("A", at=4), add("A", at=6)).book
    assert episodes(book) == [
        "O>A 2026-01-01..2026-01-04 partner_removed #2-#4",
        "O>A 2026-01-06.. #5-",
    ]
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-04 partner_removed #3-#4"]
    assert held(book, 7) == []


def test_a_partner_removed_and_added_at_one_instant_loses_what_it_held() -> None:
    book = given(*HELD, remove("A", at=4), add("A", at=4)).book
    assert held(book, 4) == []
    assert episodes(book) == [
        "O>A 2026-01-01..2026-01-04 partner_removed #2-#4",
        "O>A 2026-01-04.. #5-",
    ]


def test_a_transfer_closes_what_the_old_owner_granted_on_that_asset_only() -> None:
    book = given(*HELD, own("ads1"), grant("A", "ads1", at=2), transfer("page1", to="X", at=5)).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-02..2026-01-05 ownership_changed #3-#6",
        "O>A ads1 ADVERTISE 2026-01-02.. #5-",
    ]


def test_an_observed_owner_takes_over_and_closes_what_the_old_one_granted() -> None:
    book = given(*HELD).observed(own("page1", owner="X", at=5, basis="observed")).book
    assert owners(book) == [
        "page1 O unknown 2026-01-01..2026-01-05 ownership_changed #1-#4",
        "page1 X observed 2026-01-05.. #4-",
    ]
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-05 ownership_changed #3-#4"]


def test_a_span_without_an_owner_says_what_became_of_the_asset() -> None:
    book = given(own("page1"), end("page1", at=3, reason="asset_deleted")).book
    assert owners(book) == [
        "page1 O unknown 2026-01-01..2026-01-03 asset_deleted #1-#2",
        "page1 - asset_deleted 2026-01-03.. #2-",
    ]


def test_a_planned_end_closes_nothing() -> None:
    book = given(own("page1"), add("A"), grant("A", "page1", planned_end="2026-01-03")).book
    assert held(book, 9) == [("ADVERTISE", "certain")]
    [(_, window)] = book.reading().windows
    assert window.planned_end == "2026-01-03"


def test_a_window_of_no_length_is_in_the_timeline_and_held_at_no_moment() -> None:
    book = given(*HELD, revoke("A", "page1", at=2)).book
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-02 access_revoked #3-#4"]
    for at in ("2026-01-01T23:59:59.999999Z", 2, "2026-01-02T00:00:00.000001Z"):
        assert held(book, at) == []


def test_names_are_labels_taken_from_the_grant_or_else_from_the_episode_and_the_asset() -> None:
    book = given(
        own("page1"),
        own("ads1"),
        add("A", partner_name="North"),
        grant("A", "page1", partner_name="North GmbH"),
        grant("A", "ads1"),
    ).book
    reading = book.reading()
    assert [window.partner_name for _, window in reading.windows] == ["North GmbH", "North"]
    assert [window.asset_name for _, window in reading.windows] == ["First page", None]
    assert [episode.partner_name for *_, episode in reading.episodes] == ["North"]
    assert [span.asset_name for _, span in reading.ownerships] == ["First page", None]


# --- order


def test_events_count_in_the_order_of_their_effective_times() -> None:
    book = PaperBook()
    book.take(
        revoke("A", "page1", at=5), grant("A", "page1", at=2), add("A", at=1), own("page1", at=1)
    )
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-05 access_revoked #2-#1"]
    assert anomalies(book) == []


def test_at_one_instant_the_entry_number_decides() -> None:
    book = PaperBook()
    book.take(own("page1"), add("A"), revoke("A", "page1", at=2), grant("A", "page1", at=2))
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02.. #4-"]
    assert anomalies(book) == [(3, "access_not_held", 0)]


def test_a_book_is_read_as_known_at_any_of_its_entries() -> None:
    book = given(*HELD, revoke("A", "page1", at=5), void(4)).book
    assert held(book, 6, known=2) == []
    assert held(book, 6, known=3) == [("ADVERTISE", "certain")]
    assert held(book, 6, known=4) == []
    assert held(book, 6, known=5) == [("ADVERTISE", "certain")]


# --- what does not apply


def test_events_that_do_not_apply_have_no_effect_and_are_told_with_what_is_in_the_way() -> None:
    book = PaperBook()
    book.take(
        own("page1", at=1),  # 1
        add("A", at=1),  # 2
        grant("A", "page1", at=2),  # 3
        add("A", at=3),  # 4
        own("page1", at=3, id="owned-again"),  # 5
        grant("A", "page1", at=3),  # 6
        revoke("B", "page1", at=3),  # 7
        change("B", "page1", at=3),  # 8
        remove("B", at=3),  # 9
        grant("B", "page1", at=3),  # 10
        grant("A", "ads1", at=3),  # 11
        grant("A", "page1", at=3, owner="X", id="by-X"),  # 12
        add("A", at=3, owner="X", id="X-adds-A"),  # 13
        grant("A", "page1", at=4, owner="X", id="by-X-again"),  # 14
        transfer("page1", owner="X", to="O", at=4),  # 15
        end("ads1", at=4),  # 16
    )
    assert anomalies(book) == [
        (4, "partner_already_added", 2),
        (5, "already_the_owner", 1),
        (6, "access_already_held", 3),
        (7, "access_not_held", 0),
        (8, "access_not_held", 0),
        (9, "not_a_partner", 0),
        (10, "not_a_partner", 0),
        (11, "not_the_owner", 0),
        (12, "not_a_partner", 0),
        (14, "not_the_owner", 1),
        (15, "not_the_owner", 1),
        (16, "not_the_owner", 0),
    ]
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02.. #3-"]
    by_actual_owner = {a.number: a.actual_owner for a in book.reading().anomalies}
    assert (by_actual_owner[14], by_actual_owner[11]) == (OWNER, None)


def test_an_event_that_does_not_apply_does_not_bound_those_after_it() -> None:
    book = given(*HELD).observed(grant("A", "page1", at=6)).book
    book.append(revoke("A", "page1", at=8, after=4))
    assert windows(book) == [
        (
            "O>A page1 ADVERTISE 2026-01-02..(2026-01-04T00:00:00.000001Z)2026-01-08 "
            "access_revoked #3-#5"
        )
    ]


# --- edges


def test_inside_the_edge_of_a_bounded_revoke_the_access_is_possible() -> None:
    book = given(*HELD, revoke("A", "page1", at=6, after=4)).book
    assert held(book, 4) == [("ADVERTISE", "certain")]
    assert held(book, "2026-01-04T00:00:00.000001Z") == [("ADVERTISE", "possible")]
    assert held(book, "2026-01-05T23:59:59.999999Z") == [("ADVERTISE", "possible")]
    assert held(book, 6) == []


def test_inside_the_edge_of_a_bounded_grant_the_access_is_possible() -> None:
    book = given(own("page1"), add("A"), grant("A", "page1", at=6, after=4)).book
    assert held(book, 4) == []
    assert held(book, "2026-01-04T00:00:00.000001Z") == [("ADVERTISE", "possible")]
    assert held(book, 6) == [("ADVERTISE", "certain")]


def test_inside_the_edge_of_a_bounded_change_both_windows_are_possible() -> None:
    book = given(*HELD, change("A", "page1", "MANAGE", at=6, after=4)).book
    assert held(book, 4) == [("ADVERTISE", "certain")]
    assert held(book, 5) == [("ADVERTISE", "possible"), ("MANAGE", "possible")]
    assert held(book, 6) == [("MANAGE", "certain")]


def test_inside_the_edge_of_a_bounded_removal_and_a_bounded_transfer_the_access_is_possible() -> (
    None
):
    for fact in (remove("A", at=6, after=4), transfer("page1", to="X", at=6, after=4)):
        book = given(*HELD, fact).book
        assert held(book, 4) == [("ADVERTISE", "certain")]
        assert held(book, 5) == [("ADVERTISE", "possible")]
        assert held(book, 6) == []


def test_a_bound_of_one_microsecond_is_exact() -> None:
    """The old state was seen at one microsecond and the new one at the next."""
    after = "2026-01-05T23:59:59.999999Z"
    book = given(*HELD, revoke("A", "page1", at=6, after=after)).book
    assert held(book, after) == [("ADVERTISE", "certain")]
    assert windows(book) == ["O>A page1 ADVERTISE 2026-01-02..2026-01-06 access_revoked #3-#4"]


def test_an_edge_cannot_begin_before_what_came_before_it() -> None:
    """The grant at day 5 is exact, so the revoke seen between 3 and 7 came after it."""
    book = given(
        own("page1"), add("A"), grant("A", "page1", at=5), revoke("A", "page1", at=7, after=3)
    ).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-05..(2026-01-05)2026-01-07 access_revoked #3-#4"
    ]
    assert held(book, 4) == []
    assert held(book, 5) == [("ADVERTISE", "possible")]


def test_a_grant_cannot_begin_before_its_episode_or_its_ownership() -> None:
    book = given(
        own("page1", at=3, after=1),
        add("A", at=5, after=4),
        grant("A", "page1", at=8, after=1),
    ).book
    assert windows(book) == ["O>A page1 ADVERTISE (2026-01-04T00:00:00.000001Z)2026-01-08.. #3-"]


def test_edges_of_other_lines_do_not_narrow_an_edge() -> None:
    """One line is read by itself: an answer can be proven without disclosing another."""
    book = given(
        *HELD, own("ads1"), grant("A", "ads1", at=5), revoke("A", "page1", at=7, after=3)
    ).book
    assert windows(book)[0] == (
        "O>A page1 ADVERTISE 2026-01-02..(2026-01-03T00:00:00.000001Z)2026-01-07 "
        "access_revoked #3-#6"
    )


def test_a_window_never_ends_before_it_can_have_begun() -> None:
    """The removal was seen between 3 and 9 and closes a window that opened at 6."""
    book = given(own("page1"), add("A"), grant("A", "page1", at=6), remove("A", at=9, after=3)).book
    assert windows(book) == [
        "O>A page1 ADVERTISE 2026-01-06..(2026-01-06)2026-01-09 partner_removed #3-#4"
    ]
    assert episodes(book) == [
        "O>A 2026-01-01..(2026-01-03T00:00:00.000001Z)2026-01-09 partner_removed #2-#4"
    ]


def test_a_window_without_length_may_have_had_one_inside_its_edges() -> None:
    """Grant and revoke were both found at day 6; before that there may have been access."""
    book = given(
        own("page1"),
        add("A"),
        grant("A", "page1", at=6, after=4),
        revoke("A", "page1", at=6, after=4),
    ).book
    assert held(book, 4) == []
    assert held(book, 5) == [("ADVERTISE", "possible")]
    assert held(book, 6) == []


# --- coverage


def test_before_the_first_ownership_nothing_is_known() -> None:
    book = given(own("page1", at=3)).book
    assert coverage(book, "page1", "2026-01-02T23:59:59.999999Z") == "unknown"
    assert coverage(book, "page1", 3) == "known"
    assert coverage(book, "page1", 300) == "known"
    assert coverage(book, "ads1", 3) == "unknown"


def test_of_anothers_asset_only_the_own_access_is_known() -> None:
    assert coverage(given(own("page1", owner="X")).book, "page1", 2) == "own_access_only"


def test_after_a_transfer_only_the_own_access_is_known_and_after_its_return_all() -> None:
    book = given(
        own("page1"), transfer("page1", to="X", at=3), transfer("page1", owner="X", to="O", at=5)
    ).book
    assert [coverage(book, "page1", at) for at in (2, 3, 4, 5)] == [
        "known",
        "own_access_only",
        "own_access_only",
        "known",
    ]


@pytest.mark.parametrize(
    ("reason", "after"),
    [("released", "unknown"), ("unknown", "unknown"), ("asset_deleted", "known")],
)
def test_after_a_release_nothing_is_known_and_after_a_deletion_that_nobody_has_access(
    reason: str, after: Coverage
) -> None:
    book = given(own("page1"), end("page1", at=3, reason=reason)).book
    assert coverage(book, "page1", 2) == "known"
    assert coverage(book, "page1", 3) == after


def test_anothers_deleted_asset_is_known_to_have_no_holders() -> None:
    book = given(
        own("page1", owner="X"), end("page1", owner="X", at=3, reason="asset_deleted")
    ).book
    assert [coverage(book, "page1", at) for at in (2, 3)] == ["own_access_only", "known"]


def test_access_events_alone_give_no_coverage() -> None:
    book = PaperBook()
    book.take(add("A"), grant("A", "page1"))
    assert coverage(book, "page1", 3) == "unknown"


def test_voided_and_anomalous_entries_give_no_coverage() -> None:
    book = given(own("page1"), void(1)).book
    assert coverage(book, "page1", 3) == "unknown"
    book = PaperBook()
    book.take(transfer("page1", to="O", owner="X", at=2), end("ads1", reason="asset_deleted"))
    assert coverage(book, "page1", 3) == "unknown"
    assert coverage(book, "ads1", 10) == "unknown"


def test_inside_an_edge_of_ownership_the_least_is_promised() -> None:
    book = given(own("page1", at=3, after=1), transfer("page1", to="X", at=7, after=5)).book
    assert coverage(book, "page1", 2) == "unknown"
    assert coverage(book, "page1", 3) == "known"
    assert coverage(book, "page1", 5) == "known"
    assert coverage(book, "page1", 6) == "own_access_only"
    assert coverage(book, "page1", 7) == "own_access_only"


def test_a_question_about_a_partner_is_known_from_the_pairs_first_event_on() -> None:
    book = given(add("A", at=3, after=1), remove("A", at=5)).observed(remove("B", at=3)).book
    reading = book.reading()

    def known(partner: str, at: int) -> str:
        return reading.partner_coverage(partner, to_microseconds(moment(at)))

    assert known(PARTNERS[0], 2) == "unknown"
    assert [known(PARTNERS[0], at) for at in (3, 4, 5, 99)] == ["known"] * 4
    assert known(PARTNERS[1], 9) == "unknown"
