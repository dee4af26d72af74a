"""The headers that make a request safe to send again: Idempotency-Key and If-Match."""

import re
from collections.abc import Collection
from typing import Annotated

import http_sf
from fastapi import Header, Request
from pydantic import WithJsonSchema

from api.callers import caller_of
from api.problems import BadRequest
from ledger.idempotency import IdempotencyKey

MAX_KEY_CHARACTERS = 255

_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")
_NUMBER = re.compile(r'"(0|[1-9][0-9]{0,15})"')

ANY_ENTRY = range(1, 2**53)

IdempotencyKeyHeader = Annotated[
    str | None,
    WithJsonSchema({"type": "string", "pattern": r'^"([ !#-\[\]-~]|\\["\\]){1,255}"$'}),
    Header(
        alias="Idempotency-Key",
        description="A string in quotes (RFC 9651) that names this append for ever: sent again "
        "with the same facts it gives what it gave the first time, and writes nothing. It also "
        "stands in for the id of facts that have none. Each caller has its own keys in each book.",
        openapi_examples={"a key": {"value": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}},
    ),
]
IfMatchHeader = Annotated[
    str | None,
    WithJsonSchema({"type": "string", "pattern": r'^"(0|[1-9][0-9]{0,15})"$'}),
    Header(
        alias="If-Match",
        description="Record only if the newest entry of the book is this one, in quotes as the "
        'ETag of an answer has it; "0" for a book without entries.',
    ),
]


def idempotency_key_of(request: Request) -> IdempotencyKey | None:
    """The key that the caller gave the request, or 400 where it is not one string in quotes."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    try:
        value = http_sf.parse(", ".join(given).encode("latin-1"), tltype="item")
    except http_sf.StructuredFieldError as error:
        raise _malformed(str(error)) from error
    text = value[0] if isinstance(value, tuple) else None
    if type(text) is not str:  # a token or a display string is a str too, by inheritance
        raise _malformed("it is not a string")
    if not 1 <= len(text) <= MAX_KEY_CHARACTERS:
        raise _malformed(f"it has {len(text)} characters")
    return IdempotencyKey(caller_of(request), text)


def _malformed(reason: str) -> BadRequest:
    return BadRequest(
        400,
        "bad-idempotency-key",
        f"the Idempotency-Key cannot be read: {reason}; send one string in quotes of 1 to "
        f'{MAX_KEY_CHARACTERS} printable ASCII characters, such as "8e03978e-40d5-43dd-bc93"',
    )


def wanted_newest(request: Request) -> Collection[int] | None:
    """The entry numbers that If-Match allows as the book's newest, None where it says nothing.

    Weak tags never match (RFC 9110 section 13.1.1), nor do tags that no book can have.
    """
    given = request.headers.getlist("if-match")
    if not given:
        return None
    text = ", ".join(given).strip(" \t")
    if text == "*":
        return ANY_ENTRY
    if not _TAGS.fullmatch(text):
        raise BadRequest(
            400,
            "bad-if-match",
            "If-Match cannot be read; send the number of the book's newest entry in quotes, such "
            'as "12", as the ETag of an answer has it',
        )
    tags = re.findall(_TAG, text)
    return frozenset(int(found[1]) for tag in tags if (found := _NUMBER.fullmatch(tag)))
