"""Every request has an id, one line in the log, and a place in the figures.

The line names the route's template and never the address, so no query, no id of a portfolio and no
name gets into the log. Errors that were not foreseen are told by their kind and place alone: their
messages may quote what was asked.
"""

import re
import time
import uuid
from typing import Any

import structlog
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.figures import REQUESTS
from api.pages.rendering import ROOT
from api.problems import unforeseen
from bootstrap.logs import kind_and_place

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when the answer is not 200."""

PREFIXES = ("/v1", ROOT)
"""What routes of a router or of the pages do not know of themselves."""
DOCUMENT = "/openapi.json"
"""The one address that FastAPI answers without a route of ours."""

_log = structlog.get_logger()


def request_id_of(scope: Scope) -> str:
    """The caller's X-Request-Id where it is one plain word and no API key, else a fresh one."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    text = given[0].decode("latin-1") if len(given) == 1 else ""
    if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", text) and not text.startswith("al_"):
        return text
    return uuid.uuid4().hex


class Observed:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        _keep_addresses_out_of_traces()
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status: int | None = None

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        failure: Exception | None = None
        try:
            await self.app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered and logged
            failure = error
            if status is None:
                await unforeseen()(scope, receive, noted)
        finally:
            _note(scope, request_id, status, time.perf_counter() - started, failure)


def _note(
    scope: Scope, request_id: str, status: int | None, seconds: float, failure: Exception | None
) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = _template(scope)
    REQUESTS.labels(method, route, str(status or "none")).observe(seconds)
    if route in QUIET and status == 200 and failure is None:  # noqa: PLR2004
        return
    fields: dict[str, Any] = {
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, 6),
    }
    if (key := scope["state"].get("key")) is not None:
        fields["key"] = key.name
    if failure is None:
        _log.info("request", **fields)
        return
    _log.error("request failed", **fields, **kind_and_place(failure))


def _template(scope: Scope) -> str:
    """The path of the route with its parameters by name."""
    if scope["path"] == DOCUMENT:
        return DOCUMENT
    path: str = getattr(scope.get("route"), "path", "unmatched")
    under = next((prefix for prefix in PREFIXES if scope["path"].startswith(f"{prefix}/")), "")
    return under + path if path.startswith("/") and not path.startswith(f"{under}/") else path


def _keep_addresses_out_of_traces() -> None:
    """FastAPI's span has begun with the address as it was asked; the route says enough."""
    span = trace.get_current_span()
    if span.is_recording():
        for name in ("url.path", "url.query", "http.request.method_original"):
            span.set_attribute(name, "")
