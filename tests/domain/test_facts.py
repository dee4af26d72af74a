"""Fact lines: what a caller may state, and what is said about what he may not."""
# The names are sentences; a docstring says what a name cannot.

from typing import Any

import pytest
from pydantic import ValidationError

from domain.describing import describe
from domain.facts import EffectiveCommand, VoidEntry, book_of, parse_fact
from domain.instants import format_instant
from domain.values import is_calendar_day, last_day

PAGE = {"type": "page", "id": "104857600219483"}
ADDED: dict[str, Any] = {
    "fact": "partner-added",
    "id": "1",
    "owner": "506914307656634",
    "partner": "563920174410288",
}
GRANTED: dict[str, Any] = {
    **ADDED,
    "fact": "access-granted",
    "asset": PAGE,
    "tasks": ["ADVERTISE"],
}
OWNED: dict[str, Any] = {
    "fact": "ownership-established",
    "id": "1",
    "owner": "506914307656634",
    "asset": PAGE,
}
VOIDED: dict[str, Any] = {
    "fact": "entry-voided",
    "id": "1",
    "book": "506914307656634",
    "entry": 12,
    "reason": "a typing error",
}


def complaints(fields: Any) -> list[str]:
    """What is said about a fact that cannot be read."""
    with pytest.raises(ValidationError) as caught:
        parse_fact(fields)
    return describe(caught.value)


EVERY_FACT = [
    {**ADDED, "partner_name": "North Agency"},
    {**ADDED, "fact": "partner-removed", "removed_by": "partner"},
    {**OWNED, "basis": "claimed"},
    {**OWNED, "fact": "ownership-transferred", "to_owner": "563920174410288", "basis": "observed"},
    {**OWNED, "fact": "ownership-ended", "reason": "asset_deleted"},
    {**GRANTED, "planned_end": "2026-12-31"},
    {**GRANTED, "fact": "access-changed"},
    {**GRANTED, "fact": "access-revoked", "tasks": None},
    {**GRANTED, "fact": "access-revoked", "planned_end": "2026-12-31"},
    VOIDED,
    {**{key: VOIDED[key] for key in VOIDED if key != "entry"}, "fact_id": "a-1"},
]
PROVENANCE = {
    "replaces": 3,
    "actor": {"kind": "person", "id": "61550001"},
    "source": {"kind": "document", "reference": "mail of 3 March", "sha256": "0" * 64},
    "authority": "contract 17",
}
MOMENT = {
    "book": "506914307656634",
    "effective_at": "2026-03-02T09:30:00Z",
    "effective_after": "2026-03-01T09:30:00+02:00",
}


@pytest.mark.parametrize("fields", EVERY_FACT, ids=lambda fields: str(fields["fact"]))
def test_every_kind_of_fact_is_read_with_its_provenance(fields: dict[str, Any]) -> None:
    fact = parse_fact({**fields, **PROVENANCE})
    assert fact.fact == fields["fact"]
    assert fact.replaces == 3
    assert fact.actor is not None
    assert fact.actor.kind == "person"


@pytest.mark.parametrize("fields", EVERY_FACT, ids=lambda fields: str(fields["fact"]))
def test_every_fact_but_a_void_carries_moments(fields: dict[str, Any]) -> None:
    if fields["fact"] == "entry-voided":
        assert complaints({**fields, "effective_at": MOMENT["effective_at"]}) == [
            "effective_at is not a field of this fact; leave it out, or check its spelling"
        ]
        return
    fact = parse_fact({**fields, **MOMENT})
    assert isinstance(fact, EffectiveCommand)
    assert fact.effective_at is not None
    assert format_instant(fact.effective_at) == "2026-03-02T09:30:00.000000Z"
    assert fact.effective_after is not None
    assert format_instant(fact.effective_after) == "2026-03-01T07:30:00.000000Z"


