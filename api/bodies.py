"""Bodies: JSON, read strictly."""

import json
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect

from api.problems import BadRequest

TOO_DEEP = "the body is nested too deeply; three levels are enough"


async def body_of(request: Request) -> bytes:
    """The body; its type must be JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, "not-json", f"content type {kind or 'none'}; send application/json")
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise BadRequest(400, "not-json", "the body was cut short; send it whole") from error


def decoded(body: bytes) -> Any:
    """The JSON value of a body, or 400; also where an object has a name twice (RFC 8259 section 4).

    orjson is strict about the rest, and would take the last of the two.
    """
    try:
        value = orjson.loads(body)
        json.loads(body, object_pairs_hook=_names_once)
    except ValueError as error:
        raise BadRequest(400, "not-json", f"the body is not JSON: {error}") from error
    return value


def _names_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"{name[:80]!r} is given twice in one object; give it once")
        seen.add(name)
