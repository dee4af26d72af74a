"""Asking: every question about a book, at any instant, as known at any instant."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from api.doors import OF_A_BOOK, door
from api.freshness import NOT_MODIFIED, conditional, unchanged
from api.parameters import (
    Asset,
    Book,
    Knocking,
    KnownAt,
    Ledger,
    Limit,
    Moments,
    PageCursor,
    Partner,
    Period,
    instant,
    known,
)
from api.problems import BadRequest, documented
from api.routers import keyed_router
from api.routes.showing import shown
from api.running import ask
from bootstrap.services import Services
from keys.key import Key
from projections import answers
from projections.moments import AsOf

router = keyed_router(
    "asking",
    door(*OF_A_BOOK),
    Depends(conditional),
    responses={**NOT_MODIFIED, **documented(404)},
)


class BookSize(BaseModel):
    """A book and its newest entry."""

    book: str
    newest_entry: int


class BookList(BaseModel):
    """The books that hold at least one entry."""

    books: list[BookSize]


def listed(ledger: Services, key: Key) -> BookList:
    """The books that a key reads, where they hold an entry."""
    sizes = ledger.books.books().items()
    return BookList(
        books=[BookSize(book=book, newest_entry=n) for book, n in sizes if key.may_read(book)]
    )


@router.get("/portfolios", response_model=BookList)
def books(request: Request, ledger: Ledger, knocking: Knocking) -> Response:
    """The books that the key reads, where they hold an entry."""
    return shown(request, listed(ledger, knocking))


@router.get("/portfolios/{book}/assets/{type}/{id}/access", response_model=answers.AssetAccess)
async def who_had_access(
    request: Request, book: Book, asset: Asset, ledger: Ledger, as_of: Moments, during: Period
) -> Response:
    """Who had access to an asset."""
    answer = await ask(ledger, lambda q: q.who_had_access(book, asset, as_of, during=during))
    return shown(request, answer)


@router.get("/portfolios/{book}/assets/{type}/{id}/owner", response_model=answers.OwnerAnswer)
async def owner_at(
    request: Request, book: Book, asset: Asset, ledger: Ledger, as_of: Moments
) -> Response:
    """Who owned an asset."""
    return shown(request, await ask(ledger, lambda q: q.owner_at(book, asset, as_of)))


@router.get("/portfolios/{book}/assets/{type}/{id}/timeline", response_model=answers.AssetTimeline)
def asset_timeline(
    request: Request, book: Book, asset: Asset, ledger: Ledger, as_of: Moments
) -> Response:
    """Everything about an asset: windows, owners and entries, first to last."""
    if same := unchanged(request, lambda: ledger.questions.moment(book, as_of)):
        return same
    return shown(request, ledger.questions.asset_timeline(book, asset, as_of))


@router.get("/portfolios/{book}/partners", response_model=answers.PartnerList)
def partners(
    request: Request,
    book: Book,
    ledger: Ledger,
    as_of: Moments,
    limit: Limit,
    cursor: PageCursor = None,
) -> Response:
    """The partnerships of a book, open ones and closed ones."""
    if not cursor and (same := unchanged(request, lambda: ledger.questions.moment(book, as_of))):
        return same
    answer = ledger.questions.partners(book, as_of, cursor=cursor, limit=limit)
    return shown(request, answer)


@router.get("/portfolios/{book}/partners/{partner}/access", response_model=answers.PartnerAccess)
async def what_could(
    request: Request, book: Book, partner: Partner, ledger: Ledger, as_of: Moments, during: Period
) -> Response:
    """What a partner could do."""
    answer = await ask(ledger, lambda q: q.what_could(book, partner, as_of, during=during))
    return shown(request, answer)


@router.get(
    "/portfolios/{book}/partners/{partner}/timeline", response_model=answers.PartnerTimeline
)
def partner_timeline(
    request: Request, book: Book, partner: Partner, ledger: Ledger, as_of: Moments
) -> Response:
    """Everything about a partner, first to last."""
    return shown(request, ledger.questions.partner_timeline(book, partner, as_of))


@router.get(
    "/portfolios/{book}/partners/{partner}/offboarding", response_model=answers.OffboardingReport
)
def offboarding(
    request: Request, book: Book, partner: Partner, ledger: Ledger, as_of: Moments
) -> Response:
    """What a partner had, what was cut off and when, and what is still open."""
    return shown(request, ledger.questions.offboarding_report(book, partner, as_of))


@router.get("/portfolios/{book}/access-matrix", response_model=answers.Matrix)
def matrix_at(
    request: Request,
    book: Book,
    ledger: Ledger,
    as_of: Moments,
    limit: Limit,
    cursor: PageCursor = None,
) -> Response:
    """Every open window of a book."""
    if not cursor and (same := unchanged(request, lambda: ledger.questions.moment(book, as_of))):
        return same
    answer = ledger.questions.matrix_at(book, as_of, cursor=cursor, limit=limit)
    return shown(request, answer)


@router.get("/portfolios/{book}/ownership", response_model=answers.OwnershipList)
def ownership_at(
    request: Request,
    book: Book,
    ledger: Ledger,
    as_of: Moments,
    limit: Limit,
    cursor: PageCursor = None,
) -> Response:
    """Who owned what."""
    if not cursor and (same := unchanged(request, lambda: ledger.questions.moment(book, as_of))):
        return same
    answer = ledger.questions.ownership_at(book, as_of, cursor=cursor, limit=limit)
    return shown(request, answer)


_INSTANT = {"type": "string", "format": "date-time"}


@router.get("/portfolios/{book}/diff", response_model=answers.Diff)
def changes_between(
    request: Request,
    book: Book,
    ledger: Ledger,
    as_of: Moments,
    from_: Annotated[
        str | None,
        Query(
            alias="from",
            description="The earlier instant.",
            json_schema_extra=_INSTANT,
            openapi_examples={"a day": {"value": "2026-03-01T00:00:00Z"}},
        ),
    ] = None,
    to: Annotated[
        str | None,
        Query(
            description="The later instant.",
            json_schema_extra=_INSTANT,
            openapi_examples={"a day": {"value": "2026-06-30T00:00:00Z"}},
        ),
    ] = None,
    from_known: KnownAt = None,
    to_known: KnownAt = None,
) -> Response:
    """What differs between two instants (from, to), or between two states of knowledge."""
    before, after = _sides(as_of, (from_, to), (from_known, to_known))
    return shown(request, ledger.questions.changes_between(book, before, after))


Pair = tuple[str | None, str | None]


def _sides(as_of: AsOf, by_time: Pair, by_knowledge: Pair) -> tuple[AsOf, AsOf]:
    """The two moments of a difference: one pair is given, and given whole."""
    match (*by_time, *by_knowledge):
        case (str() as start, str() as end, None, None):
            if as_of.at is not None:
                raise BadRequest(422, "bad-question", "at is not asked beside from and to")
            return (
                AsOf(at=instant("from", start), known_at=as_of.known_at),
                AsOf(at=instant("to", end), known_at=as_of.known_at),
            )
        case (None, None, str() as start, str() as end):
            if as_of.known_at is not None:
                raise BadRequest(
                    422, "bad-question", "known_at is not asked beside from_known and to_known"
                )
            return (
                AsOf(at=as_of.at, known_at=known("from_known", start)),
                AsOf(at=as_of.at, known_at=known("to_known", end)),
            )
        case _:
            raise BadRequest(
                422,
                "bad-question",
                "give from and to, or from_known and to_known: one pair of them",
            )


@router.get("/portfolios/{book}/entries", response_model=answers.EntryList)
def entries(
    request: Request,
    book: Book,
    ledger: Ledger,
    limit: Limit,
    after: Annotated[int, Query(ge=0, le=2**53 - 1, description="An entry number.")] = 0,
    known_at: KnownAt = None,
    cursor: PageCursor = None,
) -> Response:
    """The book itself, in order."""
    answer = ledger.questions.entries(
        book,
        after=after,
        known_at=None if known_at is None else known("known_at", known_at),
        limit=limit,
        cursor=cursor,
    )
    return shown(request, answer)


@router.get("/portfolios/{book}/anomalies", response_model=answers.AnomalyList)
def anomalies(
    request: Request,
    book: Book,
    ledger: Ledger,
    limit: Limit,
    known_at: KnownAt = None,
    cursor: PageCursor = None,
) -> Response:
    """The entries of a book that have no effect, and why."""
    answer = ledger.questions.anomalies(
        book,
        known_at=None if known_at is None else known("known_at", known_at),
        limit=limit,
        cursor=cursor,
    )
    return shown(request, answer)