def test_what_is_not_said_of_basis_remover_and_reason_is_unknown() -> None:
    removed = parse_fact({**ADDED, "fact": "partner-removed"})
    established = parse_fact(OWNED)
    ended = parse_fact({**OWNED, "fact": "ownership-ended"})
    assert removed.model_dump()["removed_by"] == "unknown"
    assert established.model_dump()["basis"] == "unknown"
    assert ended.model_dump()["reason"] == "unknown"


def test_a_fact_belongs_in_the_book_it_names_and_else_in_its_owners() -> None:
    assert book_of(parse_fact(ADDED)) == "506914307656634"
    assert book_of(parse_fact({**ADDED, "book": "563920174410288"})) == "563920174410288"
    assert book_of(parse_fact(VOIDED)) == "506914307656634"


@pytest.mark.parametrize("fields", EVERY_FACT, ids=lambda fields: str(fields["fact"]))
def test_an_unknown_field_is_refused_by_its_name(fields: dict[str, Any]) -> None:
    assert complaints({**fields, "recorded_at": "2026-03-02T09:30:00Z"}) == [
        "recorded_at is not a field of this fact; leave it out, or check its spelling"
    ]


def test_an_unknown_field_inside_a_value_is_refused_by_its_path() -> None:
    actor = {"kind": "person", "id": "61550001", "name": "Ada"}
    assert complaints({**ADDED, "actor": actor}) == [
        "actor.name is not a field of this fact; leave it out, or check its spelling"
    ]


@pytest.mark.parametrize("field", ["id", "owner", "partner", "asset", "tasks"])
def test_a_missing_field_is_named(field: str) -> None:
    fields = {name: value for name, value in GRANTED.items() if name != field}
    assert complaints(fields) == [f"{field} is missing"]


def test_the_kind_of_fact_has_to_be_named_and_known() -> None:
    assert complaints({"id": "1"}) == [
        "fact is missing; name the kind of fact, such as access-granted"
    ]
    assert complaints({**ADDED, "fact": "partner-invited"}) == [
        "fact: 'partner-invited' is not a kind of fact; the kinds are partner-added, "
        "partner-removed, ownership-established, ownership-transferred, ownership-ended, "
        "access-granted, access-changed, access-revoked, entry-voided"
    ]
    assert complaints([ADDED]) == [f"a fact: {repr([ADDED])[:77]}... is not a JSON object"]


@pytest.mark.parametrize("field", ["id", "owner", "partner"])
def test_a_number_is_no_id(field: str) -> None:
    """JavaScript would have rounded it before anybody could see."""
    assert complaints({**GRANTED, field: 506914307656634}) == [
        f"{field}: 506914307656634 is a number; ids are strings, so put it in quotes"
    ]


def test_a_number_is_no_id_of_an_asset() -> None:
    assert complaints({**GRANTED, "asset": {**PAGE, "id": 104857600219483}}) == [
        "asset.id: 104857600219483 is a number; ids are strings, so put it in quotes"
    ]


@pytest.mark.parametrize(
    "portfolio",
    ["", "1234", "1" * 21, "act_12345", "12345 ", "12345\n", "1234५", "-12345", "12345.0"],
)
def test_a_portfolio_has_five_to_twenty_digits(portfolio: str) -> None:
    assert complaints({**ADDED, "partner": portfolio}) == [
        f"partner: {portfolio!r} is not the id of a portfolio; give its 5 to 20 digits"
    ]


@pytest.mark.parametrize("portfolio", ["12345", "1" * 20, "00000"])
def test_the_digits_of_a_portfolio_are_kept_as_they_came(portfolio: str) -> None:
    assert parse_fact({**ADDED, "partner": portfolio}).model_dump()["partner"] == portfolio


@pytest.mark.parametrize("asset_type", ["page", "dataset", "instagram_account", "app"])
def test_an_asset_of_meta_has_a_numeric_id(asset_type: str) -> None:
    [complaint] = complaints({**OWNED, "asset": {"type": asset_type, "id": "my-shop"}})
    assert complaint == (
        f"asset: 'my-shop' is not the id of a Meta {asset_type}; give its 5 to 20 digits"
    )


