"""Bad input in words: what field, what is wrong with it, what to write instead."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.values import (
    ASSET_ID_PATTERN,
    ASSET_TYPE_PATTERN,
    DAY_PATTERN,
    ID_PATTERN,
    PLAIN_PATTERN,
    PORTFOLIO_PATTERN,
    SHA256_PATTERN,
    TASK_PATTERN,
)

_PLAIN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this {of}; leave it out, or check its spelling",
    "string_unicode": "is not valid Unicode text",
}
_FORMS = {
    PORTFOLIO_PATTERN: "the id of a portfolio; give its 5 to 20 digits",
    ID_PATTERN: "an id; give 1 to 200 printable ASCII characters without a space",
    ASSET_TYPE_PATTERN: "a type of asset; give a letter and then up to 63 letters, digits, dots, "
    "hyphens and underscores",
    ASSET_ID_PATTERN: "the id of an asset; give 1 to 200 printable ASCII characters without a "
    "space or a slash",
    TASK_PATTERN: "a task; give 1 to 100 printable ASCII characters without a space",
    DAY_PATTERN: "a day; write it like 2026-03-31",
    SHA256_PATTERN: "a SHA-256; give its 64 hexadecimal digits in lower case",
    PLAIN_PATTERN: "plain text; leave out its control characters",
}
"""What has each form, and what to give."""


def describe(error: ValidationError, *, of: str = "fact") -> list[str]:
    """One sentence for each thing that is wrong with a fact, or with something else."""
    return [describe_one(detail, of=of) for detail in error.errors(include_url=False)]


def field_path(detail: ErrorDetails) -> str:
    """The field in question, such as ``asset.id``; the kind of fact is left out."""
    parts = [str(part) for part in detail["loc"]]
    if len(parts) > 1 and "-" in parts[0]:  # the tag of a union of facts
        parts = parts[1:]
    elif len(parts) == 1 and "-" in parts[0]:
        parts = []
    return ".".join(part for part in parts if not part.startswith("function-"))


def describe_one(detail: ErrorDetails, *, of: str = "fact") -> str:
    """The sentence for one error of pydantic's."""
    path, given = field_path(detail), detail["input"]
    match detail["type"]:
        case "value_error":
            text = str(detail["ctx"]["error"]) if "ctx" in detail else detail["msg"]
            return text if not path or path in text else f"{path}: {text}"
        case "string_type" if isinstance(given, (int, float)) and not isinstance(given, bool):
            return f"{path}: {given!r} is a number; ids are strings, so put it in quotes"
        case "union_tag_not_found":
            return "fact is missing; name the kind of fact, such as access-granted"
        case "union_tag_invalid":
            tags = detail.get("ctx", {})
            kinds = tags.get("expected_tags", "").replace("'", "")
            return f"fact: {tags.get('tag')!r} is not a kind of fact; the kinds are {kinds}"
        case "string_pattern_mismatch":
            pattern = detail.get("ctx", {}).get("pattern", "")
            wanted = _FORMS.get(pattern, f"of the form {pattern}")
            return f"{path}: {_short(given)} is not {wanted}"
        case "string_too_short" if given == "":
            return f"{path} is empty; write it out"
        case "string_too_long":
            most = detail.get("ctx", {}).get("max_length")
            return f"{path} has {len(given)} characters, and may have {most}; shorten it"
        case "model_attributes_type" | "model_type" | "dict_type":
            return f"{path or f'a {of}'}: {_short(given)} is not a JSON object"
        case kind if kind in _PLAIN_WORDS:
            return f"{path} {_PLAIN_WORDS[kind].format(of=of)}"
        case _:
            return f"{path}: {_short(given)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _short(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004
