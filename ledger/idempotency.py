"""Idempotency keys: a caller names an append, and can then send it again without harm.

The binding is written in the transaction of the append (docs/decisions/0013-safe-retries.md).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from domain.facts import Fact
from domain.instants import format_instant, parse_instant
from domain.refusals import KeyReused
from ledger.stored_bytes import canonical_json


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The name that a caller gave an append; another caller's key of that name is another key."""

    caller: str
    text: str

    def fact_id(self, nth: int) -> str:
        """The id of the nth fact of the append where it has none of its own.

        It follows from the key, so that two processes that take the same request at once cannot
        both write it, and tells a reader of the book neither caller nor key.
        """
        named = canonical_json([self.caller, self.text, nth])
        return f"key:{hashlib.sha256(named).hexdigest()[:40]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an append did, beside its entries."""

    lost: tuple[int, ...]
    gained: tuple[int, ...]
    newest: int
    """The newest entry of the book once the append was written."""
    recorded_at: datetime

    def encode(self) -> str:
        """The text that is kept."""
        at = format_instant(self.recorded_at)
        return canonical_json([list(self.lost), list(self.gained), self.newest, at]).decode()

    @staticmethod
    def decode(text: str) -> "Outcome":
        """The outcome that was kept."""
        lost, gained, newest, at = orjson.loads(text)
        return Outcome(
            lost=tuple(lost), gained=tuple(gained), newest=newest, recorded_at=parse_instant(at)
        )


def digest_of(facts: Sequence[Fact]) -> str:
    """SHA-256 of the facts as they were understood, however they were spelled.

    What a fact leaves to a default is left out, so that a field added later changes no digest.
    """
    stated = [fact.model_dump(mode="json", exclude_defaults=True) for fact in facts]
    return hashlib.sha256(canonical_json(stated)).hexdigest()


def bound(sql: Any, connection: Any, book: str, key: IdempotencyKey, digest: str) -> Outcome | None:
    """What the key stands for, None where it is free. Raises KeyReused for other content."""
    row = sql.bound_key(connection, book=book, caller=key.caller, key=key.text)
    if row is None:
        return None
    if row["digest"] != digest:
        raise KeyReused(key.text)
    return Outcome.decode(row["result"])


def bind(
    sql: Any, connection: Any, book: str, key: IdempotencyKey, digest: str, outcome: Outcome
) -> None:
    """Have the key stand for the append that is written in the same transaction."""
    sql.bind_key(
        connection,
        book=book,
        caller=key.caller,
        key=key.text,
        digest=digest,
        result=outcome.encode(),
    )
