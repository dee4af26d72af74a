"""The page that checks packs in a browser, joined from its parts: `python -m evidence.page`.

The page is one file, evidence/verify.html. Its policy lets nothing run but the one script and the
one style that it holds, which it names by their hashes.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256

SCRIPTS = (
    "bytes", "hashing", "ed25519", "canonical", "instants", "shapes", "notes", "archive", "packs",
    "tree", "entries", "questions", "statements", "objections", "reading", "completeness",
    "showing", "deriving", "verifying", "telling", "drawing", "report", "page",
)  # fmt: skip
"""In the order in which they stand in the page: what runs at once comes after what it uses."""

_DECLARED = re.compile(r"^(?:async )?(?:const|let|function|class) ([A-Za-z_$][\w$]*)", re.MULTILINE)
_GAP = re.compile(r"{{([a-z-]+)}}")


class NamedTwice(ValueError):
    """The scripts share one scope, and two of them declare one name."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"declared more than once in the scripts: {', '.join(sorted(names))}")


def join(part: Callable[[str], str]) -> str:
    """The page, from what `part` gives for the name of each of its parts."""
    style = part("page.css")
    script = _scope("\n".join(part(f"{name}.js") for name in SCRIPTS))
    gaps = {
        "style": style,
        "style-hash": hash_of(style),
        "script": script,
        "script-hash": hash_of(script),
    }
    return _GAP.sub(lambda gap: gaps[gap[1]], part("page.html"))


def hash_of(text: str) -> str:
    """The hash of an inline script or style, as a Content-Security-Policy names it."""
    return b64encode(sha256(text.encode()).digest()).decode()


def _scope(scripts: str) -> str:
    """The scripts in one scope of their own, in which no name is declared twice."""
    names = _DECLARED.findall(scripts)
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise NamedTwice(twice)
    return f'\n"use strict";\n(() => {{\n{scripts}}})();\n'
