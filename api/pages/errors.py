"""Errors of the pages: what stands in the way and what to do next; the question stays."""

from dataclasses import dataclass
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from api.callers import is_local
from api.figures import FAILED_VERIFICATIONS
from api.pages.asking import query
from api.pages.rendering import ROOT, here, render
from api.pages.session import Elsewhere, SignInFirst, sign_in_address
from api.problems import DAMAGED, NO_SIGNING_KEYS, BadRequest, problem
from evidence.errors import VerificationError
from keys.key import NotAllowed, Role
from ledger.keyring import KeysMissing, KeysUnreadable
from ledger.store_errors import StoreError
from ledger.stored_bytes import UnreadableEntry
from projections.moments import BadQuestion, UnknownBook, UnknownPartner
from projections.packing import PackDiffers

STATUSES: dict[type[Exception], tuple[int, str, str]] = {
    UnknownBook: (404, "unknown-book", "There is no such book"),
    UnknownPartner: (404, "unknown-partner", "There is no such partner"),
    BadQuestion: (422, "bad-question", "This cannot be asked"),
    NotAllowed: (403, "not-allowed", "The key is not for this"),
    StoreError: (503, "store-unavailable", "The ledger does not answer just now"),
    KeysMissing: (503, "no-signing-keys", "This ledger cannot sign"),
    KeysUnreadable: (503, "no-signing-keys", "This ledger cannot sign"),
    VerificationError: (500, "ledger-damaged", "The ledger is damaged"),
    UnreadableEntry: (500, "ledger-damaged", "The ledger is damaged"),
    PackDiffers: (500, "ledger-damaged", "The ledger is damaged"),
}
EXPECTED: tuple[type[Exception], ...] = (BadRequest, *STATUSES)
"""What a page can say of an error; any other is one in the program."""


@dataclass(frozen=True, slots=True)
class Told:
    """An error in words, with its status."""

    status: int
    code: str
    title: str
    why: str


def explained(request: Request, error: Exception) -> Told:
    """What stands in the way, as much of it as is the caller's concern: as the API says it."""
    if isinstance(error, BadRequest):
        return Told(error.status, error.code, "This cannot be asked", str(error))
    status, code, title = next(told for kind, told in STATUSES.items() if isinstance(error, kind))
    why = str(error)
    if isinstance(error, StoreError) and not is_local(request):
        why = error.to_others
    elif code == "no-signing-keys" and not is_local(request):
        why = NO_SIGNING_KEYS
    elif code == "ledger-damaged":
        FAILED_VERIFICATIONS.inc()
        key = getattr(request.state, "key", None)
        why = why if key and key.role is Role.AUDITOR else DAMAGED
    return Told(status, code, title, why)


def install(site: FastAPI) -> None:
    """Have every error of the site answered with a page, or beside a page as the API does."""
    for kind in EXPECTED:
        site.add_exception_handler(kind, _known)

    @site.exception_handler(RequestValidationError)
    def _invalid(request: Request, _: RequestValidationError) -> Response:
        return _nothing_here(request)

    @site.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code != 405:  # noqa: PLR2004 - what a page is not asked with
            return _nothing_here(request)
        why = f"A page is not asked with {request.method}; see the Allow header."
        answer = _told(request, Told(405, "method", "This cannot be done here", why))
        answer.headers.update(error.headers or {})
        return answer

    @site.exception_handler(SignInFirst)
    def _sign_in_first(request: Request, _: SignInFirst) -> Response:
        if is_data(request.scope["path"]):
            why = "sign in at /pages/sign-in, or send a key to the API under /v1"
            return problem(401, "no-key", why)
        return RedirectResponse(sign_in_address(request), 303)

    @site.exception_handler(Elsewhere)
    def _elsewhere(request: Request, _: Elsewhere) -> Response:
        return render(request, "elsewhere.html", here=here(request))

    @site.exception_handler(Exception)
    def _failed(request: Request, _: Exception) -> Response:
        why = "An error in the program; nothing was changed. See the server's log, and try again."
        return _told(request, Told(500, "failed", "The server failed", why))


def _known(request: Request, error: Exception) -> Response:
    return _told(request, explained(request, error))


def _nothing_here(request: Request) -> Response:
    why = f"There is no page at {request.url.path}; the books are at {ROOT}/."
    return _told(request, Told(404, "not-found", "There is no such page", why))


def as_page(request: Request, headers: Headers, document: bytes) -> Response:
    """A problem document as a page, with what its headers say beside its content."""
    told = orjson.loads(document)
    code = told["type"].removeprefix("/problems/")
    page = page_of(request, Told(told["status"], code, told["title"], told["detail"]))
    kept = {name: value for name, value in headers.items() if not name.startswith("content-")}
    page.headers.update(kept)
    return page


def _told(request: Request, told: Told) -> Response:
    if is_data(request.scope["path"]):
        return problem(told.status, told.code, told.why)
    return page_of(request, told)


def page_of(request: Request, told: Told) -> Response:
    """An error as a page that keeps the question."""
    kept = request.query_params
    at, known_at = kept.get("at", ""), kept.get("known_at", "")
    path = quote(request.scope["path"])
    return render(
        request,
        "error.html",
        status=told.status,
        title=told.title,
        why=told.why,
        book=request.path_params.get("book"),
        code=told.code,
        path=path,
        here=here(request),
        whole=f"{path}{query(at=at, known_at=known_at)}",
        is_form=request.method == "POST",
        clocks_form="two_clocks.html" if path.endswith("/differences") else "clocks.html",
        at=at,
        known_at=known_at,
        kept={name: value for name, value in kept.items() if name not in {"at", "known_at"}},
    )


def is_data(path: str) -> bool:
    """Whether an address is that of a twin, which is for programs."""
    return path.endswith((".json", ".csv"))
