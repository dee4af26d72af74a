"""The books that a key reads, or what to do where there are none yet."""

from fastapi import Request, Response

from api.doors import key_of
from api.pages.parts import first_of
from api.pages.rendering import ROOT, render
from bootstrap.services import Services
from keys.key import Role


def page(request: Request) -> Response:
    """The list of books, or the first steps."""
    services: Services = request.app.state.services
    key = key_of(request)
    books = services.questions.books()
    readable = {book: newest for book, newest in books.items() if key.may_read(book)}
    # A partner learns nothing of how much is written about others.
    sizes = {book: None if key.role is Role.PARTNER else n for book, n in readable.items()}
    return render(
        request,
        "books.html",
        part=first_of(request, list(sizes.items())),
        all_rows=f"{ROOT}/?rows=all",
        empty=not books,
        own=sorted(key.books - books.keys()),
        is_admin=key.role is Role.ADMIN,
        partner=key.partner,
        address=f"{request.url.scheme}://{request.url.netloc}",
    )