def test_an_ad_account_is_named_without_act() -> None:
    [complaint] = complaints({**OWNED, "asset": {"type": "ad_account", "id": "act_123456"}})
    assert complaint == (
        "asset: 'act_123456' is not the id of a Meta ad_account; "
        "give its 5 to 20 digits (without act_)"
    )


def test_an_asset_type_that_is_not_metas_is_kept_with_any_id() -> None:
    asset = {"type": "kubernetes_namespace", "id": "prod:my-shop_1"}
    assert parse_fact({**OWNED, "asset": asset}).model_dump()["asset"] == {**asset, "name": None}


@pytest.mark.parametrize("asset_id", ["", "a b", "a/b", "ä", "a\n", "x" * 201])
def test_no_asset_id_has_spaces_slashes_or_letters_beyond_ascii(asset_id: str) -> None:
    [complaint] = complaints({**OWNED, "asset": {"type": "thing", "id": asset_id}})
    assert complaint.startswith("asset.id: ")
    assert complaint.endswith(
        "is not the id of an asset; give 1 to 200 printable ASCII characters without a space or a "
        "slash"
    )


@pytest.mark.parametrize("asset_type", ["", "1page", "my page", "page/x", "p" * 65])
def test_an_asset_type_is_one_word(asset_type: str) -> None:
    [complaint] = complaints({**OWNED, "asset": {"type": asset_type, "id": "12345"}})
    assert complaint == (
        f"asset.type: {asset_type!r} is not a type of asset; give a letter and then up to 63 "
        "letters, digits, dots, hyphens and underscores"
    )


@pytest.mark.parametrize("fact_id", ["", "a b", "ä", "x" * 201])
def test_a_fact_id_is_printable_ascii_without_spaces(fact_id: str) -> None:
    [complaint] = complaints({**ADDED, "id": fact_id})
    assert complaint.startswith("id: ")
    assert complaint.endswith(
        "is not an id; give 1 to 200 printable ASCII characters without a space"
    )


def test_tasks_are_a_set_in_order_and_unknown_ones_are_kept() -> None:
    fact = parse_fact({**GRANTED, "tasks": ["ZETA", "ADVERTISE", "ZETA", "a_new_one"]})
    assert fact.model_dump()["tasks"] == ("ADVERTISE", "ZETA", "a_new_one")


@pytest.mark.parametrize("kind", ["access-granted", "access-changed"])
def test_no_tasks_are_no_access(kind: str) -> None:
    assert complaints({**GRANTED, "fact": kind, "tasks": []}) == [
        "tasks is empty; name at least one task, or revoke the access to take all away"
    ]


def test_an_app_is_shared_without_tasks() -> None:
    app = {"type": "app", "id": "12345"}
    assert parse_fact({**GRANTED, "asset": app, "tasks": []}).model_dump()["tasks"] == ()


@pytest.mark.parametrize("tasks", ["ADVERTISE", [1], ["TWO WORDS"], [""], None, ["T"] * 2 + [3]])
def test_tasks_are_a_list_of_words(tasks: Any) -> None:
    assert all(text.startswith("tasks") for text in complaints({**GRANTED, "tasks": tasks}))


def test_the_hundredth_task_is_the_last() -> None:
    many = [f"T{number}" for number in range(101)]
    assert len(parse_fact({**GRANTED, "tasks": many[:100]}).model_dump()["tasks"]) == 100
    [complaint] = complaints({**GRANTED, "tasks": many})
    assert "at most 100 items" in complaint


def test_a_partner_is_another_portfolio() -> None:
    assert complaints({**ADDED, "partner": ADDED["owner"]}) == [
        (
            "partner 506914307656634 is the owner itself; a partner is another portfolio "
            "(if a record kept elsewhere says so, give source.kind as imported)"
        )
    ]


