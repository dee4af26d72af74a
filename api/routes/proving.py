"""Proof over HTTP: the log as tiles, checkpoints and proofs, and packs for the other side."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError

from api.bodies import TOO_DEEP, body_of, decoded
from api.doors import EVERY_ROLE, OF_A_BOOK, door
from api.freshness import FOR_EVER
from api.packing import WantedPack, handed_out
from api.parameters import Book, Knocking, Ledger
from api.problems import BadRequest, documented, invalid
from api.routers import keyed_router
from api.routes.showing import shown
from bootstrap.services import Services
from domain.describing import describe
from evidence.entries import read_entry
from evidence.errors import VerificationError
from evidence.notes import to_base64
from evidence.tiles import parse_path
from evidence.tlog_proofs import LogProof
from keys.key import Key, Role
from ledger.self_check import last_check

router = keyed_router("proving")

OPEN = door(*EVERY_ROLE, noted=False)
"""What says nothing of any book: sizes, root hashes and keys."""
OWNERS = door(Role.RECORDER, Role.READER, Role.AUDITOR)
"""A partner has its proofs in packs."""

PLAIN = "text/plain; charset=utf-8"
IMMUTABLE = {"Cache-Control": FOR_EVER}


def _content(media_type: str, description: str) -> dict[int | str, dict[str, object]]:
    schema = {"type": "string"}
    if not media_type.startswith("text"):
        schema["format"] = "binary"
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


@router.get(
    "/log/checkpoint",
    dependencies=[OPEN],
    response_class=Response,
    responses={**_content("text/plain", "A signed note (C2SP tlog-checkpoint)"), **documented()},
)
def checkpoint(ledger: Ledger) -> Response:
    """A signed checkpoint over every entry."""
    return Response(ledger.log.seal().note, media_type=PLAIN)


@router.get(
    "/log/keys",
    dependencies=[OPEN],
    response_class=Response,
    responses={**_content("text/plain", "Verifier keys, one a line"), **documented()},
)
def keys(ledger: Ledger) -> Response:
    """The verifier keys, current and former. Whoever checks takes them from elsewhere."""
    return Response(ledger.log.keyring().public_text, media_type=PLAIN)


class SelfCheck(BaseModel):
    """When every entry was last hashed again and held to the log, and what was found."""

    checked_at: str | None = Field(json_schema_extra={"format": "date-time"})
    entries: int | None
    problem: str | None


@router.get(
    "/log/check",
    dependencies=[door(Role.AUDITOR)],
    response_model=SelfCheck,
    responses=documented(),
)
def self_check(request: Request, ledger: Ledger) -> Response:
    """The last self-check of the log, by the worker or by access-ledger verify; none yet: null."""
    found = last_check(ledger.database)
    told = SelfCheck(checked_at=None, entries=None, problem=None)
    if found:
        told = SelfCheck(checked_at=found.checked_at, entries=found.entries, problem=found.problem)
    return shown(request, told)


@router.get(
    "/log/tile/{path:path}",
    dependencies=[door(Role.AUDITOR)],
    response_class=Response,
    responses={
        **_content("application/octet-stream", "A tile of hashes or entries (C2SP tlog-tiles)"),
        **documented(404),
    },
)
def tile(
    ledger: Ledger,
    path: Annotated[
        str,
        Path(
            description="LEVEL/INDEX or entries/INDEX, with .p/WIDTH for a partial tile.",
            pattern=r"^(entries|[0-9]{1,2})/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?$",
            openapi_examples={"the first leaves": {"value": "0/000.p/3"}},
        ),
    ],
) -> Response:
    """A tile of the log."""
    try:
        wanted = parse_path(f"tile/{path}")
    except VerificationError as error:
        raise BadRequest(404, "no-such-tile", str(error)) from error
    data = ledger.log.tile(wanted)
    return Response(data, media_type="application/octet-stream", headers=IMMUTABLE)


class Inclusion(BaseModel):
    """That a leaf is in the tree of a size."""

    leaf: int
    size: int
    hashes: list[str] = Field(description="Base64, the leaf's sibling first (RFC 9162 2.1.3).")


class Consistency(BaseModel):
    """That the tree of one size begins with the tree of another."""

    from_size: int
    to_size: int
    hashes: list[str] = Field(description="Base64 (RFC 9162 2.1.4).")


Size = Annotated[
    int,
    Query(
        ge=1,
        le=2**53 - 1,
        description="The size of a tree.",
        openapi_examples={"a small one": {"value": 3}},
    ),
]
Leaf = Annotated[
    int,
    Query(
        ge=0,
        le=2**53 - 1,
        description="A leaf, from 0.",
        openapi_examples={"the first": {"value": 0}},
    ),
]


def _require_own(ledger: Services, key: Key, leaf: int) -> None:
    """Answer for a leaf of another book as for one that is not there."""
    if key.role is Role.AUDITOR:
        return
    stored = ledger.log.leaves(leaf, 1) if leaf < ledger.log.size() else ()
    if not any(key.may_read(read_entry(bytes(state)).book) for state in stored):
        raise BadRequest(
            404,
            "no-such-proof",
            f"there is no leaf {leaf} of a book of this key; a pack brings the proofs of its "
            "entries along",
        )


@router.get(
    "/log/inclusion",
    dependencies=[OWNERS],
    response_model=Inclusion,
    responses=documented(404),
)
def inclusion(
    request: Request, ledger: Ledger, knocking: Knocking, leaf: Leaf, size: Size
) -> Response:
    """The proof that an entry is in the log; of the key's books alone, but for auditors."""
    ledger.log.extend()
    _require_own(ledger, knocking, leaf)
    try:
        hashes = ledger.log.inclusion_of_leaf(leaf, size)
    except ValueError as error:
        raise BadRequest(404, "no-such-proof", str(error)) from error
    return shown(request, Inclusion(leaf=leaf, size=size, hashes=[to_base64(h) for h in hashes]))


