"""JSON as it comes from outside, read strictly."""

import json
from typing import Any

import orjson


def strict_json(text: bytes | str) -> Any:
    """The value that a text states. Raises ValueError, and RecursionError for what is too deep.

    A name that an object has twice is an error; orjson is strict about the rest, and would take
    the last of the two (RFC 8259 section 4). A text that is the same when written again has no name
    twice, which spares most the second reading.
    """
    value = orjson.loads(text)
    if _written(value) != (text.encode() if isinstance(text, str) else text).strip():
        json.loads(text, object_pairs_hook=_names_once)
    return value


def _written(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # nested deeper than orjson writes
        return None


def _names_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"{name[:80]!r} is given twice in one object; give it once")
        seen.add(name)
