"""Recording: one fact, or an array that is judged and written as a whole."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.bodies import TOO_DEEP, body_of, decoded
from api.doors import door
from api.parameters import Book, Knocking, Ledger, only_known
from api.problems import BadRequest, documented, invalid
from api.routes.showing import shown
from domain.describing import describe
from domain.facts import MAX_FACTS_IN_APPEND, Fact, book_of, parse_fact
from domain.state import BookState
from domain.values import Instant
from keys.key import Role
from ledger.book import Receipt
from projections.answers import KnownAt

router = APIRouter(dependencies=[Depends(only_known), door(Role.RECORDER)])

EXAMPLE = {
    "fact": "partner-added",
    "id": "2026-001",
    "owner": "506914307656634",
    "partner": "563920174410288",
    "partner_name": "Fern & Fable Media",
    "effective_at": "2026-03-02T09:30:00Z",
}


NO_ID = (
    "id is missing; give the fact an id of its own, unique in its book, "
    "or send an Idempotency-Key to stand in for it"
)


class RecordedFact(BaseModel):
    """A fact and the entry that holds it."""

    id: str
    status: Literal["written", "already"]
    entry: int
    position: int
    recorded_at: Instant


class Recorded(BaseModel):
    """What became of an append."""

    book: str
    facts: list[RecordedFact]
    lost: tuple[int, ...] = Field(description="Entries that had effect and no longer have.")
    gained: tuple[int, ...] = Field(description="Earlier entries that now have effect.")
    known_at: KnownAt = Field(description="The newest entry of the book once this was recorded.")


def key_of(header: str | None) -> str | None:
    """The Idempotency-Key: a structured string in quotes, or a bare one."""
    if header is None:
        return None
    text = header[1:-1] if re.fullmatch(r'"[^"]*"', header) else header
    if not re.fullmatch(r"[!-~]{1,190}", text):
        raise BadRequest(
            422,
            "bad-idempotency-key",
            "Idempotency-Key: give 1 to 190 printable ASCII characters without spaces",
        )
    return text


def parsed(fields: Any) -> Fact:
    """The fact that a JSON value states, or 422."""
    try:
        return parse_fact(fields)
    except ValidationError as error:
        errors = [NO_ID if text == "id is missing" else text for text in describe(error)]
        raise invalid(errors) from error


def facts_in(value: Any, book: str, key: str | None) -> list[Fact]:
    """The facts of a body for a book; the key names those that have no id of their own."""
    many = isinstance(value, list)
    stated = value if many else [value]
    if not 1 <= len(stated) <= MAX_FACTS_IN_APPEND:
        raise BadRequest(
            422,
            "bad-array",
            f"an array of {len(stated)} facts; an append holds 1 to {MAX_FACTS_IN_APPEND}",
        )
    facts = []
    for nth, fields in enumerate(stated, start=1):
        if isinstance(fields, dict):
            fields = dict(fields)  # noqa: PLW2901 - the caller's is left as it came
            fields.setdefault("book", book)
            if key is not None:
                fields.setdefault("id", f"{key}:{nth}" if many else key)
        fact = parsed(fields)
        if book_of(fact) != book:
            raise BadRequest(
                422,
                "another-book",
                f"fact {fact.id} names book {book_of(fact)}, the address names {book}; "
                "send it to its own book, or leave book out",
            )
        facts.append(fact)
    return facts


def facts_of(body: bytes, book: str, key: str | None) -> list[Fact]:
    """The facts of a body as it came; what nests deeper than Python can follow is 400."""
    try:
        return facts_in(decoded(body), book, key)
    except RecursionError as error:
        raise BadRequest(400, "not-json", TOO_DEEP) from error


@router.post(
    "/portfolios/{book}/facts",
    response_model=Recorded,
    status_code=201,
    responses={
        200: {"model": Recorded, "description": "All facts had been recorded before"},
        **documented(400, 404, 409, 413, 415),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/Fact"},
                            {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/Fact"},
                                "minItems": 1,
                                "maxItems": MAX_FACTS_IN_APPEND,
                            },
                        ]
                    },
                    "example": EXAMPLE,
                }
            },
        }
    },
)
async def record_facts(
    request: Request,
    book: Book,
    ledger: Ledger,
    knocking: Knocking,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Stands in for the id of facts that have none: itself for one fact, "
            "KEY:1, KEY:2 ... by their place in an array.",
            openapi_examples={"a key": {"value": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}},
        ),
    ] = None,
) -> Response:
    """Record one fact, or an array of facts that is written or refused as a whole."""
    body = await body_of(request)
    key = key_of(idempotency_key)

    def handle() -> Recorded:
        facts = facts_of(body, book, key)
        with ledger.books.locked(book):  # so that known_at is where these facts left the book
            receipt = ledger.books.handle(book, facts, recorded_by=knocking.name)
            return _recorded(receipt, ledger.books.state(book))

    recorded = await run_in_threadpool(handle)
    fresh = any(fact.status == "written" for fact in recorded.facts)
    return shown(request, recorded, status=201 if fresh else 200)


def _recorded(receipt: Receipt, state: BookState) -> Recorded:
    facts = [
        RecordedFact(
            id=taken.fact_id,
            status=taken.status,
            entry=taken.written.entry.number,
            position=taken.written.position,
            recorded_at=taken.written.entry.recorded_at,
        )
        for taken in receipt.facts
    ]
    return Recorded(
        book=receipt.book,
        facts=facts,
        lost=receipt.lost,
        gained=receipt.gained,
        known_at=KnownAt(entry=state.newest, recorded_at=state.newest_recorded_at),
    )
