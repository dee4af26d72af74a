"""Deriving: the answer that follows from entries. Here, the partners with a grant."""

from collections.abc import Sequence

from evidence.canonical import Json
from evidence.entries import Entry
from evidence.questions import Question
from evidence.statements import Statement


def derive(question: Question, entries: Sequence[Entry], statement: Statement) -> dict[str, Json]:
    """Who had access to the asset."""
    assert question.asset
    asset: Json = {"type": question.asset[0], "id": question.asset[1], "name": None}
    names: dict[str, Json] = {}
    held: dict[str, Json] = {}
    owner: Json = None
    for entry in entries:
        event = entry.event
        partner = str(event.get("partner"))
        match event.get("type"):
            case "partner-added/v1":
                names[partner] = event.get("partner_name")
            case "access-granted/v1":
                held[partner] = {
                    "asset": asset,
                    "owner": event.get("owner"),
                    "partner": partner,
                    "partner_name": names.get(partner),
                    "tasks": event.get("tasks"),
                    "level": "partial",
                    "planned_end": None,
                    "certainty": "certain",
                    "access": "certain",
                    "window": _window(event.get("effective_at"), entry.number),
                }
            case "ownership-established/v1":
                owner = event.get("owner")
    return {
        "book": question.book,
        "at": question.at,
        "known_at": {"entry": question.known_at, "recorded_at": statement.recorded_at},
        "level_rule": "2026.1",
        "during": None,
        "asset": asset,
        "owner": owner,
        "coverage": "known" if owner else "unknown",
        "holders": list(held.values()),
    }


def _window(start: Json, opened_by: int) -> Json:
    return {
        "from": start,
        "from_earliest": start,
        "to": None,
        "to_earliest": None,
        "opened_by": opened_by,
        "closed_by": None,
        "cause": None,
    }
