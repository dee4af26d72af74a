"""Canonical JSON (RFC 8785): the one text of a value, read so that no other text passes for it.

A text is read, written again, and refused unless that gives the same bytes. So whoever reads a
proven entry reads what was hashed, whatever reader they use. Python's own writer, which is many
times faster than the one below, gives the canonical text of a value without fractions, without
whole numbers of more than 15 digits and without letters from U+D800 on; of any other the one below
has the word.
"""

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from evidence.errors import NotCanonical

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_DEPTH = 64
"""Arrays and objects inside one another; an entry of the ledger has six."""
MAX_EXACT = 2**53 - 1
"""Whole numbers up to here are the same in every reader (RFC 8785 section 3.2.2.3, I-JSON)."""

# ECMAScript's Number::toString (ECMA-262 section 6.1.6.1.20), to which RFC 8785 refers: where the
# decimal point may stand for a number to be written without an exponent.
_MOST_DIGITS = 21
_LEAST_POINT = -6

_PLAIN_DIGITS = 15
"""Whole numbers of as many are exact, sign included."""
# Keys of letters below this range are in one order by code points and by UTF-16.
_FAR_LETTER = re.compile("[\ud800-\U0010ffff]")

# Strings are skipped whole; one that does not end runs to the end of the text. The possessive
# repeats (`++`, `*+`) never go back, so the scan takes one pass whatever the text holds.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parse_canonical(data: bytes) -> Json:
    """The value of a canonical JSON text; `NotCanonical` for every other bytes.

    A number comes as an int where every reader holds it exactly, else as a float.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotCanonical(f"the text is not UTF-8 from byte {error.start} on") from None
    _require_shallow(text)
    with suppress(_NotPlain, ValueError):
        plain = _read_plain(text)
        if _WRITER.encode(plain) == text:
            return plain
    return _parse_carefully(text, data)


def _parse_carefully(text: str, data: bytes) -> Json:
    """The value of any text, or what is wrong with it."""
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise NotCanonical(f"the text is not JSON: {error.msg} at character {error.pos}") from None
    again = _write_carefully(value)
    if again != data:
        at = next(
            (at for at, (one, other) in enumerate(zip(data, again, strict=False)) if one != other),
            min(len(data), len(again)),
        )
        raise NotCanonical(f"the text is not the canonical one of its value, from byte {at} on")
    return value


def write_canonical(value: Json) -> bytes:
    """The canonical text of a value, in UTF-8."""
    with suppress(_NotPlain, ValueError, TypeError, RecursionError):
        text = _WRITER.encode(value)
        _require_shallow(text)
        if _read_plain(text) == value:  # so it holds nothing that JSON has otherwise, or not at all
            return text.encode()
    return _write_carefully(value)


def _write_carefully(value: Json) -> bytes:
    try:
        return "".join(_written(value, depth=0)).encode()
    except UnicodeEncodeError:
        raise NotCanonical("a string holds half of a surrogate pair, which is no text") from None


class _NotPlain(Exception):
    """A text that Python's own writer need not write as its canonical one."""


def _read_plain(text: str) -> Json:
    """The value of a text of which Python's own writer gives the canonical one, if it is that."""
    if not text.isascii() and _FAR_LETTER.search(text):
        raise _NotPlain
    value: Json = _READER.decode(text)
    return value


def _plain_whole(text: str) -> int:
    if len(text) > _PLAIN_DIGITS:
        raise _NotPlain
    return int(text)


def _not_plain(_: object) -> Json:
    raise _NotPlain


_READER = json.JSONDecoder(
    parse_int=_plain_whole, parse_float=_not_plain, parse_constant=_not_plain
)
_WRITER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_not_plain
)


def _require_shallow(text: str) -> None:
    """Before the reader sees it: Python's own reader fails on deep nesting where its stack ends."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        piece = found[0]
        if piece in {"[", "{"}:
            depth += 1
            if depth > MAX_DEPTH:
                raise NotCanonical(f"the text nests deeper than {MAX_DEPTH} levels")
        elif piece in {"]", "}"}:
            depth -= 1


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonical("an object of the text names a key twice")
    return found


def _whole(text: str) -> int | float:
    # A float first: Python refuses to read an int of very many digits.
    number = float(text)
    return int(text) if abs(number) <= MAX_EXACT else number


def _refuse_constant(name: str) -> Json:
    raise NotCanonical(f"{name} is not a number of JSON")


def _written(value: Json, depth: int) -> Iterable[str]:
    """The pieces of a value's text."""
    if depth > MAX_DEPTH:
        raise NotCanonical(f"the value nests deeper than {MAX_DEPTH} levels")
    match value:
        case None:
            yield "null"
        case bool():
            yield "true" if value else "false"
        case str():
            yield _string(value)
        case int() | float():
            yield _number(value)
        case list():
            yield "["
            for at, item in enumerate(value):
                if at:
                    yield ","
                yield from _written(item, depth + 1)
            yield "]"
        case dict():
            yield "{"
            for at, key in enumerate(sorted(value, key=_utf16)):
                yield f"{',' if at else ''}{_string(key)}:"
                yield from _written(value[key], depth + 1)
            yield "}"
        case _:
            raise NotCanonical(f"a {type(value).__name__} has no JSON text")


def _utf16(key: str) -> bytes:
    """What keys are sorted by: UTF-16 code units (RFC 8785 section 3.2.3)."""
    if not isinstance(key, str):
        raise NotCanonical(f"a {type(key).__name__} cannot be a key of JSON")
    return key.encode("utf-16-be", "surrogatepass")


def _string(text: str) -> str:
    # Python escapes what section 3.2.2.2 escapes, and in the same way.
    return json.dumps(text, ensure_ascii=False)


def _number(number: float) -> str:
    """A number as ECMAScript prints it (RFC 8785 section 3.2.2.3)."""
    if isinstance(number, int):
        if abs(number) > MAX_EXACT:
            raise NotCanonical("a whole number is beyond 2^53 - 1, where readers begin to differ")
        return str(number)
    if not math.isfinite(number):
        raise NotCanonical(f"{number} is not a number of JSON")
    if number == 0:
        return "0"
    return ("-" if number < 0 else "") + _positive(abs(number))


def _positive(number: float) -> str:
    # Both Python and ECMAScript take the shortest digits that read back as the same number; they
    # differ only in where an exponent begins.
    parts = Decimal(repr(number)).as_tuple()
    assert isinstance(parts.exponent, int)
    point = len(parts.digits) + parts.exponent
    digits = "".join(map(str, parts.digits)).rstrip("0")
    if len(digits) <= point <= _MOST_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if _LEAST_POINT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+}"
