"""The site of the pages: its routes, its errors, and what each of its answers tells the browser."""

from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.doors import EVERY_ROLE, OF_A_BOOK, door
from api.pages import (
    books,
    differences,
    entries,
    errors,
    matrix,
    offboarding,
    ownership,
    proving,
    search,
    timelines,
)
from api.pages.rendering import ROOT, STATIC, render
from api.pages.session import (
    COOKIE,
    Sessions,
    SignInFirst,
    forget,
    form_of,
    keep,
    knock,
    safe_next,
    sessions_of,
    signed_in,
)
from api.pages.showing import add_page
from api.problems import MEDIA_TYPE
from bootstrap import clock
from keys.key import NotAuthenticated

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FOR_EVER = "public, max-age=31536000, immutable"
Static = Literal["style.css", "pages.js", "matrix.js", "htmx.min.js", "icon.svg"]

open_router = APIRouter()


def create_site(state: Any) -> FastAPI:
    """The site, on the services in the state of the app that it is mounted in at ROOT."""
    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    site.state = state
    state.sessions = Sessions(clock.now)
    state.histories = matrix.Histories()
    state.checkpoint_line = (None, "")
    errors.install(site)
    site.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    site.add_middleware(Headers)
    site.include_router(open_router)
    session = Depends(signed_in)
    # The door to every book comes after the session that names the key.
    inside = APIRouter(dependencies=[session, door(*EVERY_ROLE)])
    inside.add_api_route("/", books.page, methods=["GET"])
    inside.add_api_route("/books.json", books.as_json, methods=["GET"])
    inside.add_api_route("/books.csv", books.as_csv, methods=["GET"])
    inside.add_api_route("/keys.txt", proving.keys, methods=["GET"])
    book = APIRouter(prefix="/{book}", dependencies=[session, door(*OF_A_BOOK)])
    add_page(book, "/matrix", matrix.show)
    book.add_api_route("/matrix/history.json", matrix.history, methods=["GET"])
    add_page(book, "/ownership", ownership.show)
    add_page(book, "/offboarding", offboarding.show_all)
    add_page(book, "/offboarding/{partner}", offboarding.show)
    add_page(book, "/differences", differences.show)
    add_page(book, "/search", search.show)
    add_page(book, "/assets/{type}/{id}/timeline", timelines.show_asset)
    add_page(book, "/partners/{partner}/timeline", timelines.show_partner)
    add_page(book, "/entries/{number}", entries.show)
    book.add_api_route("/evidence", proving.show, methods=["GET"])
    # A pack has its own line in the access log, as it has over the API.
    packs = APIRouter(prefix="/{book}", dependencies=[session, door(*OF_A_BOOK, noted=False)])
    packs.add_api_route("/evidence", proving.download, methods=["POST"])
    site.include_router(inside)
    site.include_router(book)
    site.include_router(packs)
    return site


async def first_page() -> Response:
    """From the address of the server to its pages."""
    return RedirectResponse(f"{ROOT}/", 303)


class FriendlyRefusals:
    """ASGI middleware around the whole app: what refuses a page before it is asked is one too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and put a problem document into a page."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(f"{ROOT}/") or errors.is_data(path):
            await self.app(scope, receive, send)
            return
        problem: MutableHeaders | None = None

        async def told(message: Message) -> None:
            nonlocal problem
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type") == MEDIA_TYPE:
                    problem = headers
                    return
            if problem is None:
                await send(message)
            else:  # which comes in one piece
                page = errors.as_page(Request(scope), problem, message["body"])
                await Headers(page)(scope, receive, send)

        await self.app(scope, receive, told)


class Headers:
    """ASGI middleware: the policy of the pages, and cookies of sessions that go on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the head of its answer."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                # Another key may see something else under the same address.
                if headers.get("Cache-Control") != FOR_EVER:
                    headers["Cache-Control"] = "private, no-store"
                    del headers["ETag"]
                successor = scope.get("state", {}).get("successor")
                if successor:
                    response = Response()
                    keep(Request(scope), response, successor)
                    headers.append("Set-Cookie", response.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, headed)


@open_router.get("/static/{name}")
def static(name: Static) -> FileResponse:
    """A shipped file; its address changes with its content."""
    return FileResponse(STATIC / name, headers={"Cache-Control": FOR_EVER})


open_router.add_api_route("/verify", proving.verify, methods=["GET"])


@open_router.get("/sign-in")
def sign_in_page(request: Request, next: str = "") -> Response:
    """The form that takes a key."""
    # Whoever was sent here in spite of a cookie had a session.
    ended = bool(next) and COOKIE in request.cookies
    return render(request, "sign-in.html", next=safe_next(next), why="", ended=ended)


@open_router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A session for a key."""
    form = await form_of(request)
    wanted, secret = safe_next(form.get("next", "")), form.get("key", "").strip()
    try:
        await knock(request, secret)
    except NotAuthenticated:
        why = (
            "This key opens nothing here. It may be mistyped, revoked or expired: paste the whole "
            "key, which begins with al_live_, or ask whoever manages the keys."
        )
        return render(request, "sign-in.html", status=401, next=wanted, why=why, ended=False)
    response = RedirectResponse(wanted, 303)
    keep(request, response, sessions_of(request).begun(secret))
    return response


@open_router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """The end of the session, here and wherever its cookie may be."""
    await form_of(request)
    response = RedirectResponse(f"{ROOT}/sign-in", 303)
    with suppress(SignInFirst):
        sessions_of(request).end(request.cookies.get(COOKIE, ""))
    forget(request, response)
    return response
