"""The table of doors: every route, who may go through it, and what is asked of it there.

A new route, or a new page, wants a row here, or test_roles fails.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from keys.key import Role

BOOKS = {"a": "500000000000001", "b": "500000000000002"}
NO_BOOK = "500000000000009"
PARTNERS = {"one": "600000000000001", "two": "600000000000002"}
PAGES = {"one": "700000000000001", "two": "700000000000002", "both": "700000000000003"}
NO_PAGE = "700000000000009"


@dataclass(frozen=True)
class Target:
    """What a request is about."""

    book: str
    partner: str = PARTNERS["one"]
    page: str = PAGES["one"]
    entry: int = 1
    leaf: int = 0
    key: str = ""
    """A key that may be changed."""
    name: str = ""
    """A name, or an id, that is free."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a route is asked, and whom it answers."""

    ask: Callable[[Target], str]
    roles: tuple[Role, ...] = ()
    body: Callable[[Target], Any] = lambda _: None
    status: int = 200
    open: bool = False
    """It takes no key."""
    session: bool = False
    """A page: its key is in a session."""
    of: Literal["book", "leaf", "ledger"] = "ledger"
    """Whose it is: that of the book in the address, of the leaf's book, or of nobody."""
    strangers: int | None = None
    """What a partner is answered about another partner, where the route is about one."""
    pages: bool = False
    """A list in pages."""
    changes_key: bool = False
    """It is about a key, which is another one afterwards."""


ADMIN = (Role.ADMIN,)
AUDITOR = (Role.AUDITOR,)
READERS = (Role.RECORDER, Role.READER, Role.PARTNER, Role.AUDITOR)
OWNERS = (Role.RECORDER, Role.READER, Role.AUDITOR)
ALL = tuple(Role)


def _book(path: str, **more: Any) -> Row:
    """A question about a book; `path` has the fields of a target."""
    return Row(
        ask=lambda t: f"/v1/portfolios/{t.book}/{path}".format(t=t),
        roles=READERS,
        of="book",
        **more,
    )


def _pages(path: str, **more: Any) -> dict[str, Row]:
    """A page about a book, with its twins; `path` has the fields of a target."""
    route = re.sub(r"\{t\.(\w+)\}", lambda m: f"{{{ROUTE_NAMES[m[1]]}}}", path)
    route = route.replace("assets/page/", "assets/{type}/")
    return {
        f"GET /pages/{{book}}/{route}{twin}": Row(
            ask=lambda t, twin=twin: f"/pages/{t.book}/{path}{twin}".format(t=t),  # type: ignore[misc]
            roles=READERS,
            of="book",
            session=True,
            **more,
        )
        for twin in ("", ".json", ".csv")
    }


def _evidence(**more: Any) -> Row:
    """The form for a pack about a partner, and what it is sent to."""
    return Row(
        ask=lambda t: f"/pages/{t.book}/evidence?of=partner&partner={t.partner}",
        roles=READERS,
        of="book",
        session=True,
        **more,
    )


def _fact(target: Target) -> dict[str, str]:
    return {
        "fact": "partner-added",
        "id": target.name,
        "owner": target.book,
        "partner": f"8{abs(hash(target.name)) % 10**14:014}",
    }


ROUTE_NAMES = {"page": "id", "partner": "partner", "entry": "number"}
ASSET = "assets/page/{t.page}"
PARTNER = "partners/{t.partner}"
WHAT = {"kind": "what", "partner": PARTNERS["one"]}

