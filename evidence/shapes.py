"""What values of JSON must look like: small tests, and the first thing wrong with an object.

A shape is a test that no value makes fail. The sentences name fields, never what they hold: it may
be long, and it may be anything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evidence.instants import microseconds

Shape = Callable[[object], bool]

MAX_NUMBER = 2**53 - 1
"""Entry numbers go up to here, as whole numbers of JSON do."""

_META_TYPES = frozenset({
    "page", "ad_account", "dataset", "catalog", "instagram_account", "whatsapp_account",
    "offline_event_set", "app",
})  # fmt: skip
_META_ID = re.compile(r"[0-9]{5,20}")
_MOST_TASKS = 100
_MOST_SHOWN = 60


def matches(pattern: str) -> Shape:
    """Texts of which the whole has this form."""
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def one_of(*words: str) -> Shape:
    """These words."""
    return lambda value: isinstance(value, str) and value in words


def is_text(value: object) -> bool:
    """Any text."""
    return isinstance(value, str)


def is_number(value: object, *, least: int = 1, most: int = MAX_NUMBER) -> bool:
    """A whole number; true and false are none."""
    return type(value) is int and least <= value <= most


def is_instant(value: object) -> bool:
    """A moment in the canonical form."""
    return microseconds(value) is not None


# NUL and the other controls have no business in names; a tab and a line break may stand in prose.
_PLAIN = r"[^\x00-\x08\x0b-\x1f\x7f]"

is_portfolio = matches(r"[0-9]{5,20}")
is_label = matches(_PLAIN + r"{1,500}")
is_prose = matches(_PLAIN + r"{1,2000}")
is_event_id = matches(r"[!-~]{1,205}")
is_asset_type = matches(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
is_asset_id = matches(r"[!-.0-~]{1,200}")
_is_task = matches(r"[!-~]{1,100}")


def is_asset(type: object, id: object) -> bool:
    """Whether these are an asset's type and id; Meta's own have numbers for ids."""
    if not (isinstance(type, str) and isinstance(id, str)):
        return False
    if not (is_asset_type(type) and is_asset_id(id)):
        return False
    return type not in _META_TYPES or _META_ID.fullmatch(id) is not None


def is_tasks(value: object) -> bool:
    """Tasks in order, each of them once."""
    if not isinstance(value, list) or len(value) > _MOST_TASKS:
        return False
    return all(map(_is_task, value)) and value == sorted(set(value))


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that an object must have, and those that it may have."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape]

    def __call__(self, value: object) -> bool:
        """Whether the value is such an object."""
        return self.wrong_with(value, "it") is None

    def wrong_with(self, value: object, what: str) -> str | None:
        """The first thing that is wrong with a value, as a sentence; None if nothing is."""
        if not isinstance(value, dict):
            return f"{what} is not a JSON object"
        if not self.required.keys() <= value.keys():
            missing = next(name for name in self.required if name not in value)
            return f"{what} has no field {missing!r}"
        for name, field in value.items():
            shape = self.required.get(name) or self.optional.get(name)
            if shape is None:
                return f"{what} has a field {shown(name)} that it cannot have"
            if not shape(field):
                return f"the field {name!r} of {what} does not hold what it must"
        return None


def shown(name: object) -> str:
    """A name for a sentence, shortened."""
    text = repr(name) if isinstance(name, str) else f"of the type {type(name).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


_KEY = Fields({"type": is_text, "id": is_text}, {})
_NAMED = Fields(_KEY.required, {"name": is_label})


def is_asset_key(value: object) -> bool:
    """An object of an asset's type and id."""
    return _KEY(value) and isinstance(value, dict) and is_asset(value["type"], value["id"])


def is_named_asset(value: object) -> bool:
    """An object of an asset's type and id, perhaps with its name."""
    return _NAMED(value) and isinstance(value, dict) and is_asset(value["type"], value["id"])
