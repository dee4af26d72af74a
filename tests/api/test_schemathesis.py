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
from tests.api.conftest import Recorder

REQUESTS = [
    (path, method.upper(), mode)
    for path, operations in create_app(Settings()).openapi()["paths"].items()
    for method, operation in operations.items()
    for mode in GenerationMode
    # Where there are no parameters there is nothing to get wrong.
    if mode is GenerationMode.POSITIVE or operation.get("parameters")
]

# What one field says of another (an entry that is in the book, a period that runs forward, a
# partner that is not the owner) stands in no schema: such a request may be answered 422.
# The figures are not for the client of these requests, which has no address: 403.
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "403", "404", "409", "422"],
            }
        }
    }
)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document of an app on a ledger with a little in it."""
    chosen = Settings(file=tmp_path_factory.mktemp("api") / "ledger.db")
    with open_services(chosen) as services:
        app = create_app(chosen, services)
        with TestClient(app) as client:
            Recorder(client).story()
        yield schemathesis.openapi.from_asgi("/openapi.json", app, config=CONFIG)


@pytest.mark.parametrize(("path", "method", "mode"), REQUESTS)
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_request_has_a_documented_answer(
    document: Any, path: str, method: str, mode: GenerationMode, data: st.DataObject
) -> None:
    """All of the checks, on every route, with requests that fit the document and that do not."""
    case = data.draw(document[path][method].as_strategy(generation_mode=mode))
    case.call_and_validate()