@router.get(
    "/log/consistency",
    dependencies=[OPEN],
    response_model=Consistency,
    responses=documented(404),
)
def consistency(request: Request, ledger: Ledger, from_size: Size, to_size: Size) -> Response:
    """The proof that the log only grew between two checkpoints."""
    ledger.log.extend()
    try:
        hashes = ledger.log.consistency(from_size, to_size)
    except ValueError as error:
        raise BadRequest(404, "no-such-proof", str(error)) from error
    told = [to_base64(value) for value in hashes]
    return shown(request, Consistency(from_size=from_size, to_size=to_size, hashes=told))


@router.get(
    "/log/proof/{leaf}",
    dependencies=[OWNERS],
    response_class=Response,
    responses={**_content("text/plain", "A log proof (C2SP tlog-proof)"), **documented(404)},
)
def log_proof(
    ledger: Ledger,
    knocking: Knocking,
    leaf: Annotated[
        int,
        Path(ge=0, le=2**53 - 1, description="A leaf.", openapi_examples={"a": {"value": 0}}),
    ],
) -> Response:
    """The proof that an entry is in the log, as a text to be checked offline."""
    sealed = ledger.log.seal()
    _require_own(ledger, knocking, leaf)
    try:
        hashes = ledger.log.inclusion_of_leaf(leaf, sealed.checkpoint.size)
    except ValueError as error:
        raise BadRequest(404, "no-such-proof", str(error)) from error
    return Response(bytes(LogProof(leaf, tuple(hashes), sealed.note)), media_type=PLAIN)


_PACK_EXAMPLE = {"kind": "who", "asset": {"type": "page", "id": "104857600219483"}}


def wanted_in(body: bytes) -> WantedPack:
    """The question in a body as it came, or 400, or 422 with what is wrong."""
    try:
        return WantedPack.model_validate(decoded(body))
    except RecursionError as error:
        raise BadRequest(400, "not-json", TOO_DEEP) from error
    except ValidationError as error:
        raise invalid(describe(error, of="question")) from error


@router.post(
    "/portfolios/{book}/evidence",
    dependencies=[door(*OF_A_BOOK, noted=False)],
    response_class=Response,
    responses={**_content("application/zip", "A pack"), **documented(400, 404, 408, 413, 415)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/WantedPack"},
                    "example": _PACK_EXAMPLE,
                }
            },
        }
    },
)
async def pack(request: Request, book: Book) -> Response:
    """An answer with everything that proves it, to be checked by anybody; each is noted."""
    return await handed_out(request, book, wanted_in(await body_of(request)))
