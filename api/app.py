"""The application: routes, problem documents, and the OpenAPI document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from opentelemetry.trace import TracerProvider
from pydantic import TypeAdapter

from api import problems
from api.body_limit import BodyLimit, HeadLimit
from api.freshness import PrivateByDefault
from api.links import add_links
from api.observing import Observed
from api.packing import WantedPack
from api.pages.rendering import ROOT
from api.pages.site import FriendlyRefusals, create_site, first_page
from api.rates import RateLimit
from api.request_time import RequestTime
from api.routes import asking, docs, health, keys, proving, recording
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import AnyFact

DESCRIPTION = (
    "Which partner could do what on which asset, at any instant, as known at any instant. "
    "Answers say what was recorded, by whom and when; they do not say that it is so."
)


def create_app(
    settings: Settings | None = None,
    services: Services | None = None,
    *,
    tracer_provider: TracerProvider | None = None,
) -> FastAPI:
    """The app on the ledger that the settings name, or on services that are already open.

    With PostgreSQL it starts before its database does, and answers 503 meanwhile.
    """
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services is not None:
            yield
            return
        embedded = settings.database_url is None
        seconds = settings.request_seconds
        with open_services(settings, check_schema=embedded, statement_seconds=seconds) as opened:
            app.state.services = opened
            yield

    app = FastAPI(
        title="Access Ledger",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra [otel] installed.
        telemetry={
            "tracer_provider": tracer_provider,
            "auto_configure": True,
            "metrics": False,
            "logs": False,
        },
    )
    app.state.services, app.state.settings = services, settings
    problems.install(app)
    # The last one is the first to see a request.
    app.add_middleware(
        BodyLimit, max_body_bytes=settings.max_body_bytes, seconds=settings.arrival_seconds
    )
    app.add_middleware(RequestTime, seconds=settings.request_seconds)
    app.add_middleware(RateLimit, settings=settings)
    app.add_middleware(HeadLimit, max_header_bytes=settings.max_header_bytes)
    app.add_middleware(FriendlyRefusals)
    app.add_middleware(PrivateByDefault)
    app.add_middleware(Observed)
    for room in (asking, recording, proving, keys, health, docs):  # as often as they are asked
        # As they are: FastAPI would look for an included route twice at each request.
        app.router.routes.extend(room.router.routes)
    app.mount(ROOT, create_site(app.state))
    for address in ("/", ROOT):
        app.add_api_route(address, first_page, methods=["GET"], include_in_schema=False)
    app.openapi = partial(_openapi, app, app.openapi)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI, original: Any) -> dict[str, Any]:
    """FastAPI's document, with the schemas that its routes refer to, and links between them."""
    if app.openapi_schema and "Fact" in app.openapi_schema["components"]["schemas"]:
        return app.openapi_schema
    document: dict[str, Any] = original()
    schemas = document["components"]["schemas"]
    reference = "#/components/schemas/{model}"
    fact = TypeAdapter(AnyFact).json_schema(ref_template=reference, mode="validation")
    schemas.update(fact.pop("$defs"))
    schemas["Fact"] = fact
    for body in (WantedPack, keys.WantedKey):
        schema = body.model_json_schema(ref_template=reference)
        schemas.update(schema.pop("$defs"))
        schemas[body.__name__] = schema
    schemas["Problem"] = problems.Problem.model_json_schema(ref_template=reference)
    for path in document["paths"].values():
        for operation in path.values():
            broken = operation.get("responses", {}).get("422", {})
            if "application/json" in broken.get("content", {}):
                broken["content"].pop("application/json")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    add_links(document)
    app.openapi_schema = document
    return document
