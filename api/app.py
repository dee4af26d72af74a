"""The application: routes, problem documents, and the OpenAPI document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from opentelemetry.trace import TracerProvider
from pydantic import TypeAdapter

from api import problems
from api.body_limit import BodyLimit
from api.observing import Observed
from api.routes import asking, docs, health, proving, recording
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
        with open_services(settings, check_schema=embedded) as opened:
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
    app.state.services = services
    app.state.ready_lag = settings.ready_lag
    problems.install(app)
    app.add_middleware(BodyLimit, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(Observed)  # the last one is the outermost
    app.include_router(docs.router)
    app.include_router(health.router)
    app.include_router(recording.router, prefix="/v1", tags=["recording"])
    app.include_router(asking.router, prefix="/v1", tags=["asking"])
    app.include_router(proving.router, prefix="/v1", tags=["proving"])
    app.openapi = partial(_openapi, app, app.openapi)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI, original: Any) -> dict[str, Any]:
    """FastAPI's document, with the schemas of bodies and problems that its routes refer to."""
    if app.openapi_schema and "Fact" in app.openapi_schema["components"]["schemas"]:
        return app.openapi_schema
    document: dict[str, Any] = original()
    schemas = document["components"]["schemas"]
    reference = "#/components/schemas/{model}"
    fact = TypeAdapter(AnyFact).json_schema(ref_template=reference, mode="validation")
    schemas.update(fact.pop("$defs"))
    schemas["Fact"] = fact
    pack = proving.WantedPack.model_json_schema(ref_template=reference)
    schemas.update(pack.pop("$defs"))
    schemas["WantedPack"] = pack
    schemas["Problem"] = problems.Problem.model_json_schema(ref_template=reference)
    for path in document["paths"].values():
        for operation in path.values():
            broken = operation.get("responses", {}).get("422", {})
            if "application/json" in broken.get("content", {}):
                broken["content"].pop("application/json")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    app.openapi_schema = document
    return document
