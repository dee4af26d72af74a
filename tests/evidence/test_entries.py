"""Stored entries are read strictly: what the ledger writes, and nothing else."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.entry import subjects as ledger_subjects
from domain.events import EffectiveEvent, EntryVoided, type_of
from domain.instants import to_microseconds
from domain.windows import lower_bound
from evidence.canonical import Json, write_canonical
from evidence.entries import VOID, read_entry, subjects
from evidence.errors import MalformedEntry, VerificationError
from ledger.stored_bytes import canonical_json
from tests.depth import tries
from tests.evidence.books import stored
from tests.histories import appends, record

VECTORS = sorted((Path(__file__).parents[1] / "contracts" / "vectors").glob("*.json"))
VALUES: dict[str, dict[str, Any]] = {
    path.name.partition(".")[0]: json.loads(path.read_bytes()) for path in VECTORS
}
"""One entry of each type, as it is stored."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ODD: st.SearchStrategy[Any] = st.sampled_from([
    None, True, 0, 1, 16, 17, 99, -1, 1.5, "", "x", "10001", "10001\n", "١٢٣٤٥", [], {}, ["B", "A"],
    ["A", "A"], ["ADVERTISE"], ["A B"], [1], "2026-02-30", "2026-04-31", "3026-01-01",
    "2026-03-02T09:30:00Z", "2026-03-02T09:30:00.000000Z", "2026-02-29T00:00:00.000000Z",
    "2024-02-29T23:59:59.999999Z", "0000-01-01T00:00:00.000000Z", "2026-03-02T24:00:00.000000Z",
    "2026-03-02T09:60:00.000000Z", "2026-03-02T09:30:60.000000Z", "a\tb\nc", "a\rb", "a\x7fb",
    "n" * 500, "n" * 501, "n" * 2001, "0f" * 32, "unknown", "owner", "released", "created",
    {"kind": "person"}, {"kind": "person", "id": "a b"}, {"kind": "imported", "id": "1"},
    {"kind": "document", "sha256": "0F" * 32}, {"type": "page", "id": "12345"},
    {"type": "page", "id": "x"}, {"type": "poster", "id": "x"}, {"type": "poster", "id": "x/y"},
    {"type": "app", "id": "12345"}, {"type": "page", "id": "12345", "name": ""},
    {"type": "page", "id": "12345", "title": "T"}, {"type": "Page_", "id": "~"},
    "partner-added/v1", "partner-added/v2", "access-granted/v1", "entry-voided/v1",
]) | JSON  # fmt: skip
FIELDS = sorted({name for value in VALUES.values() for name in value["event"]} | {"replaces", "x"})


def changed(value: dict[str, Any], path: tuple[str, ...], new: Any) -> dict[str, Any]:
    """A copy with one field set, or taken away where there is nothing to set."""
    copy: dict[str, Any] = json.loads(json.dumps(value))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    if new is ...:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = new
    return copy


def reads(value: Json) -> bool:
    """Whether the canonical text of a value is read as an entry; any error is of the family."""
    with suppress(VerificationError):
        read_entry(write_canonical(value))
        return True
    return False


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_frozen_vector_is_read_as_it_stands(path: Path) -> None:
    value = json.loads(path.read_bytes())
    entry = read_entry(path.read_bytes())
    assert (entry.book, entry.number, entry.recorded_by) == ("506914307656634", 17, "vector")
    assert (entry.recorded_at, entry.event) == (value["recorded_at"], value["event"])
    assert entry.touches == value["touches"]


def test_there_is_a_vector_of_every_type() -> None:
    assert {value["event"]["type"] for value in VALUES.values()} == set(type_of)


@given(drawn=appends(max_drafts=10))
@settings(max_examples=tries(40), deadline=None)
def test_what_the_ledger_writes_is_read_with_the_same_meaning(drawn: Any) -> None:
    """Numbers, moments, bounds, voids and subjects."""
    for entry in record(drawn).entries:
        found = read_entry(stored(entry))
        assert (found.number, found.touches) == (entry.number, entry.touches)
        assert found.recorded == to_microseconds(entry.recorded_at)
        assert found.replaces == (entry.event.replaces or 0)
        if isinstance(entry.event, EntryVoided):
            assert (found.is_void, found.voids, subjects(found.event)) == (
                True, entry.event.entry, (),
            )  # fmt: skip
            continue
        assert isinstance(entry.event, EffectiveEvent)
        assert found.effective_at == to_microseconds(entry.event.effective_at)
        assert found.earliest == lower_bound(entry.event)
        assert subjects(found.event) == ledger_subjects(entry.event)