ROWS: dict[str, Row] = {
    "GET /": Row(ask=lambda _: "/", open=True, status=303),
    "GET /livez": Row(ask=lambda _: "/livez", open=True),
    "GET /readyz": Row(ask=lambda _: "/readyz", open=True),
    "GET /metrics": Row(ask=lambda _: "/metrics", open=True),
    "GET /docs": Row(ask=lambda _: "/docs", open=True),
    "GET /docs/{name}": Row(ask=lambda _: "/docs/swagger-ui.css", open=True),
    "GET /openapi.json": Row(ask=lambda _: "/openapi.json", open=True),
    "HEAD /openapi.json": Row(ask=lambda _: "/openapi.json", open=True),
    "POST /v1/portfolios/{book}/facts": Row(
        ask=lambda t: f"/v1/portfolios/{t.book}/facts",
        roles=(Role.RECORDER,),
        body=_fact,
        status=201,
        of="book",
    ),
    "GET /v1/portfolios": Row(ask=lambda _: "/v1/portfolios", roles=READERS),
    "GET /v1/portfolios/{book}/assets/{type}/{id}/access": _book(ASSET + "/access", strangers=200),
    "GET /v1/portfolios/{book}/assets/{type}/{id}/owner": _book(ASSET + "/owner", strangers=200),
    "GET /v1/portfolios/{book}/assets/{type}/{id}/timeline": _book(
        ASSET + "/timeline", strangers=200
    ),
    "GET /v1/portfolios/{book}/partners": _book("partners", pages=True),
    "GET /v1/portfolios/{book}/partners/{partner}/access": _book(
        PARTNER + "/access", strangers=404
    ),
    "GET /v1/portfolios/{book}/partners/{partner}/timeline": _book(
        PARTNER + "/timeline", strangers=404
    ),
    "GET /v1/portfolios/{book}/partners/{partner}/offboarding": _book(
        PARTNER + "/offboarding", strangers=404
    ),
    "GET /v1/portfolios/{book}/access-matrix": _book("access-matrix", pages=True),
    "GET /v1/portfolios/{book}/ownership": _book("ownership", pages=True),
    "GET /v1/portfolios/{book}/diff": _book("diff?from_known=0&to_known=6"),
    "GET /v1/portfolios/{book}/entries": _book("entries", pages=True),
    "GET /v1/portfolios/{book}/anomalies": _book("anomalies", pages=True),
    "POST /v1/portfolios/{book}/evidence": Row(
        ask=lambda t: f"/v1/portfolios/{t.book}/evidence",
        roles=READERS,
        body=lambda t: {"kind": "what", "partner": t.partner},
        of="book",
        strangers=404,
    ),
    "GET /v1/log/checkpoint": Row(ask=lambda _: "/v1/log/checkpoint", roles=ALL),
    "GET /v1/log/keys": Row(ask=lambda _: "/v1/log/keys", roles=ALL),
    "GET /v1/log/check": Row(ask=lambda _: "/v1/log/check", roles=AUDITOR),
    "GET /v1/log/consistency": Row(
        ask=lambda _: "/v1/log/consistency?from_size=1&to_size=2", roles=ALL
    ),
    "GET /v1/log/tile/{path:path}": Row(
        ask=lambda _: "/v1/log/tile/entries/000.p/6", roles=AUDITOR
    ),
    "GET /v1/log/inclusion": Row(
        ask=lambda t: f"/v1/log/inclusion?leaf={t.leaf}&size=6", roles=OWNERS, of="leaf"
    ),
    "GET /v1/log/proof/{leaf}": Row(
        ask=lambda t: f"/v1/log/proof/{t.leaf}", roles=OWNERS, of="leaf"
    ),
    "POST /v1/keys": Row(
        ask=lambda _: "/v1/keys",
        roles=ADMIN,
        body=lambda t: {"name": t.name, "role": "reader", "books": [t.book]},
        status=201,
    ),
    "GET /v1/keys": Row(ask=lambda _: "/v1/keys", roles=ADMIN),
    "POST /v1/keys/{key}/rotate": Row(
        ask=lambda t: f"/v1/keys/{t.key}/rotate", roles=ADMIN, changes_key=True
    ),
    "POST /v1/keys/{key}/revoke": Row(
        ask=lambda t: f"/v1/keys/{t.key}/revoke", roles=ADMIN, changes_key=True
    ),
    "GET /v1/portfolios/{book}/access-log": Row(
        ask=lambda t: f"/v1/portfolios/{t.book}/access-log",
        roles=(Role.ADMIN, *OWNERS),
        of="book",
        pages=True,
    ),
    "GET /v1/access-log": Row(
        ask=lambda _: "/v1/access-log", roles=(Role.ADMIN, Role.AUDITOR), pages=True
    ),
    "GET /pages": Row(ask=lambda _: "/pages", open=True, status=303),
    "GET /pages/static/{name}": Row(ask=lambda _: "/pages/static/style.css", open=True),
    "GET /pages/sign-in": Row(ask=lambda _: "/pages/sign-in", open=True),
    "POST /pages/sign-in": Row(ask=lambda _: "/pages/sign-in", open=True, status=401),
    "POST /pages/sign-out": Row(ask=lambda _: "/pages/sign-out", open=True, status=303),
    "GET /pages/verify": Row(ask=lambda _: "/pages/verify", open=True),
    "GET /pages/books.json": Row(ask=lambda _: "/pages/books.json", roles=ALL, session=True),
    "GET /pages/books.csv": Row(ask=lambda _: "/pages/books.csv", roles=ALL, session=True),
    "GET /pages/keys.txt": Row(ask=lambda _: "/pages/keys.txt", roles=ALL, session=True),
    "GET /pages/{book}/evidence": _evidence(strangers=200),
    "POST /pages/{book}/evidence": _evidence(strangers=404),
    "GET /pages/": Row(ask=lambda _: "/pages/", roles=ALL, session=True),
    "GET /pages/{book}/matrix/history.json": Row(
        ask=lambda t: f"/pages/{t.book}/matrix/history.json",
        roles=READERS,
        of="book",
        session=True,
    ),
    **_pages("matrix"),
    **_pages("ownership"),
    **_pages("differences"),
    **_pages("offboarding"),
    **_pages(f"offboarding/{PARTNER.removeprefix('partners/')}", strangers=404),
    **_pages("search"),
    **_pages(ASSET + "/timeline", strangers=200),
    **_pages(PARTNER + "/timeline", strangers=404),
    **_pages("entries/{t.entry}"),
}
"""By method and path."""
