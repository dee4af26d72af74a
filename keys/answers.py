"""Keys and the access log as the doors show them."""

from typing import Self

from pydantic import BaseModel, Field

from domain.values import Instant
from keys.key import Key, Role


class KeyView(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=["key_0f4d1c29a7be"])
    name: str = Field(examples=["norrsken-recorder"])
    role: Role
    books: tuple[str, ...]
    partner: str | None
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None = Field(description="To the minute.")

    @classmethod
    def of(cls, key: Key) -> Self:
        """The key as it is shown."""
        return cls(
            id=key.id,
            name=key.name,
            role=key.role,
            books=tuple(sorted(key.books)),
            partner=key.partner,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class NewSecret(KeyView):
    """A key with its secret, which is shown this once."""

    secret: str = Field(description="al_live_ and 43 characters; it is not stored.")

    @classmethod
    def made(cls, key: Key, secret: str) -> Self:
        """The key as it is handed out."""
        return cls(**KeyView.of(key).model_dump(), secret=secret)


class KeyList(BaseModel):
    """Every key there is or was, the oldest first."""

    keys: tuple[KeyView, ...]


class AccessRecord(BaseModel):
    """Who did what, when: a look at a book, a pack, or a change of a key."""

    number: int = Field(
        description="Its place among the records of its book, or among those about all books, "
        "from 1 without a gap."
    )
    recorded_at: Instant
    key: str | None = Field(description="The key's id; none at the terminal.")
    name: str = Field(description="The key's name.")
    role: Role | None
    action: str = Field(examples=["asked"])
    book: str | None = Field(description="None where it is about all books, or about none.")
    detail: str


class AccessRecordList(BaseModel):
    """An access log, the newest first."""

    book: str | None
    records: tuple[AccessRecord, ...]
    next_cursor: str | None = None
