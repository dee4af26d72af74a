"""The store of keys: secrets go out once, and only their hashes stay."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from domain.instants import (
    Microseconds,
    format_instant,
    from_microseconds,
    to_microseconds,
)
from keys.access_log import EVERY_BOOK, NO_BOOK, AccessLog
from keys.key import (
    ID_PREFIX,
    BadKey,
    Key,
    KeyEnded,
    NameTaken,
    NewKey,
    NoSuchKey,
    NotAuthenticated,
    Role,
)
from ledger.book import Clock
from ledger.database import Database, load_sql
from ledger.stored_bytes import canonical_json

SECRET_PREFIX = "al_live_"  # noqa: S105 - what every secret begins with, so that scanners find it
SECRET_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST_GRACE = timedelta(days=90)
NO_GRACE = timedelta(0)
FIRST_NAME = "first-admin"

_NOT_STORED = hashlib.sha256(b"").hexdigest()
"""Compared with where nothing is found, so that it takes as long."""


class Keys:
    """The keys of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._log = AccessLog(database, clock)
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)

    # --- changing; `by` is the admin's key, and None is the terminal

    def create(self, new: NewKey, *, by: Key | None = None) -> tuple[Key, str]:
        """A new key and its secret. Raises KeyRefused."""
        with self._database.writing() as connection:
            self._sql.take_keys_turn(connection)
            return self._create(connection, new, by)

    def create_first(self) -> tuple[Key, str] | None:
        """An admin key where there was never any key; whoever comes second gets None."""
        if self.listed():
            return None
        with self._database.writing() as connection:
            self._sql.take_keys_turn(connection)
            if self._found(self._sql.all_keys(connection)):
                return None
            return self._create(connection, NewKey(name=FIRST_NAME, role=Role.ADMIN), None)

    def _create(self, connection: Any, new: NewKey, by: Key | None) -> tuple[Key, str]:
        now = self._clock()
        if new.expires_at is not None and new.expires_at <= now:
            raise BadKey(
                f"expires_at {format_instant(new.expires_at)} is not later than now, "
                f"{format_instant(now)}; give a moment to come, or leave it out"
            )
        if holder := self._sql.id_of_name(connection, name=new.name):
            raise NameTaken(new.name, holder["id"])
        key = Key(
            id=ID_PREFIX + secrets.token_hex(6),
            name=new.name,
            role=new.role,
            books=new.books,
            partner=new.partner,
            created_at=now,
            expires_at=new.expires_at,
            revoked_at=None,
            last_used_at=None,
        )
        self._sql.add_key(
            connection,
            id=key.id,
            name=key.name,
            role=key.role,
            books=canonical_json(sorted(key.books)).decode(),
            partner=key.partner,
            created_at=to_microseconds(now),
            expires_at=_stored(key.expires_at),
        )
        self._note(connection, by, "key-created", key)
        return key, self._add_secret(connection, key)

    def rotate(
        self, wanted: str, *, grace: timedelta = NO_GRACE, by: Key | None = None
    ) -> tuple[Key, str]:
        """A new secret for a key; its former ones end after the grace. Raises KeyRefused."""
        if not NO_GRACE <= grace <= LONGEST_GRACE:
            raise BadKey(
                f"a grace of {grace.total_seconds():.0f} seconds is not possible; "
                f"give 0 to {LONGEST_GRACE.total_seconds():.0f}"
            )
        with self._database.writing() as connection:
            self._sql.take_keys_turn(connection)
            key = self._find(connection, wanted)
            now = self._clock()
            if key.revoked_at or (key.expires_at and key.expires_at <= now):
                raise KeyEnded(key)
            if grace:
                self._sql.end_secrets(connection, key=key.id, ends_at=to_microseconds(now + grace))
            else:
                self._sql.drop_secrets(connection, key=key.id)
            self._note(connection, by, "key-rotated", key)
            return key, self._add_secret(connection, key)

    def revoke(self, wanted: str, *, by: Key | None = None) -> Key:
        """End a key at once and for good; once it is ended, nothing changes. Raises NoSuchKey."""
        with self._database.writing() as connection:
            self._sql.take_keys_turn(connection)
            key = self._find(connection, wanted)
            if key.revoked_at is None:
                self._sql.revoke_key(
                    connection, id=key.id, revoked_at=to_microseconds(self._clock())
                )
                self._sql.drop_secrets(connection, key=key.id)
                self._note(connection, by, "key-revoked", key)
            return self._find(connection, key.id)

    def _add_secret(self, connection: Any, key: Key) -> str:
        random = base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        secret = SECRET_PREFIX + random.rstrip("=")
        self._sql.add_secret(connection, digest=_digest(secret), key=key.id)
        return secret

    def _note(self, connection: Any, by: Key | None, action: str, key: Key) -> None:
        """Tell the owner of each book that it reaches; a book is told of no other book."""
        partner = f" {key.partner}" if key.partner else ""
        detail = f"{key.id} {key.name}, {key.role}{partner}"
        everywhere = EVERY_BOOK if key.role is Role.AUDITOR else NO_BOOK
        for book in sorted(key.books) or [everywhere]:
            self._log.note_on(connection, by, action, book, detail)

    # --- knowing

    def listed(self) -> list[Key]:
        """Every key there is or was, the oldest first."""
        with self._database.reading() as connection:
            return self._found(self._sql.all_keys(connection))

    def _find(self, connection: Any, wanted: str) -> Key:
        """The key with this id, or the one not revoked with this name."""
        rows = self._found(self._sql.keys_called(connection, wanted=wanted))
        if not rows:
            raise NoSuchKey(wanted)
        return rows[0]

    def _found(self, rows: Any) -> list[Key]:
        return [_key(row) for row in rows]

    # --- authenticating

    def authenticate(self, secret: str) -> Key:
        """The key that a secret opens with. Raises NotAuthenticated, which does not say why.

        It is looked up each time, so a revocation holds from the next request on.
        """
        digest = _digest(secret)
        with self._database.reading() as connection:
            row = self._sql.key_of_secret(connection, digest=digest)
        known = hmac.compare_digest(row["digest"] if row else _NOT_STORED, digest)
        if row is None or not known or not _is_live(row, to_microseconds(self._clock())):
            raise NotAuthenticated
        return _key(row)

    def use_is_due(self, key: Key) -> bool:
        """Whether a minute has passed since a use of the key was noted."""
        return key.last_used_at is None or self._clock() - key.last_used_at >= USE_NOTED_EVERY

    def note_use(self, key: Key) -> None:
        """Note that the key is in use, once a minute. Raises StoreError rather than wait long."""
        now = self._clock()
        with self._database.writing(wait=False) as connection:
            self._sql.note_use(
                connection,
                id=key.id,
                now=to_microseconds(now),
                noted_before=to_microseconds(now - USE_NOTED_EVERY),
            )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_live(row: Any, now: Microseconds) -> bool:
    ends = (row["ends_at"], row["expires_at"])
    return row["revoked_at"] is None and all(end is None or now < end for end in ends)


def _key(row: Any) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        books=frozenset(orjson.loads(row["books"])),
        partner=row["partner"],
        created_at=from_microseconds(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        revoked_at=_moment(row["revoked_at"]),
        last_used_at=_moment(row["last_used_at"]),
    )


def _moment(stored: Microseconds | None) -> datetime | None:
    return None if stored is None else from_microseconds(stored)


def _stored(moment: datetime | None) -> Microseconds | None:
    return None if moment is None else to_microseconds(moment)
