"""Problem documents (RFC 9457), and which status each error becomes."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.callers import is_local
from api.figures import FAILED_VERIFICATIONS, REFUSALS
from domain.refusals import BookMovedOn, KeyInProgress, KeyReused, Refused
from evidence.errors import VerificationError
from keys.key import (
    BadKey,
    KeyEnded,
    KeyRefused,
    NameTaken,
    NoSuchKey,
    NotAllowed,
    NotAuthenticated,
    Role,
)
from ledger.deadline import TookTooLong
from ledger.keyring import KeysMissing, KeysUnreadable
from ledger.log import NoSuchTile
from ledger.store_errors import StoreError
from ledger.stored_bytes import UnreadableEntry
from projections.moments import BadQuestion, UnknownBook, UnknownPartner
from projections.packing import PackDiffers

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
STATUS_OF: dict[type[Refused], int] = {KeyReused: 422, BookMovedOn: 412}
"""Other refusals are 409."""
OF_KEYS: dict[type[KeyRefused], tuple[int, str]] = {
    BadKey: (422, "bad-key"),
    NameTaken: (409, "name-taken"),
    NoSuchKey: (404, "no-such-key"),
    KeyEnded: (409, "key-ended"),
}

NO_SIGNING_KEYS = (
    "the signing keys of this ledger are missing or cannot be used; whoever operates it checks "
    "ACCESS_LEDGER_LOG_KEY_FILE, and asks /readyz on the server's own machine"
)
DAMAGED = (
    "an entry, the tree or a checkpoint is not as it was sealed, or a newer version wrote it; "
    "whoever operates the ledger runs access-ledger verify, which names it"
)
"""Where it is may be a book of others."""


class Problem(BaseModel):
    """What was asked, what stands in the way, what to do next."""

    type: str = Field(examples=["/problems/not-a-partner"])
    title: str = Field(examples=["The append was refused"])
    status: int = Field(examples=[409])
    detail: str
    fact_id: str | None = Field(default=None, description="The fact that was refused.")
    errors: list[str] | None = Field(default=None, description="One sentence for each error.")


class BadRequest(Exception):
    """A request that cannot be taken, with its status."""

    def __init__(
        self, status: int, code: str, detail: str, *, errors: list[str] | None = None
    ) -> None:
        self.status, self.code, self.errors = status, code, errors
        super().__init__(detail)


def invalid(errors: list[str]) -> BadRequest:
    """422, with one sentence for each thing that is wrong with what the caller sent."""
    return BadRequest(422, "invalid", "; ".join(errors), errors=errors)


TITLES = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "The key is not for this",
    404: "There is no such thing",
    408: "The body did not arrive in time",
    405: "The method is not allowed here",
    409: "The request was refused",
    412: "The book has moved on",
    413: "The body is too large",
    415: "The body has another type",
    422: "The request cannot be understood",
    429: "Too many requests",
    431: "The address and headers are too large",
    500: "The server failed",
    503: "The server cannot answer now",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """The response that carries a problem document."""
    document = Problem(
        type=f"/problems/{code}", title=TITLES[status], status=status, detail=detail, **more
    )
    return Response(
        document.model_dump_json(exclude_none=True),
        status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def too_slow(error: TookTooLong) -> Response:
    """The answer to a request whose time is up."""
    return problem(503, "too-slow", str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route that takes a key, for the OpenAPI document."""
    return documented_open(*statuses, 401, 403)


def documented_open(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route that is open to all."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: schema}}
        for status in (*statuses, 422, 429, 431, 500, 503)
    }


def unforeseen() -> Response:
    """500 for an error in the program; the log has the place, under the answer's X-Request-Id."""
    detail = "an error in the program; see the server's log, where the X-Request-Id names its lines"
    return problem(500, "failed", detail)


def install(app: FastAPI) -> None:
    """Have every error of the app answered with a problem document."""

    @app.exception_handler(Refused)
    def _refused(_: Request, error: Refused) -> Response:
        REFUSALS.labels(error.code).inc()
        status = STATUS_OF.get(type(error), 409)
        headers = {"Retry-After": "1"} if isinstance(error, KeyInProgress) else None
        return problem(status, error.code, str(error), headers=headers, fact_id=error.fact_id)

    @app.exception_handler(NotAuthenticated)
    def _not_authenticated(_: Request, error: NotAuthenticated) -> Response:
        return problem(401, "no-key", str(error), headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(NotAllowed)
    def _not_allowed(_: Request, error: NotAllowed) -> Response:
        return problem(403, "not-allowed", str(error))

    @app.exception_handler(KeyRefused)
    def _key_refused(_: Request, error: KeyRefused) -> Response:
        status, code = OF_KEYS[type(error)]
        return problem(status, code, str(error))

    @app.exception_handler(BadRequest)
    def _bad_request(_: Request, error: BadRequest) -> Response:
        return problem(error.status, error.code, str(error), errors=error.errors)

    @app.exception_handler(UnknownBook)
    def _unknown(_: Request, error: UnknownBook) -> Response:
        return problem(404, "unknown-book", str(error))

    @app.exception_handler(UnknownPartner)
    def _unknown_partner(_: Request, error: UnknownPartner) -> Response:
        return problem(404, "unknown-partner", str(error))

    @app.exception_handler(BadQuestion)
    def _bad_question(_: Request, error: BadQuestion) -> Response:
        return problem(422, "bad-question", str(error))

    @app.exception_handler(StoreError)
    def _store(request: Request, error: StoreError) -> Response:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        told = str(error) if is_local(request) else error.to_others
        return problem(503, "store-unavailable", told, headers=headers)

    @app.exception_handler(TookTooLong)
    def _too_slow(_: Request, error: TookTooLong) -> Response:
        return too_slow(error)

    @app.exception_handler(KeysMissing)
    @app.exception_handler(KeysUnreadable)
    def _keys(request: Request, error: Exception) -> Response:
        return problem(503, "no-signing-keys", str(error) if is_local(request) else NO_SIGNING_KEYS)

    @app.exception_handler(VerificationError)
    @app.exception_handler(UnreadableEntry)
    @app.exception_handler(PackDiffers)
    def _damaged(request: Request, error: Exception) -> Response:
        FAILED_VERIFICATIONS.inc()
        sees_all = getattr(request.state, "key", None) and request.state.key.role is Role.AUDITOR
        return problem(500, "ledger-damaged", str(error) if sees_all else DAMAGED)

    @app.exception_handler(NoSuchTile)
    def _no_tile(_: Request, error: NoSuchTile) -> Response:
        return problem(404, "no-such-tile", str(error))

    @app.exception_handler(RequestValidationError)
    def _invalid_request(_: Request, error: RequestValidationError) -> Response:
        errors = [f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors()]
        return problem(422, "invalid", "; ".join(errors), errors=errors)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:  # noqa: PLR2004
            detail = f"{request.method} is not possible on {request.url.path}; see the Allow header"
            return problem(405, "method", detail, headers=dict(error.headers or {}))
        if error.status_code == 400:  # noqa: PLR2004
            return problem(400, "not-json", f"the body cannot be read: {error.detail}")
        detail = f"there is nothing at {request.url.path}; the addresses are in /openapi.json"
        return problem(404, "not-found", detail)
