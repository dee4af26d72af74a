"""Whether the server lives, and whether it is ready: open to all, so it tells of no book."""

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from api.parameters import Served, only_known
from api.problems import documented_open
from api.routes.showing import shown
from bootstrap.services import all_migrations
from ledger.migrate import require_migrated

router = APIRouter(dependencies=[Depends(only_known)], responses=documented_open())


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The store answers and has the tables that this version needs."""

    status: str = "ready"
    newest_position: int
    projected_position: int


@router.get("/livez", response_model=Alive)
async def live(request: Request) -> Response:
    """Whether the process answers; it asks nothing of the store."""
    return shown(request, Alive())


@router.get("/readyz", response_model=Ready)
def ready(request: Request, ledger: Served) -> Response:
    """Whether requests can be served; 503 says why not."""
    require_migrated(ledger.database, all_migrations(ledger.database))
    newest, projected = ledger.projector.progress()
    return shown(request, Ready(newest_position=newest, projected_position=projected))
