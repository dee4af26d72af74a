"""Handing out packs: the question that a pack answers, noted before it is answered."""

from typing import Literal

from fastapi import Request, Response
from pydantic import BaseModel, Field, StrictInt, StrictStr
from starlette.concurrency import run_in_threadpool

from api.doors import note, partner_of
from api.parameters import instant, known
from api.problems import BadRequest
from bootstrap.services import Services
from domain.values import AssetKey, PortfolioId
from evidence.errors import VerificationError
from evidence.notes import MAX_NOTE_BYTES
from ledger.checkpoints import LogDamaged, Sealed, held_checkpoint
from projections.moments import AsOf
from projections.packing import Wanted


class Span(BaseModel, extra="forbid"):
    """A half-open period of two RFC 3339 times."""

    from_: str = Field(alias="from", json_schema_extra={"format": "date-time"})
    to: str = Field(json_schema_extra={"format": "date-time"})


class WantedPack(BaseModel, extra="forbid"):
    """The question that a pack answers."""

    kind: Literal[
        "who", "owner", "what", "line", "matrix", "offboard", "asset-timeline", "partner-timeline"
    ]
    asset: AssetKey | None = None
    partner: PortfolioId | None = None
    at: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    known_at: StrictInt | StrictStr | None = Field(
        default=None, description="An entry number or an instant."
    )
    during: Span | None = None
    since: str | None = Field(
        default=None,
        max_length=MAX_NOTE_BYTES,
        description="A checkpoint that the other side holds.",
    )


async def handed_out(request: Request, book: str, wanted: WantedPack) -> Response:
    """The pack, as a file; that it was asked for is in the access log before it is made."""
    services: Services = request.app.state.services
    asked = wanted.model_dump_json(by_alias=True, exclude_none=True, exclude={"since"})
    await note(request, "packed", book, asked)
    data = await run_in_threadpool(_packed, services, book, wanted, partner_of(request))
    name = f"{wanted.kind}-{book}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/zip", headers=headers)


def _packed(services: Services, book: str, wanted: WantedPack, seen_by: str | None) -> bytes:
    known_at, during = wanted.known_at, wanted.during
    asked = Wanted(
        kind=wanted.kind,
        book=book,
        asset=wanted.asset.key if wanted.asset else None,
        partner=wanted.partner,
        as_of=AsOf(
            at=None if wanted.at is None else instant("at", wanted.at),
            known_at=known("known_at", known_at) if isinstance(known_at, str) else known_at,
        ),
        during=(instant("during", during.from_), instant("during", during.to)) if during else None,
    )
    return services.packer.pack(asked, since=_held(services, wanted.since), seen_by=seen_by)


def _held(services: Services, note: str | None) -> Sealed | None:
    """The checkpoint that the other side holds, or 422 where it is not one of this log."""
    if note is None:
        return None
    try:
        return held_checkpoint(note.encode("utf-8", "surrogatepass"), services.log.keyring())
    except LogDamaged:
        raise
    except VerificationError as error:
        raise BadRequest(422, "bad-checkpoint", f"since: {error}") from error
