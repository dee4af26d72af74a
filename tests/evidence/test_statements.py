"""Statements: one text for each, and nothing else is read."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import MalformedStatement
from evidence.notes import SignerKey, open_note, sign
from evidence.statements import FIRST_LINE, Statement, parse_statement
from tests.depth import tries

ROOT = bytes(range(32))
AT = "2026-03-15T12:00:00.000000Z"
FIELDS: dict[str, Any] = {
    "origin": "ledger.example/access", "size": 41, "root": ROOT, "book": "10001",
    "known_at": 17, "recorded_at": AT,
    "newest": {"partner:10001:30001": 12, "ownership:page:50001": 3, "asset:poster:a:b": 0},
    "owners": ("20002", "10001"), "owned": (("poster", "a:b"), ("page", "50001")),
}  # fmt: skip
TEXT = f"""{FIRST_LINE}
ledger.example/access
41
AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
10001
17 {AT}
newest asset:poster:a:b 0
newest ownership:page:50001 3
newest partner:10001:30001 12
owner 10001
owner 20002
owned page:50001
owned poster:a:b
"""


def test_a_statement_is_one_thing_a_line() -> None:
    assert str(Statement(**FIELDS)) == TEXT


def test_the_text_is_read_as_it_was_written() -> None:
    assert parse_statement(TEXT) == Statement(**FIELDS)
    assert str(parse_statement(TEXT)) == TEXT


def test_before_the_first_append_there_is_no_recorded_time() -> None:
    early = Statement(**{**FIELDS, "known_at": 0, "recorded_at": None, "newest": {}})
    assert "\n0 -\n" in str(early)
    assert parse_statement(str(early)) == early


def test_a_statement_can_be_signed_as_a_note() -> None:
    key = SignerKey.generate("ledger.example/access")
    note = sign(TEXT, [key])
    assert parse_statement(open_note(note, [key.verifier]).text) == Statement(**FIELDS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"origin": ""}, "its origin is not one line"),
        ({"origin": "a\nb"}, "its origin is not one line"),
        ({"size": -1}, "the size of its tree"),
        ({"size": 2**63}, "the size of its tree"),
        ({"root": b""}, "0 bytes long"),
        ({"book": "acme"}, "its book is not the id"),
        ({"known_at": -1}, "entry -1 of a book is not in a tree of 41 entries"),
        ({"known_at": 42}, "entry 42 of a book is not in a tree of 41 entries"),
        ({"known_at": 0}, "only the number 0 has none"),
        ({"recorded_at": None}, "only the number 0 has none"),
        ({"recorded_at": "2026-03-15"}, "not in the canonical form"),
        ({"newest": {"line:10001:page:50001": 1}}, "is not a subject"),
        ({"newest": {"line:10001:30001:page:x": 1}}, "is not a subject"),
        ({"newest": {"posters:10001:30001:page:50001": 1}}, "is not a subject"),
        ({"newest": {"asset:page:x": 1}}, "'asset:page:x' is not a subject"),
        ({"newest": {"episode:10001": 1}}, "'episode:10001' is not a subject"),
        ({"newest": {"asset:page:50001": 42}}, "the newest entry of asset:page:50001 is not in a"),
        ({"newest": {"asset:page:50001": -1}}, "the newest entry of asset:page:50001 is not in a"),
        ({"owners": ("x",)}, "'x' is not the id of a portfolio"),
        ({"owned": (("page", "x"),)}, "do not name an asset"),
    ],
)
def test_a_statement_that_cannot_be_is_not_built(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedStatement, match=said):
        Statement(**{**FIELDS, **change})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (FIRST_LINE, "access-ledger statement/v2", "does not begin with the line"),
        ("owned poster:a:b\n", "owned poster:a:b", "a statement is an origin"),
        ("\n41\n", "\n041\n", "'041' is not a number of a statement"),
        ("AAEC", "AAE", "not a root hash in base64"),
        (f"17 {AT}", "17", "not in the canonical form"),
        (f"17 {AT}", "17 -", "only the number 0 has none"),
        ("newest asset:poster:a:b 0\n", "", ""),
        ("owner 10001\n", "owner 10001\nowner 10001\n", "not sorted, or not each there once"),
        ("owner 10001\nowner 20002", "owner 20002\nowner 10001", "not sorted"),
        ("owned page:50001", "owned page 50001", "is not a line of a statement"),
        ("owner 10001", "owners 10001", "is not a line of a statement"),
        ("owner 10001", "owner  10001", "is not a line of a statement"),
        (" 12\n", " 12\nnewest partner:10001:30001 12\n", "not sorted, or not each there once"),
        (" 12\n", " -12\n", "is not a number of a statement"),
        ("\nowner 10001", "\n\nowner 10001", "'' is not a line of a statement"),
    ],
)
def test_any_other_text_is_refused_with_a_sentence(old: str, new: str, said: str) -> None:
    assert old in TEXT
    changed = TEXT.replace(old, new, 1)
    if not said:  # a subject less is another statement
        assert str(parse_statement(changed)) == changed
        return
    with pytest.raises(MalformedStatement, match=said):
        parse_statement(changed)


@given(text=st.text() | st.text().map(lambda rest: f"{FIRST_LINE}\n{rest}"))
def test_any_text_is_a_statement_or_refused(text: str) -> None:
    with suppress(MalformedStatement):
        assert str(parse_statement(text)) == text


@given(at=st.integers(0, len(TEXT)), new=st.text(max_size=3), cut=st.integers(0, 3))
@settings(max_examples=tries(500))
def test_what_is_read_of_a_changed_text_is_written_as_that_text(
    at: int, new: str, cut: int
) -> None:
    changed = TEXT[:at] + new + TEXT[at + cut :]
    with suppress(MalformedStatement):
        assert str(parse_statement(changed)) == changed
