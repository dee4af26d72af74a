"""The bytes of an entry: canonical by RFC 8785, frozen, and read back as what was written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from domain.entry import Entry
from domain.events import type_of
from ledger.database import Database
from ledger.stored_bytes import FORMAT, UnreadableEntry, canonical_json, from_stored, to_stored
from tests.contracts.samples import rows

VECTORS = Path(__file__).parent / "vectors"
"""One entry of each event, to the byte. Never made anew: a new form is a new file."""

OWNER, PARTNER, OTHER = "506914307656634", "563920174410288", "781200456391057"
ASSET = {"type": "page", "id": "104857600219483", "name": "Café Zoë 𝄞 東京"}
EFFECTIVE = {
    "effective_at": "2026-03-02T09:30:00.000001Z",
    "effective_after": "2026-03-01T23:59:59.999999Z",
}
KNOWN_FROM = {
    "actor": {"kind": "system_user", "id": "122093847561029"},
    "source": {"kind": "document", "reference": "minutes", "sha256": "0f" * 32},
    "authority": "contract 2026/17",
}
PAIR = {"owner": OWNER, "partner": PARTNER, "partner_name": 'Agentur <Süd> & "Söhne"'}
LINE = {**PAIR, "asset": ASSET, "tasks": ["ADVERTISE", "ANALYZE"], "planned_end": "2026-12-31"}
OWNED = {"owner": OWNER, "asset": ASSET}

EVENTS: dict[str, dict[str, Any]] = {
    "partner-added/v1": {**PAIR, **EFFECTIVE, "reason": "line one\nline two\ttab"},
    "partner-removed/v1": {**PAIR, **EFFECTIVE, "removed_by": "partner"},
    "ownership-established/v1": {**OWNED, **EFFECTIVE, "basis": "claimed"},
    "ownership-transferred/v1": {**OWNED, **EFFECTIVE, "to_owner": OTHER, "basis": "observed"},
    "ownership-ended/v1": {**OWNED, **EFFECTIVE, "reason": "asset_deleted"},
    "access-granted/v1": {**LINE, **EFFECTIVE},
    "access-changed/v1": {**LINE, **EFFECTIVE, "replaces": 5},
    "access-revoked/v1": {**PAIR, "asset": ASSET, **EFFECTIVE, "reason": "\u2028 and \u007e"},
    "entry-voided/v1": {"book": OWNER, "entry": 12, "reason": "recorded for another page"},
}
"""What each vector says, apart from where it comes from."""


def _entry(topic: str) -> Entry:
    fields = {"id": f"vector-{topic}", **KNOWN_FROM, **EVENTS[topic]}
    return Entry(
        book=OWNER,
        number=17,
        recorded_at=datetime(2026, 3, 9, 8, 0, 0, 5, tzinfo=UTC),
        recorded_by="vector",
        event=type_of[topic].model_validate(fields),  # type: ignore[arg-type]
        touches={f"line:{OWNER}:{PARTNER}:page:{ASSET['id']}": 16, f"asset:page:{ASSET['id']}": 0},
    )


def _vector(topic: str) -> bytes:
    return (VECTORS / f"{topic.replace('/', '.')}.json").read_bytes()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Every text that UTF-8 can hold, also beyond the Basic Multilingual Plane."""
KEY = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
"""Keys are ASCII: there UTF-8 and UTF-16, by which RFC 8785 sorts, agree."""
WHOLE = st.integers(min_value=0, max_value=2**53 - 1)
VALUES = st.recursive(
    TEXT | WHOLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example('\U0001d11e \uffff \u2028 \u007f \x00 \x1f \b\f\n\r\t " \\ / <>& é')
@example({"b": 2**53 - 1, "a": 0, "A": "", "": [], " ": {}})
def test_canonical_json_is_rfc_8785(value: Any) -> None:
    """For strings, whole numbers, arrays and objects with ASCII keys, orjson writes RFC 8785."""
    assert canonical_json(value) == rfc8785.dumps(value)
    assert orjson.loads(canonical_json(value)) == value


def test_there_is_a_vector_of_each_event() -> None:
    """An event without a frozen form could change unnoticed."""
    files = {path.stem.replace(".", "/") for path in VECTORS.glob("*.json")}
    assert files == set(EVENTS) == set(type_of)


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_an_entry_is_written_as_its_vector(topic: str) -> None:
    """The same entry is the same bytes as on the day the vector was made, and canonical."""
    stored = to_stored(_entry(topic))
    assert stored.state == _vector(topic)
    assert stored.state == rfc8785.dumps(orjson.loads(stored.state))
    assert (stored.originator_id, stored.originator_version, stored.topic) == (OWNER, 17, topic)


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_a_vector_is_read_as_its_entry(topic: str) -> None:
    """Bytes written then are understood now, and written again unchanged."""
    entry = from_stored(OWNER, 17, _vector(topic))
    assert entry == _entry(topic)
    assert to_stored(entry).state == _vector(topic)


@given(reason=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_every_text_survives_the_round_trip(reason: str) -> None:
    """No text of a fact is changed by writing and reading it."""
    fields = {"id": "text", "book": OWNER, "entry": 1, "reason": reason}
    event = type_of["entry-voided/v1"].model_validate(fields)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    entry = Entry(
        book=OWNER,
        number=2,
        recorded_at=moment,
        recorded_by="tests",
        event=event,  # type: ignore[arg-type]
        touches={},
    )
    assert from_stored(OWNER, 2, to_stored(entry).state) == entry


def test_the_databases_keep_vectors_to_the_byte(database: Database) -> None:
    """What an auditor hashes is what was stored, on either database."""
    topics = sorted(EVENTS)
    database.recorder.insert_events(
        [
            to_stored(from_stored(OWNER, 17, _numbered(topic, number)))
            for number, topic in enumerate(topics, start=1)
        ]
    )
    expected = [_numbered(topic, number) for number, topic in enumerate(topics, start=1)]
    assert [row.state for row in rows(database)] == expected


def _numbered(topic: str, number: int) -> bytes:
    return _vector(topic).replace(b'"number":17', b'"number":%d' % number)


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        (b'{"format":"entry/v2"}', "its format is entry/v2"),
        (b'{"format":"entry/v1","event":{"type":"access-granted/v9"}}', "'access-granted/v9'"),
        (b'{"format":"entry/v1"}', "'event'"),
        (b"[]", "list indices must be integers"),
        (b"{", "unexpected end of data"),
        (b"", "zero-length"),
    ],
)
def test_bytes_that_cannot_be_read_are_named(state: bytes, detail: str) -> None:
    """The message says which entry it is and that a newer version may know better."""
    with pytest.raises(UnreadableEntry) as raised:
        from_stored(OWNER, 3, state)
    message = str(raised.value)
    assert message.startswith(f"entry 3 of book {OWNER} cannot be read: ")
    assert detail in message
    assert "it was written by a newer version, or the store is damaged" in message


def test_the_format_is_named_in_every_entry() -> None:
    """A reader can tell from the bytes alone how to read them."""
    assert all(orjson.loads(_vector(topic))["format"] == FORMAT for topic in EVENTS)
