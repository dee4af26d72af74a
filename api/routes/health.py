"""Whether the server lives, whether it is ready, and which books there are."""

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from api.parameters import Ledger, only_known
from api.problems import documented
from api.routes.showing import shown
from bootstrap.services import all_migrations
from ledger.migrate import require_migrated

router = APIRouter(dependencies=[Depends(only_known)], responses=documented())


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The store answers and has the tables that this version needs."""

    status: str = "ready"
    newest_position: int
    projected_position: int


class BookSize(BaseModel):
    """A book and its newest entry."""

    book: str
    newest_entry: int


class BookList(BaseModel):
    """The books that hold at least one entry."""

    books: list[BookSize]


@router.get("/livez", response_model=Alive)
async def live(request: Request) -> Response:
    """Whether the process answers; it asks nothing of the store."""
    return shown(request, Alive())


@router.get("/readyz", response_model=Ready)
def ready(request: Request, ledger: Ledger) -> Response:
    """Whether requests can be served; 503 says why not."""
    require_migrated(ledger.database, all_migrations(ledger.database))
    newest, projected = ledger.projector.progress()
    return shown(request, Ready(newest_position=newest, projected_position=projected))


@router.get("/v1/portfolios", response_model=BookList)
def books(request: Request, ledger: Ledger) -> Response:
    """The books of this ledger."""
    found = ledger.questions.books()
    listed = [BookSize(book=book, newest_entry=newest) for book, newest in found.items()]
    return shown(request, BookList(books=listed))
