"""The links of the OpenAPI document are kept: what an answer leads to is answered as documented."""

import os
from collections import Counter
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import Services
from bootstrap.settings import Settings
from keys.key import Role
from tests.api.conftest import OWNER, PAGE, PARTNER, Recorder, knocking
from tests.api.test_schemathesis import CHECKS

SECONDS = int(os.environ.get("ACCESS_LEDGER_TEST_LINKED_SECONDS", "12"))
STEPS = 12
ANSWERED = 8
"""At least so many operations are reached and answered with success, also on a busy machine."""
NARROW: dict[str, Any] = {
    "owner": {"const": OWNER},
    "partner": {"enum": [PARTNER, "600000000000007"]},
    "to_owner": {"const": "600000000000007"},
    "effective_at": {"enum": ["2026-03-02T00:00:00Z", "2026-04-02T00:00:00Z"]},
    "asset": {"type": "object", "const": {"type": "page", "id": PAGE["id"]}},
    "books": {"type": "array", "const": [OWNER]},
}
"""Few values, so that facts meet each other. What else there could be, test_schemathesis asks."""
LEFT_OUT = ("book", "replaces", "effective_after", "entry", "at", "during", "since")


def narrowed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with few portfolios, assets and moments in what is sent."""
    schemas = document["components"]["schemas"]
    kinds = [ref.rpartition("/")[2] for ref in schemas["Fact"]["discriminator"]["mapping"].values()]
    for kind in (*kinds, "WantedPack", "WantedKey"):
        fields = schemas[kind]["properties"]
        for name in LEFT_OUT:
            fields.pop(name, None)
        fields.update({name: schema for name, schema in NARROW.items() if name in fields})
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "book":
                    parameter["schema"] = {"const": OWNER, "type": "string"}
                if parameter["name"] == "key":  # else it may be one of those that are used here
                    parameter["schema"] = {"const": "nobody", "type": "string"}
    return document


@pytest.fixture
def document(settings: Settings, services: Services) -> Any:
    """The document of an app on a ledger with a little in it, and a key for each of its routes."""
    unlimited = settings.model_copy(update={"rate_per_second": 0, "failed_keys_per_minute": 0})
    app = create_app(unlimited, services)
    of_keys, of_books = (
        knocking(services, Role.ADMIN),
        knocking(services, Role.RECORDER, OWNER),
    )
    with TestClient(app, headers=of_books) as client:
        Recorder(client).story()
    narrowed(app.openapi())
    config = schemathesis.Config.from_dict(
        {
            "checks": CHECKS,
            "headers": of_books,
            "operations": [{"include-path-regex": "^/v1/keys", "headers": of_keys}],
            "generation": {"mode": "positive", "max-examples": 1_000},
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": False},
                "fuzzing": {"enabled": False},
                "stateful": {"max-steps": STEPS},
            },
            "max-time": SECONDS,
        }
    )
    found = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    # The list of keys would lead to revoking those that ask.
    return found.exclude(path="/v1/keys", method="GET")


def test_what_an_answer_leads_to_is_answered_as_documented(document: Any) -> None:
    """All of the checks, on chains of requests that take their parameters from answers before."""
    answered: Counter[str] = Counter()
    for event in from_schema(document).execute():
        assert not isinstance(event, events.FatalError), event.exception
        assert not isinstance(event, events.NonFatalError), event.value
        if not isinstance(event, events.ScenarioFinished):
            continue
        told = event.recorder
        checked = [check for checks in told.checks.values() for check in checks]
        failed = [check.failure_info for check in checked if check.failure_info]
        assert not failed, failed
        for case, interaction in told.interactions.items():
            if interaction.response is not None and interaction.response.status_code < 300:
                answered[told.cases[case].value.operation.label] += 1
    assert len(answered) >= ANSWERED, answered
