"""The OpenAPI document and the page that shows it."""

import hashlib
import re
from typing import Any

from starlette.testclient import TestClient

from api.routes.docs import STATIC
from tests.api.conftest import Headers, Recorder


def test_the_page_asks_nobody_else(client: TestClient) -> None:
    """Every address in it is answered by this server."""
    page = client.get("/docs").text
    assert not re.search(r"(src|href)=.(https?:)?//", page)
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/{name}" in page
        assert client.get(f"/docs/{name}").content == (STATIC / name).read_bytes()
    assert client.get("/docs/README.md").status_code == 422


def test_the_shipped_files_are_those_that_are_named() -> None:
    """By their sha256."""
    readme = (STATIC / "README.md").read_text()
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
        assert f"| {name} | {digest} |" in readme


def test_the_examples_of_the_document_work(
    recorder: Recorder, client: TestClient, admin: Headers, auditor: Headers
) -> None:
    """Each operation, asked with each of its examples, answers with success."""
    recorder.story()
    recorder.post(
        *[recorder.fact("partner-added", partner=f"7000000000000{n}") for n in range(10, 20)]
    )
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            headers = admin if "keys" in operation.get("tags", []) else None
            headers = auditor if path.startswith(("/v1/log/tile", "/v1/log/check")) else headers
            for query in _queries(operation):
                url = path.format_map(_examples(operation, "path"))
                if "requestBody" in operation:
                    body = operation["requestBody"]["content"]["application/json"]["example"]
                    if path.endswith("/facts"):
                        body = {**body, "partner": "563920174410299"}
                    answer = client.post(url, json=body, headers=headers)
                else:
                    answer = client.request(method, url, params=query, headers=headers)
                assert answer.status_code in {200, 201}, (url, query, answer.text)


def _examples(operation: dict[str, Any], where: str) -> dict[str, Any]:
    """The first example of each parameter that has one."""
    return {
        parameter["name"]: next(iter(parameter["examples"].values()))["value"]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == where and "examples" in parameter
    }


def _queries(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Each example by itself; those of a difference in their pairs."""
    found = _examples(operation, "query")
    if "from_known" in found:
        return [
            {name: found[name] for name in pair}
            for pair in (("from", "to"), ("from_known", "to_known"))
        ]
    if any(parameter["required"] for parameter in operation.get("parameters", [])
           if parameter["in"] == "query"):  # fmt: skip
        return [found]
    return [{}, *({name: value} for name, value in found.items())]
