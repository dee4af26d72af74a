"""Canonical JSON: written as RFC 8785 says, and read only if it was."""

import json
import math
import struct
from contextlib import suppress
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from evidence import canonical
from evidence.canonical import MAX_DEPTH, Json, parse_canonical, write_canonical
from evidence.errors import NotCanonical
from tests.evidence.shared import path_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Every bit pattern alike, so that no range of exponents is left out.
    | st.integers(0, 2**64 - 1)
    .map(lambda bits: float(struct.unpack("<d", struct.pack("<Q", bits))[0]))
    .filter(math.isfinite)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | TEXT | NUMBER,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)

# IEEE 754 bits and what ECMAScript prints: appendix B of RFC 8785.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_vectors_of_rfc_8785_are_written_to_the_byte(name: str) -> None:
    """Each input as its output; the output is read, the input is not canonical and is refused."""
    given_text = path_of(f"jcs/input/{name}.json").read_bytes()
    wanted = path_of(f"jcs/output/{name}.json").read_bytes()
    assert wanted == bytes.fromhex(path_of(f"jcs/outhex/{name}.txt").read_text(encoding="ascii"))
    assert write_canonical(json.loads(given_text)) == wanted
    assert parse_canonical(wanted) == json.loads(given_text)
    with pytest.raises(NotCanonical):
        parse_canonical(given_text)


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_a_number_is_written_as_ecmascript_prints_it(bits: str, text: str) -> None:
    """The samples of the RFC."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert write_canonical(number) == text.encode()
    assert parse_canonical(text.encode()) == number


@given(VALUES)
@example('\U0001d11e \uffff \u2028 \u007f \x00 \x1f \b\f\n\r\t " \\ / <>& é')
@example({"\ufb33": 1, "\U0001f602": 2, "\u20ac": 3, "": 4})
@example([1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, -0.0, 0.1, 1.5e300])
def test_a_value_is_written_as_another_library_writes_it(value: Any) -> None:
    """And is read back as it was."""
    written = write_canonical(value)
    assert written == rfc8785.dumps(value)
    assert parse_canonical(written) == value


def test_a_whole_number_is_an_int_where_every_reader_holds_it() -> None:
    """Beyond that a float, whose digits are those of ECMAScript."""
    assert type(parse_canonical(b"9007199254740991")) is int
    assert type(parse_canonical(b"-9007199254740991")) is int
    assert type(parse_canonical(b"9007199254740992")) is float
    for text in (b"9007199254740993", b"10000000000000000000001", b"9" * 5000):
        with pytest.raises(NotCanonical):
            parse_canonical(text)
    for number in (2**53, -(2**53), 10**5000):
        with pytest.raises(NotCanonical, match="beyond 2"):
            write_canonical(number)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"{}{}", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"01", "not JSON"),
        (b'"\n"', "not JSON"),
        (b'"open', "not JSON"),
        (b'"\\', "not JSON"),
        (b"NaN", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"1e400", "inf is not a number"),
        (b"\xff", "not UTF-8 from byte 0"),
        (b'"\xed\xa0\x80"', "not UTF-8 from byte 1"),
        (b'"\xc0\x80"', "not UTF-8 from byte 1"),
        (b'{"a":1,"a":1}', "names a key twice"),
        (b'{"a":1,"\\u0061":1}', "names a key twice"),
        (b'{"x":{"a":1,"a":2}}', "names a key twice"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b'{"\\udc00":1}', "half of a surrogate pair"),
        (b" {}", "from byte 0 on"),
        (b"{}\n", "from byte 2 on"),
        (b'{"a": 1}', "from byte 5 on"),
        (b'{"b":1,"a":1}', "from byte 2 on"),
        # By UTF-8 the first comes first, by UTF-16 the second.
        ('{"\ufb33":1,"\U0001f602":1}'.encode(), "from byte 2 on"),
        (b'"\\u0061"', "from byte 1 on"),
        (b'"\\/"', "from byte 1 on"),
        (b'"\\u001F"', "from byte 6 on"),
        (b'"\\u000a"', "from byte 2 on"),
        (b'"\\ud83d\\ude02"', "from byte 1 on"),
        (b"1.0", "from byte 1 on"),
        (b"1E3", "from byte 1 on"),
        (b"1e3", "from byte 1 on"),
        (b"-0", "from byte 0 on"),
        (b"-0.0", "from byte 0 on"),
        (b"0.10", "from byte 3 on"),
        (b"1e21", "from byte 2 on"),
        (b"333333333.33333329", "from byte 16 on"),
        (b"[true,null ]", "from byte 10 on"),
    ],
)
def test_another_text_of_a_value_is_refused_for_what_is_wrong(data: bytes, why: str) -> None:
    """One value has one text."""
    with pytest.raises(NotCanonical, match=why):
        parse_canonical(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"":' * 300_000,
        b"[" * 65 + b"]" * 65,
        b'["]",' * 70 + b"0" + b"]" * 70,
        b'["\\"]",' * 70 + b"0" + b"]" * 70,
    ],
)
def test_deep_nesting_is_refused_before_it_is_read(data: bytes) -> None:
    """Brackets within strings do not hide it, and no stack runs out."""
    with pytest.raises(NotCanonical, match="nests deeper than 64 levels"):
        parse_canonical(data)


def test_nesting_up_to_the_bound_is_read() -> None:
    """Brackets within strings do not count."""
    text = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert write_canonical(parse_canonical(text)) == text
    assert parse_canonical(b'["' + b"[" * 200 + b'"]') == ["[" * 200]
    value: Json = 0
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(NotCanonical, match="nests deeper"):
        write_canonical(value)


@pytest.mark.parametrize("data", [b'"' * 200_001, b'"\\"' * 100_000, b'"' + b"\\" * 200_000])
def test_odd_quotes_do_not_slow_the_reader(data: bytes) -> None:
    """The scan for nesting passes over a text once."""
    with pytest.raises(NotCanonical, match="not JSON"):
        parse_canonical(data)


def test_what_has_no_json_text_is_not_written() -> None:
    """Numbers that are none, keys that are no strings, and other objects."""
    odd: list[Any] = [math.nan, math.inf, -math.inf, {1: 2}, {None: 1}, b"", (1,), {1}, object()]
    for value in odd:
        for placed in (value, [value], {"a": value}):
            with pytest.raises(NotCanonical):
                write_canonical(placed)


@given(
    st.binary(max_size=60)
    | st.text('{}[]",:\\u0123456789.eE+-truefalsn \n', max_size=40).map(str.encode)
)
def test_random_bytes_are_canonical_or_refused(data: bytes) -> None:
    """In no other way than by NotCanonical."""
    with suppress(NotCanonical):
        assert write_canonical(parse_canonical(data)) == data


@given(VALUES, st.integers(0))
def test_a_changed_text_is_another_value_or_refused(value: Any, at: int) -> None:
    """Two texts never pass for one value."""
    data = write_canonical(value)
    at %= len(data) + 1
    for changed in (data[:at] + b" " + data[at:], data[:at] + data[at + 1 :]):
        if changed == data:
            continue
        with suppress(NotCanonical):
            # Equal in Python is less than equal in JSON: 1 == True, so the text is compared.
            assert write_canonical(parse_canonical(changed)) == changed != data


PLAIN_OR_NOT: list[Any] = [
    5.0, 1e16, 1e-7, 2**53 - 1, -(2**53 - 1), 10**15 - 1, 10**15, -0.0, True, [], {}, "",
    {"\ue000": 1, "\U00010000": 2}, {"\U0001f600": {"\uffff": []}}, '\u2028\x7f\x1f\\/"',
]  # fmt: skip


@given(VALUES)
def test_the_fast_way_and_the_careful_one_are_one(value: Any) -> None:
    """Whatever is written or read, by Python's own writer or by the one of this room."""
    text = canonical._write_carefully(value)
    assert write_canonical(value) == text
    assert repr(parse_canonical(text)) == repr(canonical._parse_carefully(text.decode(), text))


