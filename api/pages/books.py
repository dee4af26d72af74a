"""The books that a key reads, or what to do where there are none yet."""

from fastapi import Request, Response
from pydantic import BaseModel

from api.doors import key_of
from api.pages.parts import first_of
from api.pages.rendering import ROOT, render
from api.pages.showing import csv_response
from api.routes.showing import shown
from bootstrap.services import Services
from keys.key import Role


class ListedBook(BaseModel):
    """A book, and its newest entry where the key may know how much is written there."""

    book: str
    newest_entry: int | None


class ListedBooks(BaseModel):
    """The books of a key that hold an entry."""

    books: tuple[ListedBook, ...]


def listed(request: Request) -> ListedBooks:
    """The books that the key reads."""
    services: Services = request.app.state.services
    key = key_of(request)
    # A partner learns nothing of how much is written about others.
    return ListedBooks(
        books=tuple(
            ListedBook(book=book, newest_entry=None if key.role is Role.PARTNER else newest)
            for book, newest in services.questions.books().items()
            if key.may_read(book)
        )
    )


def page(request: Request) -> Response:
    """The list of books, or the first steps."""
    services: Services = request.app.state.services
    key = key_of(request)
    return render(
        request,
        "books.html",
        part=first_of(request, listed(request).books),
        all_rows=f"{ROOT}/?rows=all",
        empty=not services.questions.books(),
        own=sorted(key.books),
        is_admin=key.role is Role.ADMIN,
        partner=key.partner,
        address=f"{request.url.scheme}://{request.url.netloc}",
    )


def as_json(request: Request) -> Response:
    """The list as JSON."""
    return shown(request, listed(request))


def as_csv(request: Request) -> Response:
    """The list as a sheet."""
    rows = [item.model_dump() for item in listed(request).books]
    return csv_response("books.csv", ("book", "newest_entry"), rows)
