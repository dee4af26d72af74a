"""Keys and roles: what a key may do, and what cannot be a key."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.instants import format_instant
from domain.values import PORTFOLIO_PATTERN

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
RECORDED_WITHOUT_KEY = frozenset({"cli", "demo", "http"})
"""Who recorded entries that came without a key: no key may be taken for one of them."""
ID_PREFIX = "key_"
MOST_BOOKS = 1_000
"""They are read with the key, at each request."""


class Role(StrEnum):
    """What a key is for."""

    ADMIN = "admin"
    """Manages keys and reads access logs; sees no facts."""
    RECORDER = "recorder"
    """Writes and reads its books."""
    READER = "reader"
    """Reads its books."""
    PARTNER = "partner"
    """Sees of one book what concerns one partner."""
    AUDITOR = "auditor"
    """Reads the whole ledger with its log; writes nothing."""


OF_THE_WHOLE = frozenset({Role.ADMIN, Role.AUDITOR})
"""Roles without books of their own."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is stored: everything but its secret."""

    id: str
    name: str
    role: Role
    books: frozenset[str]
    partner: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def may_read(self, book: str) -> bool:
        """Whether it sees anything of a book; a partner only what concerns that partner."""
        return self.role is Role.AUDITOR or (self.role is not Role.ADMIN and book in self.books)

    def may_write(self, book: str) -> bool:
        """Whether it records facts in a book."""
        return self.role is Role.RECORDER and book in self.books


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that is wanted. Raises BadKey for one that makes no sense."""

    name: str
    role: Role
    books: frozenset[str] = frozenset()
    partner: str | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        for portfolio in (*sorted(self.books), *([self.partner] if self.partner else [])):
            if not re.fullmatch(PORTFOLIO_PATTERN, portfolio):
                raise BadKey(f"{portfolio!r} is not a portfolio; give the 5 to 20 digits of its id")
        _check_reach(self.role, self.books, self.partner)


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME_PATTERN, name) or name.startswith(ID_PREFIX):
        raise BadKey(
            f"{name!r} cannot be the name of a key; give a lower-case letter or digit and up to 62 "
            f"more, or dots, hyphens and underscores, not beginning with {ID_PREFIX}"
        )
    if name in RECORDED_WITHOUT_KEY:
        raise BadKey(f"{name!r} stands for what is recorded without a key; give another name")


def _check_reach(role: Role, books: frozenset[str], partner: str | None) -> None:
    if role in OF_THE_WHOLE and books:
        raise BadKey(f"the role {role} has no books of its own; leave the books out")
    if role not in OF_THE_WHOLE and not books:
        raise BadKey(f"a {role} key needs a book; name the portfolio whose record it is")
    if len(books) > MOST_BOOKS:
        raise BadKey(f"{len(books)} books are too many for one key; give {MOST_BOOKS} at most")
    if role is not Role.PARTNER and partner is not None:
        raise BadKey(f"only a partner key has a partner; leave the partner out of a {role} key")
    if role is not Role.PARTNER:
        return
    if partner is None:
        raise BadKey("a partner key needs its partner; name the portfolio that it speaks for")
    if len(books) != 1:
        raise BadKey(
            f"a partner key is for one book, and {len(books)} are named; make a key for each"
        )
    if partner in books:
        raise BadKey(f"{partner} owns the book itself; the partner is another portfolio")


class KeyRefused(Exception):
    """No key was made or changed."""


class BadKey(KeyRefused):
    """A key that makes no sense."""


class NameTaken(KeyRefused):
    """Another key has the name."""

    def __init__(self, name: str, id: str) -> None:
        super().__init__(
            f"the name {name!r} is taken by {id}; rotate that key, revoke it first, "
            "or give another name"
        )


class NoSuchKey(KeyRefused):
    """No key has this id or name."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"there is no key {wanted[:80]!r}; access-ledger keys list shows those there are"
        )


class KeyEnded(KeyRefused):
    """A key that was revoked or has expired gets no new secret."""

    def __init__(self, key: Key) -> None:
        at = key.revoked_at or key.expires_at
        how = "was revoked" if key.revoked_at else "expired"
        when = f" at {format_instant(at)}" if at else ""
        super().__init__(f"{key.id} ({key.name}) {how}{when}; make a new key instead")


class NotAuthenticated(Exception):
    """A secret that opens nothing: it says nothing about why."""

    def __init__(self) -> None:
        super().__init__(
            "a key is needed: send the header Authorization: Bearer al_live_...; the one that came "
            "is missing, malformed, unknown, revoked or expired, so ask whoever manages the keys"
        )


class NotAllowed(Exception):
    """A key that is known, for something that its role may not do."""

    def __init__(self, role: Role, allowed: tuple[Role, ...]) -> None:
        article = "an" if role in OF_THE_WHOLE else "a"
        super().__init__(
            f"{article} {role} key may not do this; it takes one of these roles: "
            f"{', '.join(allowed)}; ask whoever manages the keys"
        )
