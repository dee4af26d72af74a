"""Deriving: the answer that follows from entries. Here, partners granted and not revoked."""

from collections.abc import Sequence

from evidence.canonical import Json
from evidence.entries import Entry
from evidence.questions import Question
from evidence.statements import Statement


def derive(question: Question, entries: Sequence[Entry], statement: Statement) -> dict[str, Json]:
    """Who had access to the asset."""
    assert question.asset
    held: dict[str, Json] = {}
    owner: Json = None
    for entry in entries:
        if entry.number > question.known_at:
            break
        event = entry.event
        partner = str(event.get("partner"))
        match event.get("type"):
            case "access-granted/v1":
                held[partner] = {
                    "partner": partner,
                    "tasks": event.get("tasks"),
                    "level": "partial",
                    "certainty": "certain",
                    "window": {"from": event.get("effective_at"), "to": None},
                }
            case "access-revoked/v1":
                held.pop(partner, None)
            case "ownership-established/v1":
                owner = event.get("owner")
    return {
        "book": question.book,
        "at": question.at,
        "known_at": {"entry": question.known_at, "recorded_at": statement.recorded_at},
        "asset": {"type": question.asset[0], "id": question.asset[1]},
        "owner": owner,
        "coverage": "known" if owner else "unknown",
        "holders": list(held.values()),
    }