@pytest.mark.parametrize("kind", ["imported", "observed"])
def test_a_record_kept_elsewhere_may_have_the_owner_among_its_partners(kind: str) -> None:
    fields = {**GRANTED, "partner": GRANTED["owner"], "source": {"kind": kind}}
    assert parse_fact(fields).model_dump()["partner"] == GRANTED["owner"]


@pytest.mark.parametrize("kind", ["declared", "document"])
def test_what_is_declared_may_not(kind: str) -> None:
    fields = {**ADDED, "partner": ADDED["owner"], "source": {"kind": kind}}
    assert len(complaints(fields)) == 1


@pytest.mark.parametrize("day", ["2022-04-31", "2023-02-29", "2022-02-30"])
@pytest.mark.parametrize("kind", ["access-granted", "access-changed", "access-revoked"])
def test_a_promise_ends_on_a_day_of_the_calendar_unless_another_record_says_otherwise(
    kind: str, day: str
) -> None:
    fields = {**GRANTED, "fact": kind, "planned_end": day}
    assert complaints(fields) == [
        (
            f"planned_end {day} is not a day of the calendar "
            "(if a record kept elsewhere says so, give source.kind as imported)"
        )
    ]
    for source in ("declared", "document"):
        assert complaints({**fields, "source": {"kind": source}}) == complaints(fields)
    for source in ("imported", "observed"):
        kept = parse_fact({**fields, "source": {"kind": source}})
        assert kept.model_dump()["planned_end"] == day


@pytest.mark.parametrize("day", ["2026-1-1", "2026-13-01", "2026-00-01", "2026-01-32", "tomorrow"])
def test_what_has_not_the_form_of_a_day_is_refused_even_from_another_record(day: str) -> None:
    fields = {**GRANTED, "planned_end": day, "source": {"kind": "imported"}}
    [complaint] = complaints(fields)
    assert complaint == f"planned_end: {day!r} is not a day; write it like 2026-03-31"


def test_a_day_that_its_month_does_not_have_means_the_months_last() -> None:
    assert last_day("2022-04-31").isoformat() == "2022-04-30"
    assert last_day("2023-02-29").isoformat() == "2023-02-28"
    assert last_day("2024-02-29").isoformat() == "2024-02-29"
    assert not is_calendar_day("2022-04-31")
    assert is_calendar_day("2024-02-29")


def test_the_old_state_was_seen_before_the_new_one() -> None:
    same = "2026-03-02T09:30:00Z"
    for after in (same, "2026-03-02T10:30:00.000001+01:00", "2027-01-01T00:00:00Z"):
        [complaint] = complaints({**ADDED, "effective_at": same, "effective_after": after})
        assert complaint.endswith(
            "is not before effective_at 2026-03-02T09:30:00.000000Z; "
            "it is the last moment the old state was seen"
        )


def test_a_lower_bound_may_stand_alone() -> None:
    """It bounds the moment of recording then."""
    fact = parse_fact({**ADDED, "effective_after": "2026-03-02T09:30:00Z"})
    assert isinstance(fact, EffectiveCommand)
    assert fact.effective_at is None


@pytest.mark.parametrize("field", ["effective_at", "effective_after"])
def test_a_bad_time_is_told_with_its_field(field: str) -> None:
    assert complaints({**ADDED, field: "2026-03-02"}) == [
        f"{field}: '2026-03-02' is not an RFC 3339 time; write it as 2026-03-02T09:30:00Z"
    ]
    assert complaints({**ADDED, field: 1772443800}) == [
        f"{field}: 1772443800 is not a time; write a string such as 2026-03-02T09:30:00Z"
    ]


def test_a_transfer_goes_to_another_portfolio() -> None:
    fields = {**OWNED, "fact": "ownership-transferred", "to_owner": OWNED["owner"]}
    assert complaints(fields) == [
        "to_owner 506914307656634 is the owner itself; a transfer goes to another one"
    ]


