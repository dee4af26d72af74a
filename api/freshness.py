"""How long an answer holds: its ETag, 304, and what a client may keep (RFC 9110 and 9111).

The reasons stand in docs/decisions/0013-safe-retries.md.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel, WithJsonSchema
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.answers import Diff, KnownAt
from projections.moments import Moment

CHECK_FIRST = "private, no-cache"
FOR_EVER = "private, max-age=31536000, immutable"
NEVER_KEEP = "no-store"

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "If-None-Match names the answer that there is; it still holds"}
}


async def conditional(
    _if_none_match: Annotated[
        str | None,
        WithJsonSchema({"type": "string"}),
        Header(
            alias="If-None-Match",
            description="ETags of answers that are at hand: 304 where one of them still holds.",
        ),
    ] = None,
) -> None:
    """Say in the OpenAPI document what `fresh` reads from the request."""


def fresh(request: Request, answer: BaseModel, response: Response) -> Response:
    """The response with its validator, or 304 where the caller has that answer already."""
    tag = _tag_of_answer(request.query_params, answer)
    if tag is None:
        return response
    if request.method == "GET" and _is_at_hand(request, tag):
        return _not_modified(request, tag)
    response.headers.update(_validators(request, tag))
    return response


def unchanged(request: Request, resolve: Callable[[], Moment]) -> Response | None:
    """304 where the caller has the answer of that moment already, which spares working it out."""
    if "if-none-match" not in request.headers:
        return None
    moment = resolve()
    tag = _tag(str(moment.known), moment.at_instant, request.query_params)
    return _not_modified(request, tag) if _is_at_hand(request, tag) else None


def _tag_of_answer(asked: Mapping[str, str], answer: BaseModel) -> str | None:
    """The ETag of an answer, made of the entries that it rests on; None where it is of no book."""
    if isinstance(answer, Diff):
        known = f"{answer.from_known_at.entry}-{answer.to_known_at.entry}"
        return _tag(known, answer.to_at, asked)
    said = vars(answer)
    known_at: KnownAt | None = said.get("known_at")
    return None if known_at is None else _tag(str(known_at.entry), said.get("at"), asked)


def _tag(known: str, at: datetime | None, asked: Mapping[str, str]) -> str:
    """Strong where the question leaves no moment open, so that the same bytes come again.

    Otherwise the answer speaks of now: it says the same, in other bytes, until the book grows or
    the day ends, on which promised ends fall due.
    """
    if at is None or _names_effective_time(asked):
        return f'"{known}"'
    return f'W/"{known}.{at.date()}"'


def _names_effective_time(asked: Mapping[str, str]) -> bool:
    return bool(asked.keys() & {"at", "during", "cursor"}) or {"from", "to"} <= asked.keys()


def _names_entries(asked: Mapping[str, str]) -> bool:
    """Whether the state of knowledge is given by numbers, which mean the same for ever."""
    if "cursor" in asked:
        return True
    names = [asked.get("known_at")]
    if "from_known" in asked or "to_known" in asked:
        names = [asked.get("from_known"), asked.get("to_known")]
    return all(name is not None and re.fullmatch(r"[0-9]+", name) for name in names)


def _validators(request: Request, tag: str) -> dict[str, str]:
    settled = (
        request.method == "GET"
        and not tag.startswith("W/")
        and _names_entries(request.query_params)
    )
    return {"ETag": tag, "Cache-Control": FOR_EVER if settled else CHECK_FIRST}


def _not_modified(request: Request, tag: str) -> Response:
    return Response(status_code=304, headers=_validators(request, tag))


def _is_at_hand(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag, by the weak comparison (RFC 9110 section 13.1.2)."""
    text = ", ".join(request.headers.getlist("if-none-match")).strip()
    if text == "*":
        return True
    opaque = tag.removeprefix("W/")
    return any(named == opaque for named in re.findall(r'"[!#-~\x80-\xff]*"', text))


class PrivateByDefault:
    """ASGI middleware: what says nothing else is checked before use, and an error is not kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the headers of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                keep = scope["method"] in {"GET", "HEAD"} and message["status"] < 400  # noqa: PLR2004 - the first of the errors
                headers.setdefault("Cache-Control", CHECK_FIRST if keep else NEVER_KEEP)
                headers.add_vary_header("Authorization")
            await send(message)

        await self.app(scope, receive, completed)
