"""Whether the server lives, whether it is ready, and its figures: open, so they tell of no book."""

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel

from api.callers import is_local
from api.figures import exposition
from api.parameters import Served, settings_of
from api.problems import BadRequest, documented_open
from api.routers import open_router
from api.routes.showing import shown
from bootstrap.services import all_migrations
from ledger.migrate import require_migrated

router = open_router(responses=documented_open())


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The store answers and has the tables that this version needs."""

    status: str = "ready"


@router.get("/livez", response_model=Alive)
async def live(request: Request) -> Response:
    """Whether the process answers; it asks nothing of the store."""
    return shown(request, Alive())


@router.get("/readyz", response_model=Ready)
def ready(request: Request, ledger: Served) -> Response:
    """Whether requests can be served; 503 says why not.

    The store answers, has its tables, the signing keys are there, the read model fits the
    entries and is not far behind them.
    How many entries there are it tells nobody: that is one of the figures.
    """
    require_migrated(ledger.database, all_migrations(ledger.database))
    ledger.log.keyring()
    allowed = settings_of(request).ready_lag
    if ledger.projector.progress().lag > allowed:
        raise BadRequest(
            503,
            "far-behind",
            f"the read model is more than {allowed} positions behind the entries "
            "(ACCESS_LEDGER_READY_LAG); start access-ledger worker, which catches up, and see "
            "access_ledger_projection_lag at /metrics",
        )
    return shown(request, Ready())


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Figures in Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **documented_open(403),
    },
)
def metrics(request: Request, ledger: Served) -> Response:
    """Figures for Prometheus, for clients on this machine."""
    if not is_local(request):
        raise BadRequest(
            403,
            "another-machine",
            "figures are given to clients on the server's own machine; ask at its loopback address",
        )
    return Response(exposition(ledger), media_type=CONTENT_TYPE_PLAIN_0_0_4)
