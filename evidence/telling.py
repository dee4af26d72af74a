"""What a pack was found to show, in plain sentences.

Texts out of a pack are shown so that they cannot move the cursor or turn the direction of writing.
"""

from collections.abc import Iterator

from evidence.canonical import Json
from evidence.verifying import Verified

MOST_LINES = 20
"""Of each list of the answer."""

_KINDS = {
    "who": "who had access to the asset",
    "owner": "who owned the asset",
    "what": "what the partner could do",
    "line": "what the partner could do on the asset",
    "matrix": "who could do what on every asset of the book",
    "offboard": "what the partner had, what was cut off, and what is still open",
    "asset-timeline": "what happened to the asset, from first to last",
    "partner-timeline": "what happened with the partner, from first to last",
}
_NAMED_IN_THE_QUESTION = {"kind", "book", "at", "known_at", "asset", "partner", "during"}


def tell(verified: Verified) -> Iterator[str]:
    """The lines of the report: what was asked, answered, and shown."""
    question = verified.question.as_json()
    assert isinstance(question, dict)
    yield from _asked(question)
    yield "Answer:"
    for name, value in verified.answer.items():
        if name not in _NAMED_IN_THE_QUESTION:
            yield from _part(name, value)
    yield _entries([entry.number for entry in verified.entries])
    checkpoint = verified.checkpoint
    yield (
        f"Checkpoint: {printable(checkpoint.origin)}, {checkpoint.size} entries, "
        f"root {checkpoint.root.hex()}."
    )
    if verified.since:
        yield f"Since: the ledger only grew from the checkpoint of {verified.since.size} entries."
    if verified.signer_known:
        keys = ", ".join(f"{key.name} ({key.key_id.hex()})" for key in verified.signed_by)
        yield f"Signed by: {printable(keys)}; the pack was made at {verified.created_at}."


def _entries(numbers: list[int]) -> str:
    if not numbers:
        return "Entries: none. That none bears on the question is stated and signed, not proven."
    span = f"{len(numbers)}, numbers {numbers[0]} to {numbers[-1]}"
    return f"Entries: {span}, each proven to be in the ledger, none left out."


def printable(text: str) -> str:
    """The text with everything escaped that is not seen as a character."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _asked(question: dict[str, Json]) -> Iterator[str]:
    kind = str(question.get("kind"))
    yield f"Question: {_KINDS.get(kind, printable(kind))}, in the book {_words(question['book'])}."
    for name in ("asset", "partner"):
        if question.get(name):
            yield f"  {name}: {_words(question[name])}"
    when = f"at {_words(question.get('at'))}"
    during = question.get("during")
    if isinstance(during, dict):
        during = list(during.values())
    if isinstance(during, list):
        when = f"from {' to '.join(map(_words, during))}"
    yield f"  {when}, as known at entry {_words(question.get('known_at'))}"


def _part(name: str, value: Json) -> Iterator[str]:
    """One field of the answer; a list of objects a line each."""
    label = printable(name.replace("_", " "))
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        yield f"  {label}: {_words(value)}"
        return
    yield f"  {label}: {len(value)}"
    for item in value[:MOST_LINES]:
        yield f"    {_words(item)}"
    if len(value) > MOST_LINES:
        yield f"    and {len(value) - MOST_LINES} more, in answer.json"


def _span(start: Json, end: Json, window: dict[str, Json]) -> str:
    """From when to when, and between which entries."""
    text = f"from {_words(start)}"
    if window.get("opened_by"):
        text += f" (entry {_words(window['opened_by'])})"
    if end is None:
        return f"{text}, still open then"
    text += f" to {_words(end)}"
    if window.get("closed_by"):
        text += f" (entry {_words(window['closed_by'])}, {_words(window.get('cause'))})"
    return text


def _words(value: Json) -> str:
    """A value in a few words."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return printable(value)
        case list():
            return ", ".join(map(_words, value)) or "none"
        case dict():
            return _object(value)
        case _:
            return str(value)


def _object(fields: dict[str, Json]) -> str:
    """An asset, a window, what a partner holds; any other object by its fields."""
    match fields:
        case {"type": str(type_), "id": str(id_)}:
            name = fields.get("name")
            return printable(f"{type_}:{id_}" + (f" ({name})" if name else ""))
        case {"from": start, "to": end}:
            return _span(start, end, fields)
        case {"partner": partner, "tasks": tasks, "asset": asset, "window": window}:
            name = fields.get("partner_name")
            return (
                f"{_words(partner)}{f' ({_words(name)})' if name else ''}: {_words(tasks)} "
                f"on {_words(asset)}, level {_words(fields.get('level'))}, "
                f"{_words(fields.get('certainty'))}, {_words(window)}"
            )
        case _:
            return "; ".join(
                f"{printable(name.replace('_', ' '))} {_words(item)}"
                for name, item in fields.items()
                if item is not None
            )
