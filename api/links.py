"""Where an answer leads: the links of the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PORTFOLIO = "/v1/portfolios/{book}"
LISTS = ("partners", "access-matrix", "ownership", "entries", "anomalies")

_BOOK = {"path.book": "$request.path.book"}
_KNOWN_AT = "$response.body#/known_at/entry"
_AS_KNOWN = {**_BOOK, "query.known_at": _KNOWN_AT}
"""The same book as known at the same entry: what is asked so is answered the same for ever."""


@dataclass(frozen=True)
class Link:
    """An operation that an answer leads to, and what of the answer it is asked with."""

    name: str
    to: str
    parameters: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


_ONLY_AFTER = Link(
    "only-after",
    f"post {PORTFOLIO}/facts",
    {**_BOOK, "header.If-Match": "$response.header.ETag"},
)


def _about(place: str, *, asset: bool = True, partner: bool = True) -> Iterator[Link]:
    """The questions about the asset and the partner that stand at a place in the answer."""
    if asset:
        shown = f"$response.body#/{place}/asset"
        fields = {"path.type": f"{shown}/type", "path.id": f"{shown}/id"}
        for name in ("access", "owner", "timeline"):
            path = f"{PORTFOLIO}/assets/{{type}}/{{id}}/{name}"
            yield Link(f"asset-{name}", f"get {path}", {**_AS_KNOWN, **fields})
    if partner:
        fields = {"path.partner": f"$response.body#/{place}/partner"}
        for name in ("access", "timeline", "offboarding"):
            path = f"{PORTFOLIO}/partners/{{partner}}/{name}"
            yield Link(f"partner-{name}", f"get {path}", {**_AS_KNOWN, **fields})


def _lists(parameters: dict[str, str]) -> Iterator[Link]:
    return (Link(name, f"get {PORTFOLIO}/{name}", parameters) for name in LISTS)


def _read_back() -> Iterator[Link]:
    """What an append leads to: the book with it, and the next append."""
    yield from _lists(_AS_KNOWN)
    since_ever = {**_BOOK, "query.from_known": "0", "query.to_known": _KNOWN_AT}
    yield Link("diff", f"get {PORTFOLIO}/diff", since_ever)
    proven = {"kind": "matrix", "known_at": _KNOWN_AT}
    yield Link("evidence", f"post {PORTFOLIO}/evidence", _BOOK, proven)
    yield _ONLY_AFTER


def _of_keys() -> Iterator[Link]:
    for name in ("rotate", "revoke"):
        yield Link(name, f"post /v1/keys/{{key}}/{name}", {"path.key": "$response.body#/id"})


def _links() -> Iterator[tuple[str, str, Iterator[Link]]]:
    """By operation and by the status of its answer."""
    first = {"path.book": "$response.body#/books/0/book"}
    yield "get /v1/portfolios", "200", _lists(first)
    for status in ("200", "201"):
        yield f"post {PORTFOLIO}/facts", status, _read_back()
    yield f"get {PORTFOLIO}/partners", "200", _about("episodes/0", asset=False)
    yield f"get {PORTFOLIO}/access-matrix", "200", _about("cells/0")
    yield f"get {PORTFOLIO}/ownership", "200", _about("ownerships/0", partner=False)
    for name in (*LISTS, "access-log"):
        onward = {**_BOOK, "query.cursor": "$response.body#/next_cursor"}
        path = f"get {PORTFOLIO}/{name}"
        yield path, "200", iter([Link("next-page", path, onward)])
    for name in LISTS:
        yield f"get {PORTFOLIO}/{name}", "200", iter([_ONLY_AFTER])
    yield "post /v1/keys", "201", _of_keys()
    yield "post /v1/keys/{key}/rotate", "200", _of_keys()


def add_links(document: dict[str, Any]) -> None:
    """Put the links into an OpenAPI document."""
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for source, status, links in _links():
        told = operations[source]["responses"][status].setdefault("links", {})
        for link in links:
            target = {"operationId": operations[link.to]["operationId"]}
            body = {} if link.body is None else {"requestBody": link.body}
            told[link.name] = {**target, "parameters": link.parameters, **body}
