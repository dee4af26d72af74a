"""The books that a key reads, or what to do where there are none yet."""

from fastapi import Request, Response

from api.doors import key_of
from api.pages.parts import first_of
from api.pages.rendering import ROOT, render
from api.pages.showing import csv_response
from api.routes.asking import listed
from api.routes.showing import shown
from bootstrap.services import Services
from keys.key import Role


def page(request: Request) -> Response:
    """The list of books, or the first steps."""
    services: Services = request.app.state.services
    key = key_of(request)
    return render(
        request,
        "books.html",
        part=first_of(request, listed(services, key).books),
        all_rows=f"{ROOT}/?rows=all",
        empty=not services.questions.books(),
        own=sorted(key.books),
        is_admin=key.role is Role.ADMIN,
        partner=key.partner,
        address=f"{request.url.scheme}://{request.url.netloc}",
    )


def as_json(request: Request) -> Response:
    """The list as JSON."""
    return shown(request, listed(request.app.state.services, key_of(request)))


def as_csv(request: Request) -> Response:
    """The list as a sheet."""
    books = listed(request.app.state.services, key_of(request)).books
    rows = [item.model_dump() for item in books]
    return csv_response("books.csv", ("book", "newest_entry"), rows)
