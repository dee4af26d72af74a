"""Canonical JSON (RFC 8785): the one text of a value, read so that no other text passes for it.

A text is read, written again by the writer below, and refused unless that gives the same bytes. So
whoever reads a proven entry reads what was hashed, whatever reader they use.
"""

import json
import math
import re
from collections.abc import Iterable
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
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise NotCanonical(f"the text is not JSON: {error.msg} at character {error.pos}") from None
    again = write_canonical(value)
    if again != data:
        at = next(
            (at for at, (one, other) in enumerate(zip(data, again, strict=False)) if one != other),
            min(len(data), len(again)),
        )
        raise NotCanonical(f"the text is not the canonical one of its value, from byte {at} on")
    return value


def write_canonical(value: Json) -> bytes:
    """The canonical text of a value, in UTF-8."""
    try:
        return "".join(_written(value, depth=0)).encode()
    except UnicodeEncodeError:
        raise NotCanonical("a string holds half of a surrogate pair, which is no text") from None


def _require_shallow(text: str) -> None:
    """Before the reader sees it: Python's own reader fails on deep nesting where its stack ends."""
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
