"""Errors of the pages: what stands in the way and what to do next; the question stays."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from api.callers import is_local
from api.pages.rendering import ROOT, render
from api.pages.session import Elsewhere, SignInFirst, sign_in_address
from api.problems import BadRequest, problem
from keys.key import NotAllowed
from ledger.store_errors import StoreError
from projections.moments import BadQuestion, UnknownBook, UnknownPartner

STATUSES: dict[type[Exception], tuple[int, str, str]] = {
    UnknownBook: (404, "unknown-book", "There is no such book"),
    UnknownPartner: (404, "unknown-partner", "There is no such partner"),
    BadQuestion: (422, "bad-question", "This cannot be asked"),
    NotAllowed: (403, "not-allowed", "The key is not for this"),
    StoreError: (503, "store-unavailable", "The ledger does not answer just now"),
}


def install(site: FastAPI) -> None:
    """Have every error of the site answered with a page, or beside a page as the API does."""
    for kind in STATUSES:
        site.add_exception_handler(kind, _known)

    @site.exception_handler(BadRequest)
    def _bad_request(request: Request, error: BadRequest) -> Response:
        return _told(request, error.status, error.code, "This cannot be asked", str(error))

    @site.exception_handler(RequestValidationError)
    def _invalid(request: Request, _: RequestValidationError) -> Response:
        return _nothing_here(request)

    @site.exception_handler(HTTPException)
    def _http(request: Request, _: HTTPException) -> Response:
        return _nothing_here(request)

    @site.exception_handler(SignInFirst)
    def _sign_in_first(request: Request, _: SignInFirst) -> Response:
        if _is_data(request):
            why = "sign in at /pages/sign-in, or send a key to the API under /v1"
            return problem(401, "no-key", why)
        return RedirectResponse(sign_in_address(request), 303)

    @site.exception_handler(Elsewhere)
    def _elsewhere(request: Request, _: Elsewhere) -> Response:
        return render(request, "elsewhere.html", here=_here(request))

    @site.exception_handler(Exception)
    def _failed(request: Request, _: Exception) -> Response:
        why = "An error in the program; nothing was changed. See the server's log, and try again."
        return _told(request, 500, "failed", "The server failed", why)


def _known(request: Request, error: Exception) -> Response:
    kind = next(kind for kind in STATUSES if isinstance(error, kind))
    hidden = isinstance(error, StoreError) and not is_local(request)
    return _told(request, *STATUSES[kind], error.to_others if hidden else str(error))


def _nothing_here(request: Request) -> Response:
    why = f"There is no page at {request.url.path}; the books are at {ROOT}/."
    return _told(request, 404, "not-found", "There is no such page", why)


def _told(request: Request, status: int, code: str, title: str, why: str) -> Response:
    if _is_data(request):
        return problem(status, code, why)
    kept = request.query_params
    return render(
        request,
        "error.html",
        status=status,
        title=title,
        why=why,
        book=request.path_params.get("book") if status == 422 else None,  # noqa: PLR2004
        path=request.url.path,
        at=kept.get("at", ""),
        known_at=kept.get("known_at", ""),
        kept={name: value for name, value in kept.items() if name not in {"at", "known_at"}},
    )


def _is_data(request: Request) -> bool:
    return request.url.path.endswith((".json", ".csv"))


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
