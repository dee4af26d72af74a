"""What the commands share: options, and the ledger that the settings name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from cli.failures import Failed, Usage
from cli.output import Format
from domain.describing import describe
from domain.values import PORTFOLIO_PATTERN, AssetKey

RECORDED_BY = "cli"
"""Who recorded it at the terminal: names of people never enter an entry."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which book, in which state of knowledge, shown how."""

    book: Annotated[str | None, Parameter(help="The book to ask: a portfolio id.")] = None
    known_at: Annotated[
        str | None,
        Parameter(help="As known at a moment or an entry number; the newest entry by default."),
    ] = None
    format: Annotated[
        Format | None, Parameter(help="A table on a terminal and TSV in a pipe by default.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAt(Asked):
    """The same, at an effective moment."""

    at: Annotated[
        str | None, Parameter(help="The moment asked about: RFC 3339, a date, now, now-90d.")
    ] = None


def require_ledger(settings: Settings) -> None:
    """Raise Failed for an SQLite file that is not there: asking of it would make an empty one."""
    if not settings.database_url and not settings.file.exists():
        raise Failed(
            f"there is no ledger at {settings.file} yet; check ACCESS_LEDGER_FILE, "
            "or import a file, which creates it"
        )


@contextmanager
def opened(*, existing: bool = False) -> Iterator[tuple[Settings, Services]]:
    """The ledger that the settings name; with `existing` it must be there already."""
    settings = Settings()
    if existing:
        require_ledger(settings)
    with open_services(settings) as services:
        yield settings, services


def chosen_book(named: str | None, settings: Settings, services: Services) -> str:
    """The book that is meant: named, by the setting, or the only one there is."""
    book = named or settings.book
    if book is not None:
        if not re.fullmatch(PORTFOLIO_PATTERN, book):
            raise Usage(f"{book!r} is not a book; give the digits of a portfolio's id")
        return book
    books = services.books.books()
    if len(books) == 1:
        return next(iter(books))
    if not books:
        raise Failed("this ledger holds no facts yet; import a file or record a fact first")
    some = ", ".join(sorted(books)[:5]) + (", ..." if len(books) > 5 else "")  # noqa: PLR2004
    raise Usage(
        f"this ledger holds {len(books)} books ({some}); "
        "say which with --book, or set ACCESS_LEDGER_BOOK"
    )


def asset_key(text: str) -> tuple[str, str]:
    """An asset as it is written at the terminal. Raises Usage."""
    kind, colon, key = text.partition(":")
    if not colon:
        raise Usage(f"{text!r} is not an asset; write its type and id: page:104857600219483")
    try:
        return AssetKey(type=kind, id=key).key
    except ValidationError as error:
        raise Usage(f"{text!r} is not an asset: {'; '.join(describe(error))}") from None


def partner_id(text: str) -> str:
    """A partner as it is written at the terminal. Raises Usage."""
    if not re.fullmatch(PORTFOLIO_PATTERN, text):
        raise Usage(f"{text!r} is not a partner; give the digits of its portfolio's id")
    return text