@given(name=st.sampled_from(sorted(VALUES)), field=st.sampled_from(FIELDS), new=ODD | st.just(...))
@example(name="access-granted", field="tasks", new=[])
@example(name="access-revoked", field="tasks", new=[])
@example(name="access-granted", field="asset", new={"type": "app", "id": "12345"})
@example(name="ownership-transferred", field="to_owner", new="506914307656634")
@settings(max_examples=tries(600), deadline=None)
def test_an_event_is_read_exactly_where_the_ledger_reads_it_and_would_write_it_so(
    name: str, field: str, new: Any
) -> None:
    """One field is changed, added or taken away; the two readers judge alike."""
    value = changed(VALUES[name], ("event", field), new)
    event = dict(value["event"])
    try:
        told = type_of[event.pop("type")].model_validate(event)
        fields = {**told.model_dump(mode="json", exclude_none=True), "type": told.TOPIC}
        wanted = canonical_json(fields) == canonical_json(value["event"])
    except (ValidationError, KeyError, TypeError):
        wanted = False
    # What the ledger never writes, though its reader would let it pass.
    if field in {"replaces", "entry"} and wanted and new is not ...:
        wanted = new < value["number"]
    if field == "book" and wanted and new is not ...:
        wanted = new == value["book"]
    assert reads(value) is wanted


@pytest.mark.parametrize(
    ("path", "new", "said"),
    [
        (("format",), "entry/v2", "the field 'format' of the entry"),
        (("book",), "acme", "the field 'book' of the entry"),
        (("number",), 0, "the field 'number' of the entry"),
        (("number",), True, "the field 'number' of the entry"),
        (("number",), "17", "the field 'number' of the entry"),
        (("number",), ..., "the entry has no field 'number'"),
        (("recorded_at",), "2026-03-09T08:00:00Z", "the field 'recorded_at' of the entry"),
        (("recorded_by",), None, "the field 'recorded_by' of the entry"),
        (("event",), [], "the field 'event' of the entry"),
        (("touches",), {"asset:page:1": True}, "the field 'touches' of the entry"),
        (("touches",), {"asset:page:1": 17}, "which is not older"),
        (("seal",), 1, "the entry has a field 'seal' that it cannot have"),
        (("event", "type"), "partner-added/v2", "no type that is known here: 'partner-added/v2'"),
        (("event", "type"), 5, "no type that is known here"),
        (("event", "type"), ..., "no type that is known here"),
        (("event", "replaces"), 17, "entry 17 replaces entry 17, which is not older"),
    ],
)
def test_a_malformed_entry_is_refused_with_a_sentence(
    path: tuple[str, ...], new: Any, said: str
) -> None:
    value = changed(VALUES["access-granted"], path, new)
    with pytest.raises(MalformedEntry, match=said):
        read_entry(write_canonical(value))


def test_a_void_speaks_of_an_older_entry_of_its_own_book() -> None:
    void = VALUES["entry-voided"]
    with pytest.raises(MalformedEntry, match="entry 17 voids entry 18, which is not older"):
        read_entry(write_canonical(changed(void, ("event", "entry"), 18)))
    with pytest.raises(MalformedEntry, match="entry 17 voids an entry of another book"):
        read_entry(write_canonical(changed(void, ("event", "book"), "10001")))
    assert void["event"]["type"] == VOID


def test_a_long_name_is_shortened_in_the_sentence() -> None:
    value = changed(VALUES["access-granted"], ("n" * 1000,), 1)
    with pytest.raises(MalformedEntry) as refused:
        read_entry(write_canonical(value))
    assert len(str(refused.value)) < 150


@given(value=JSON)
@settings(max_examples=tries(200))
def test_any_value_of_json_is_an_entry_or_refused(value: Json) -> None:
    with suppress(VerificationError):
        read_entry(write_canonical(value))


@given(
    path=st.sampled_from(VECTORS),
    at=st.integers(0, 2000),
    new=st.binary(max_size=3),
    cut=st.integers(0, 3),
)
@settings(max_examples=tries(300))
def test_bytes_changed_anywhere_are_an_entry_or_refused(
    path: Path, at: int, new: bytes, cut: int
) -> None:
    data = path.read_bytes()
    at %= len(data)
    with suppress(VerificationError):
        read_entry(data[:at] + new + data[at + cut :])
