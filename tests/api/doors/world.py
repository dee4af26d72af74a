"""Two books with equal entry numbers, equal assets and equal partners, and keys to each.

Each text in them, and each partner's, begins with a mark of its own, so that it is known wherever
it comes out.
"""

import base64
import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from api.pages.session import COOKIE
from bootstrap.services import Services
from keys.key import Key, NewKey, Role
from tests.api.conftest import FORM
from tests.api.doors.table import BOOKS, PAGES, PARTNERS, ROWS, Row, Target

A, B = BOOKS["a"], BOOKS["b"]
ONE, TWO = PARTNERS["one"], PARTNERS["two"]
BOUND = (Role.RECORDER, Role.READER, Role.PARTNER)
PINNED = "at=2026-04-01T00:00:00Z&known_at=6"
"""Both clocks, so that the same bytes come again."""

CLOSED = [name for name, row in ROWS.items() if not row.open]
"""The routes that want a key."""

_fresh = count(1)


def mark(book: str, partner: str = "all") -> str:
    """What the texts about a partner of a book begin with."""
    return f"hush-{book}-{partner}-"


def facts_about(book: str) -> Iterator[list[dict[str, Any]]]:
    """The appends of a book, alike in both but for the words in them."""
    owner, numbers = BOOKS[book], count(1)

    def fact(kind: str, of: str = "all", **fields: Any) -> dict[str, Any]:
        words = mark(book, of)
        return {
            "fact": kind,
            "id": f"{words}{next(numbers)}",
            "owner": owner,
            "effective_at": f"2026-03-0{1 + len(kind) % 5}T00:00:00Z",
            "authority": f"{words}authority",
            "reason": f"{words}reason",
            "actor": {"kind": "system_user", "id": f"{words}actor"},
            "source": {"kind": "document", "reference": f"{words}source"},
            **fields,
        }

    def page(name: str) -> dict[str, str]:
        of = "all" if name == "both" else name
        return {"type": "page", "id": PAGES[name], "name": f"{mark(book, of)}page"}

    yield [
        fact("ownership-established", of, asset=page(name), effective_at="2026-03-01T00:00:00Z")
        for name, of in (("one", "one"), ("two", "two"), ("both", "all"))
    ]
    for of in ("one", "two"):
        name = f"{mark(book, of)}partner"
        yield [
            fact("partner-added", of, partner=PARTNERS[of], partner_name=name,
                 effective_at="2026-03-02T00:00:00Z"),
            fact("access-granted", of, partner=PARTNERS[of], asset=page(of), tasks=["MANAGE"],
                 effective_at="2026-03-03T00:00:00Z"),
            fact("access-granted", of, partner=PARTNERS[of], asset=page("both"), tasks=["ANALYZE"],
                 effective_at="2026-03-04T00:00:00Z"),
        ]  # fmt: skip
    for of in ("one", "two"):
        revoked = fact("access-revoked", of, partner=PARTNERS[of], asset=page(of),
                       effective_at="2026-03-05T00:00:00Z")  # fmt: skip
        yield [revoked]
        void = {"fact": "entry-voided", "book": owner, "fact_id": revoked["id"]}
        yield [{**void, "id": f"{mark(book, of)}void", "reason": f"{mark(book, of)}void-reason"}]