@pytest.mark.parametrize("which", [{}, {"entry": 3, "fact_id": "a"}])
def test_a_void_names_its_target_once(which: dict[str, Any]) -> None:
    fields = {name: value for name, value in VOIDED.items() if name != "entry"}
    assert complaints({**fields, **which}) == [
        "name the entry to void once: by its number in entry, or by fact_id"
    ]


@pytest.mark.parametrize("entry", [0, -1, 1.0, "3", True, 2**53])
def test_an_entry_is_named_by_a_whole_number_from_one(entry: Any) -> None:
    assert all(text.startswith("entry: ") for text in complaints({**VOIDED, "entry": entry}))


def test_what_is_empty_too_long_or_null_is_called_that() -> None:
    assert complaints({**VOIDED, "reason": ""}) == ["reason is empty; write it out"]
    assert complaints({**ADDED, "partner_name": "x" * 501}) == [
        "partner_name has 501 characters, and may have 500; shorten it"
    ]
    assert complaints(None) == ["a fact: null is not a JSON object"]


def test_a_void_needs_a_reason_and_a_book() -> None:
    for field in ("reason", "book"):
        fields = {name: value for name, value in VOIDED.items() if name != field}
        assert complaints(fields) == [f"{field} is missing"]
    assert complaints({**VOIDED, "reason": ""})


def test_what_is_replaced_is_an_entry_by_number_and_a_fact_by_text() -> None:
    assert parse_fact({**ADDED, "replaces": 12}).replaces == 12
    assert parse_fact({**ADDED, "replaces": "12"}).replaces == "12"
    void = parse_fact({**VOIDED, "replaces": "a-1"})
    assert isinstance(void, VoidEntry)
    assert void.replaces == "a-1"


@pytest.mark.parametrize("replaces", [0, -1, 1.5, True, "", "a b", []])
def test_nothing_else_can_be_replaced(replaces: Any) -> None:
    assert complaints({**ADDED, "replaces": replaces})


@pytest.mark.parametrize("text", ["\x00", "a\x07b", "\x7f", "", "x" * 501])
def test_a_name_is_plain_text_of_some_length(text: str) -> None:
    assert complaints({**ADDED, "partner_name": text})


@pytest.mark.parametrize("text", ["Ärzte & Söhne", "多", "two\nlines", "tab\there", "🦊"])
def test_a_name_may_have_any_letters(text: str) -> None:
    assert parse_fact({**ADDED, "partner_name": text}).model_dump()["partner_name"] == text


def test_half_a_character_is_not_text() -> None:
    assert complaints({**ADDED, "partner_name": "\ud800"}) == [
        "partner_name is not valid Unicode text"
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"actor": {"kind": "robot"}},
        {"actor": {"id": "1"}},
        {"actor": "Ada"},
        {"source": {"kind": "rumour"}},
        {"source": {"kind": "document", "sha256": "0" * 63}},
        {"source": {"kind": "document", "sha256": "A" * 64}},
        {"authority": ""},
        {"removed_by": "chance"},
    ],
    ids=str,
)
def test_where_knowledge_comes_from_is_told_in_set_words(value: dict[str, Any]) -> None:
    assert complaints({**ADDED, "fact": "partner-removed", **value})


def test_every_thing_that_is_wrong_is_told_at_once() -> None:
    assert complaints({**ADDED, "owner": "x", "partner": 7, "colour": "red"}) == [
        "owner: 'x' is not the id of a portfolio; give its 5 to 20 digits",
        "partner: 7 is a number; ids are strings, so put it in quotes",
        "colour is not a field of this fact; leave it out, or check its spelling",
    ]


def test_a_fact_cannot_be_changed_once_it_is_read() -> None:
    fact = parse_fact(ADDED)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(fact, "id", "2")  # noqa: B010