@pytest.mark.parametrize("value", PLAIN_OR_NOT, ids=repr)
def test_values_at_the_edge_of_what_is_plain_are_written_carefully(value: Any) -> None:
    """And read again as what they are."""
    for each in (value, [value], {"a": value}):
        text = canonical._write_carefully(each)
        assert write_canonical(each) == text
        assert repr(parse_canonical(text)) == repr(canonical._parse_carefully(text.decode(), text))


@pytest.mark.parametrize(
    "value", [(1,), {1: 2}, {True: 1}, {None: 1}, {"a": (1,)}, {1, 2}, b"a", math.nan, "\ud800"]
)
def test_what_only_looks_like_json_to_python_is_refused(value: Any) -> None:
    """Also where Python's own writer would write it."""
    with pytest.raises(NotCanonical):
        write_canonical(value)


@pytest.mark.parametrize(
    "text",
    [b"5.0", b"[1e16]", b"9007199254740993", b'{"a":1000000000000000.0}', b"-0", b"01", b"[1, 2]",
     b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'"\\u0041"', b'"\\/"', b'"\\ud800"', b"NaN", b" 1",
     b"1\n", '{"\ue000":1,"\U00010000":2}'.encode()],
)  # fmt: skip
def test_what_python_would_write_otherwise_is_refused(text: bytes) -> None:
    """Python reads each of them, and would write most of them again as they are."""
    with pytest.raises(NotCanonical):
        parse_canonical(text)
