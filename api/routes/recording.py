"""Recording: one fact, or an array that is judged and written as a whole."""

from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.bodies import TOO_DEEP, body_of, decoded
from api.doors import door
from api.parameters import Book, Knocking, Ledger, settings_of
from api.preconditions import (
    IdempotencyKeyHeader,
    IfMatchHeader,
    idempotency_key_of,
    wanted_newest,
)
from api.problems import BadRequest, documented, invalid
from api.routers import keyed_router
from api.routes.showing import shown
from domain.describing import describe
from domain.facts import MAX_FACTS_IN_APPEND, Fact, book_of, parse_fact
from domain.values import Instant
from keys.key import Role
from ledger.book import Receipt
from ledger.idempotency import IdempotencyKey
from projections.answers import KnownAt

router = keyed_router("recording", door(Role.RECORDER))

EXAMPLE = {
    "fact": "partner-added",
    "id": "2026-001",
    "owner": "506914307656634",
    "partner": "563920174410288",
    "partner_name": "Fern & Fable Media",
    "effective_at": "2026-03-02T09:30:00Z",
}


REPLAYED = "Idempotency-Replayed"
REPLAYED_HEADER = {
    REPLAYED: {
        "description": "true where the Idempotency-Key brought back what an earlier request did.",
        "schema": {"const": "true", "type": "string"},
    }
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


def parsed(fields: Any) -> Fact:
    """The fact that a JSON value states, or 422."""
    try:
        return parse_fact(fields)
    except ValidationError as error:
        errors = [NO_ID if text == "id is missing" else text for text in describe(error)]
        raise invalid(errors) from error


def facts_in(value: Any, book: str, key: IdempotencyKey | None, most: int) -> list[Fact]:
    """The facts of a body for a book; the key names those that have no id of their own."""
    stated = value if isinstance(value, list) else [value]
    if not 1 <= len(stated) <= most:
        raise BadRequest(
            422,
            "bad-array",
            f"an array of {len(stated)} facts; an append holds 1 to {most} "
            "(ACCESS_LEDGER_MAX_FACTS), so send them in parts",
        )
    facts = []
    for nth, fields in enumerate(stated, start=1):
        if isinstance(fields, dict):
            fields = dict(fields)  # noqa: PLW2901 - the caller's is left as it came
            fields.setdefault("book", book)
            if key is not None:
                fields.setdefault("id", key.fact_id(nth))
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


def facts_of(body: bytes, book: str, key: IdempotencyKey | None, most: int) -> list[Fact]:
    """The facts of a body as it came; what nests deeper than Python can follow is 400."""
    try:
        return facts_in(decoded(body), book, key, most)
    except RecursionError as error:
        raise BadRequest(400, "not-json", TOO_DEEP) from error


@router.post(
    "/portfolios/{book}/facts",
    response_model=Recorded,
    status_code=201,
    responses={
        200: {
            "model": Recorded,
            "description": "All facts had been recorded before",
            "headers": REPLAYED_HEADER,
        },
        **documented(400, 404, 408, 409, 412, 413, 415),
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
    _idempotency_key: IdempotencyKeyHeader = None,
    _if_match: IfMatchHeader = None,
) -> Response:
    """Record one fact, or an array of facts that is written or refused as a whole."""
    key, only_after = idempotency_key_of(request), wanted_newest(request)
    body = await body_of(request)
    most = settings_of(request).max_facts

    def handle() -> Receipt:
        facts = facts_of(body, book, key, most)
        return ledger.books.handle(
            book, facts, recorded_by=knocking.name, key=key, only_after=only_after
        )

    receipt = await run_in_threadpool(handle)
    fresh = any(fact.status == "written" for fact in receipt.facts)
    response = shown(request, _recorded(receipt), status=201 if fresh else 200)
    if receipt.replayed:
        response.headers[REPLAYED] = "true"
    return response


def _recorded(receipt: Receipt) -> Recorded:
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
        known_at=KnownAt(entry=receipt.outcome.newest, recorded_at=receipt.outcome.recorded_at),
    )
