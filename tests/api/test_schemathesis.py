"""The OpenAPI document is kept: requests made from it find no error and no undocumented answer."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from api.app import create_app
from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import OF_THE_WHOLE, Role
from tests.api.conftest import OWNER, Headers, Recorder, knocking
from tests.depth import tries

REQUESTS = [
    (path, method.upper(), mode)
    for path, operations in create_app(Settings()).openapi()["paths"].items()
    for method, operation in operations.items()
    for mode in GenerationMode
    # Where there are no parameters there is nothing to get wrong, nor in tags that one has.
    if mode is GenerationMode.POSITIVE
    or any(parameter["name"] != "If-None-Match" for parameter in operation.get("parameters", []))
]

# What one field says of another (an entry that is in the book, a period that runs forward, a
# partner that is not the owner) stands in no schema: such a request may be answered 422.
# The figures are not for the client of these requests, which has no address: 403.
# A string above its longest may make a body that is above the largest, which is told first: 413.
CHECKS = {
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "304", "403", "404", "409", "412", "422"],
    },
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "409", "413", "415", "422"],
    },
}
CONFIG = schemathesis.Config.from_dict({"checks": CHECKS})


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """For each mode the document of an app on a ledger with a little in it; a key of each role."""
    file = tmp_path_factory.mktemp("api") / "ledger.db"
    chosen = Settings(file=file, rate_per_second=0, failed_keys_per_minute=0)
    with open_services(chosen) as services:
        app = create_app(chosen, services)
        keys = {
            role: knocking(services, role, *([] if role in OF_THE_WHOLE else [OWNER]))
            for role in Role
            if role is not Role.PARTNER
        }
        with TestClient(app, headers=keys[Role.RECORDER]) as client:
            Recorder(client).story()
        whole = schemathesis.openapi.from_asgi("/openapi.json", app, config=CONFIG)
        # The key is always sent, so a request that is only wrong in its key would be a good one.
        for operation in (
            o for methods in app.openapi()["paths"].values() for o in methods.values()
        ):
            operation.pop("security", None)
        keyless = schemathesis.openapi.from_asgi("/openapi.json", app, config=CONFIG)
        yield {GenerationMode.POSITIVE: whole, GenerationMode.NEGATIVE: keyless}, keys


def _headers(keys: dict[Role, Headers], path: str) -> Headers:
    """Those of a key that the route is for."""
    if path.startswith(("/v1/keys", "/v1/access-log")):
        return keys[Role.ADMIN]
    return keys[Role.RECORDER if path.endswith("/facts") else Role.AUDITOR]


@pytest.mark.parametrize(("path", "method", "mode"), REQUESTS)
@given(data=st.data())
@settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_request_has_a_documented_answer(
    document: Any, path: str, method: str, mode: GenerationMode, data: st.DataObject
) -> None:
    """All of the checks, on every route, with requests that fit the document and that do not."""
    described, keys = document
    case = data.draw(described[mode][path][method].as_strategy(generation_mode=mode))
    case.call_and_validate(headers=_headers(keys, path))
