"""Keys over HTTP, and the access log: who may knock, and who looked."""

from datetime import timedelta
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.bodies import TOO_DEEP, body_of, decoded
from api.doors import door, key_of
from api.parameters import Book, Ledger, Limit, PageCursor
from api.problems import BadRequest, documented, invalid
from api.routers import keyed_router
from api.routes.showing import shown
from bootstrap.services import Services
from domain.describing import describe
from domain.values import Instant, PortfolioId
from keys.access_log import NEWEST, Place
from keys.answers import AccessRecordList, KeyList, KeyView, NewSecret
from keys.key import MOST_BOOKS, NAME_PATTERN, Key, NewKey, Role
from keys.store import LONGEST_GRACE
from projections.paging import Cursor

router = keyed_router("keys")

ADMIN = door(Role.ADMIN)
NO_STORE = {"Cache-Control": "no-store"}


class WantedKey(BaseModel, extra="forbid"):
    """The key that is wanted."""

    name: str = Field(
        pattern=NAME_PATTERN,
        description="Unique among the keys that are not revoked; entries are recorded by it, so it "
        "is the name of a system and not of a person.",
    )
    role: Role
    books: list[PortfolioId] = Field(
        default=[],
        max_length=MOST_BOOKS,
        description="For recorders and readers, and one for partners.",
    )
    partner: PortfolioId | None = Field(default=None, description="For partner keys alone.")
    expires_at: Instant | None = None


_EXAMPLE = {"name": "warehouse-export", "role": "reader", "books": ["506914307656634"]}
KeyId = Annotated[
    str,
    Path(
        alias="key",
        description="The id of a key, or the name of one that is not revoked.",
        pattern=r"^[a-z0-9._-]{1,64}$",
        openapi_examples={"by name": {"value": "warehouse-export"}},
    ),
]


def wanted_in(body: bytes) -> NewKey:
    """The key in a body as it came, or 400, or 422 with what is wrong."""
    try:
        wanted = WantedKey.model_validate(decoded(body))
    except RecursionError as error:
        raise BadRequest(400, "not-json", TOO_DEEP) from error
    except ValidationError as error:
        raise invalid(describe(error, of="key")) from error
    return NewKey(
        name=wanted.name,
        role=wanted.role,
        books=frozenset(wanted.books),
        partner=wanted.partner,
        expires_at=wanted.expires_at,
    )


@router.post(
    "/keys",
    dependencies=[ADMIN],
    response_model=NewSecret,
    status_code=201,
    responses=documented(400, 409, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/WantedKey"},
                    "example": _EXAMPLE,
                }
            },
        }
    },
)
async def create_key(request: Request, ledger: Ledger) -> Response:
    """Make a key; its secret is in this answer and nowhere else.

    An Idempotency-Key is not read here, since the secret is not stored to be given again. Names are
    unique, so the same sent again is refused with 409 and makes no second key: where the answer
    was lost, rotate the key by its name, which gives it a new secret.
    """
    body = await body_of(request)
    by = key_of(request)
    made = await run_in_threadpool(lambda: ledger.keys.create(wanted_in(body), by=by))
    return _handed_out(request, made, status=201)


@router.get("/keys", dependencies=[ADMIN], response_model=KeyList, responses=documented())
def list_keys(request: Request, ledger: Ledger) -> Response:
    """Every key there is or was, without secrets."""
    keys = tuple(KeyView.of(key) for key in ledger.keys.listed())
    return shown(request, KeyList(keys=keys))


@router.post(
    "/keys/{key}/rotate",
    dependencies=[ADMIN],
    response_model=NewSecret,
    responses=documented(404, 409),
)
def rotate_key(
    request: Request,
    ledger: Ledger,
    wanted: KeyId,
    grace_seconds: Annotated[
        int,
        Query(
            ge=0,
            le=int(LONGEST_GRACE.total_seconds()),
            description="How long the former secret still opens.",
            openapi_examples={"an hour": {"value": 3600}},
        ),
    ] = 0,
) -> Response:
    """Give a key a new secret; it stays the same key, with its name, role and books.

    It may be sent again where the answer was lost; each time the secret is another.
    """
    grace = timedelta(seconds=grace_seconds)
    made = ledger.keys.rotate(wanted, grace=grace, by=key_of(request))
    return _handed_out(request, made, status=200)


@router.post(
    "/keys/{key}/revoke",
    dependencies=[ADMIN],
    response_model=KeyView,
    responses=documented(404),
)
def revoke_key(request: Request, ledger: Ledger, wanted: KeyId) -> Response:
    """End a key for good, from the next request on; by its id this may be sent again."""
    return shown(request, KeyView.of(ledger.keys.revoke(wanted, by=key_of(request))))


def _handed_out(request: Request, made: tuple[Key, str], *, status: int) -> Response:
    response = shown(request, NewSecret.made(*made), status=status)
    response.headers.update(NO_STORE)
    return response


@router.get(
    "/portfolios/{book}/access-log",
    dependencies=[door(Role.ADMIN, Role.RECORDER, Role.READER, Role.AUDITOR)],
    response_model=AccessRecordList,
    responses=documented(404),
)
def access_log_of_book(
    request: Request,
    book: Book,
    ledger: Ledger,
    limit: Limit,
    cursor: PageCursor = None,
) -> Response:
    """Who looked at a book, which packs were made, and which keys reach it, the newest first."""
    return shown(request, _page(ledger, book, cursor, limit))


@router.get(
    "/access-log",
    dependencies=[door(Role.ADMIN, Role.AUDITOR)],
    response_model=AccessRecordList,
    responses=documented(),
)
def access_log(
    request: Request, ledger: Ledger, limit: Limit, cursor: PageCursor = None
) -> Response:
    """The access log of the whole ledger, the newest first."""
    return shown(request, _page(ledger, None, cursor, limit))


def _page(ledger: Services, book: str | None, cursor: str | None, limit: int) -> AccessRecordList:
    """A page, and a cursor that holds the numbers of its last records, and no position."""
    kind, of = ("access-log", "") if book is None else ("access-log of book", book)
    before = NEWEST
    if cursor is not None:
        stands = Cursor.decode(cursor, kind=kind, book=of)
        before = Place(own=stands.offset, shared=stands.known)
    records, after = ledger.access_log.page(book, before=before, limit=limit)
    return AccessRecordList(
        book=book,
        records=tuple(records),
        next_cursor=Cursor(kind, of, 0, after.shared, after.own).encode() if after else None,
    )
