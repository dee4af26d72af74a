"""Bodies: JSON, read strictly."""

from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.problems import BadRequest
from ledger.strict_json import strict_json

MOST_NAMES = 100
"""No object that is taken has as many; each one too many would be told in a sentence."""
TOO_DEEP = "the body is nested too deeply; three levels are enough"


async def body_of(request: Request) -> bytes:
    """The body; its type must be JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, "not-json", f"content type {kind or 'none'}; send application/json")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise BadRequest(415, "coded", f"content coding {coding}; send the JSON as it is")
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise BadRequest(400, "not-json", "the body was cut short; send it whole") from error


def decoded(body: bytes) -> Any:
    """The JSON value of a body, or 400, or 422 for an object with names without end."""
    try:
        value = strict_json(body)
    except ValueError as error:
        raise BadRequest(400, "not-json", f"the body is not JSON: {error}") from error
    if isinstance(value, dict) and len(value) > MOST_NAMES:
        raise BadRequest(
            422, "invalid", f"an object of {len(value)} names; none here has more than {MOST_NAMES}"
        )
    return value