@dataclass
class World:
    """The served ledger, and its keys."""

    services: Services
    client: TestClient
    keys: dict[tuple[Role, str], str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    leaves: dict[str, int] = field(default_factory=dict)
    """The first leaf of each book."""
    once_good: dict[Role, dict[str, str]] = field(default_factory=dict)

    def key(self, role: Role, book: str = "", **more: Any) -> tuple[Key, str]:
        """A new key."""
        partner = ONE if role is Role.PARTNER else None
        books = frozenset({BOOKS[book]} if role in BOUND else ())
        of = book if books else "every"
        name = f"knock-{of}-{role}-{next(_fresh)}"
        new = NewKey(name=name, role=role, books=books, partner=partner, **more)
        key, secret = self.services.keys.create(new)
        return key, secret

    def ask(
        self, row: Row, target: Target, secret: str | None, method: str = "", query: str = ""
    ) -> Response:
        """A request of a route, with a key, or in its session."""
        headers = {} if secret is None else {b"Authorization": f"Bearer {secret}".encode()}
        if secret is not None and row.session:
            headers = {b"Cookie": f"{COOKIE}={self.session(secret)}".encode()}
        return self.send(row, target, headers, method, query)

    def send(
        self,
        row: Row,
        target: Target,
        headers: dict[bytes, bytes],
        method: str = "",
        query: str = "",
    ) -> Response:
        """The same, with headers as they are."""
        body = row.body(target)
        kind = method or ("GET" if body is None else "POST")
        return self.client.request(kind, row.ask(target) + query, json=body, headers=headers)

    def session(self, secret: str) -> str:
        """The cookie of a session of a key, empty where the key begins none."""
        if secret not in self.sessions:
            self.client.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
            self.sessions[secret] = self.client.cookies.get(COOKIE) or ""
            self.client.cookies.clear()
        return self.sessions[secret]

    def target(self, book: str, row: Row) -> Target:
        """What a request of a route about a book asks for, with a key where it uses one up."""
        if book not in self.leaves:
            self.leaves[book] = next(
                leaf
                for leaf, entry in enumerate(self.services.log.leaves(0, 6))
                if BOOKS[book].encode() in bytes(entry)
            )
        victim = self.key(Role.READER, book)[0].id if row.changes_key else ""
        name = f"fresh-{book}-{next(_fresh)}"
        return Target(BOOKS[book], leaf=self.leaves[book], key=victim, name=name)

    def spent(self, role: Role) -> dict[str, str]:
        """Secrets of book A that were good: of keys that are revoked, rotated out, expired."""
        if role not in self.once_good:
            soon = datetime.now(UTC) + timedelta(milliseconds=150)
            revoked, rotated = self.key(role, "a"), self.key(role, "a")
            expired = self.key(role, "a", expires_at=soon)
            self.services.keys.revoke(revoked[0].id)
            self.services.keys.rotate(rotated[0].id)
            while datetime.now(UTC) <= soon:
                time.sleep(0.01)
            self.once_good[role] = {
                "revoked": revoked[1], "rotated": rotated[1], "expired": expired[1],
            }  # fmt: skip
        return self.once_good[role]


def everything(answer: Response) -> str:
    """Body, headers, and what is inside of cursors and packs, as text."""
    parts = [answer.content, *(f"{k}: {v}".encode() for k, v in answer.headers.items())]
    tokens = re.findall(rb"[A-Za-z0-9_-]{16,}", b" ".join(parts))
    parts += [base64.urlsafe_b64decode(token + b"===") for token in tokens if len(token) % 4 != 1]
    if answer.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
            parts += [pack.read(name) for name in pack.namelist() if name != "verify.html"]
    return b"\n".join(parts).decode("utf-8", "replace")


def forbidden(role: Role | None, book: str) -> list[str]:
    """What a key of a book may not be shown, wherever it looks."""
    other = "b" if book == "a" else "a"
    if role is Role.AUDITOR:
        return ["al_live_"]
    hidden = [f"hush-{other}-", "al_live_"]
    if role in {Role.ADMIN, None}:
        return [*hidden, f"hush-{book}-"]
    hidden += [f"knock-{other}-", f"fresh-{other}-"]
    if role is Role.PARTNER:
        hidden += [mark(book, "two"), f"fresh-{book}-"]
    return hidden


def assert_keeps_still(answer: Response, role: Role | None, book: str) -> None:
    """Not a byte of what the key may not see."""
    text = everything(answer)
    for secret in forbidden(role, book):
        # A key that was just made is shown its secret; nothing else is ever answered with one.
        handed_out = secret == "al_live_" and answer.headers.get("cache-control") == "no-store"
        assert secret not in text or (handed_out and role is Role.ADMIN), (role, secret, text[:900])
