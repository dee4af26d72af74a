"""The questions at the terminal: parse, ask, show."""

from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from bootstrap import clock
from cli import views
from cli.failures import Usage
from cli.options import Asked, AskedAt, asset_key, chosen_book, opened, partner_id
from cli.output import show
from cli.times import as_of, at_option, known_option, period
from projections.answers import AnomalyList, EntryList, Matrix
from projections.moments import AsOf
from projections.paging import MAX_PAGE
from projections.questions import Questions

DuringOption = Annotated[
    str | None, Parameter(help="A period FROM/TO instead of --at: every window that overlaps it.")
]


def who(asset: str, /, *, during: DuringOption = None, asked: AskedAt = AskedAt()) -> int:
    """Who had access to an asset, such as page:104857600219483."""
    key, now = asset_key(asset), clock.now()
    moment = as_of(asked.at, asked.known_at, now)
    span = period(during, now) if during else None
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer = services.questions.who_had_access(book, key, moment, during=span)
        return show(views.who(answer), asked.format)


def what(partner: str, /, *, during: DuringOption = None, asked: AskedAt = AskedAt()) -> int:
    """What a partner could do, on every asset."""
    key, now = partner_id(partner), clock.now()
    moment = as_of(asked.at, asked.known_at, now)
    span = period(during, now) if during else None
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer = services.questions.what_could(book, key, moment, during=span)
        return show(views.what(answer), asked.format)


def matrix(*, asked: AskedAt = AskedAt()) -> int:
    """Every partner's access to every asset of a book."""
    moment = as_of(asked.at, asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer: Matrix = services.questions.matrix_at(book, moment)
        return show(views.matrix(answer), asked.format)


def owner(asset: str, /, *, asked: AskedAt = AskedAt()) -> int:
    """Who owned an asset."""
    key = asset_key(asset)
    moment = as_of(asked.at, asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        return show(views.owner(services.questions.owner_at(book, key, moment)), asked.format)


def timeline(subject: str, /, *, asked: AskedAt = AskedAt()) -> int:
    """Everything recorded of an asset (TYPE:ID) or a partner (its id), first to last."""
    of_asset = ":" in subject
    key = asset_key(subject) if of_asset else ("", partner_id(subject))
    moment = as_of(asked.at, asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        questions = services.questions
        view = (
            views.asset_timeline(questions.asset_timeline(book, key, moment))
            if of_asset
            else views.partner_timeline(questions.partner_timeline(book, subject, moment))
        )
        return show(view, asked.format)


def offboard(partner: str, /, *, asked: AskedAt = AskedAt()) -> int:
    """What a partner had, what was cut off and how late, and what is still open."""
    key = partner_id(partner)
    moment = as_of(asked.at, asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer = services.questions.offboarding_report(book, key, moment)
        return show(views.offboarding(answer), asked.format)


def diff(
    *,
    from_: Annotated[str | None, Parameter(name="--from", help="The earlier moment.")] = None,
    to: Annotated[str | None, Parameter(help="The later moment; now by default.")] = None,
    from_known: Annotated[
        str | None, Parameter(help="The earlier state of knowledge: a moment or an entry number.")
    ] = None,
    to_known: Annotated[
        str | None, Parameter(help="The later state of knowledge; the newest entry by default.")
    ] = None,
    asked: AskedAt = AskedAt(),
) -> int:
    """What differs between two moments (--from --to) or two states of knowledge."""
    before, after = _sides(from_, to, from_known, to_known, asked)
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer = services.questions.changes_between(book, before, after)
        return show(views.diff(answer), asked.format)


def _sides(
    from_: str | None, to: str | None, from_known: str | None, to_known: str | None, asked: AskedAt
) -> tuple[AsOf, AsOf]:
    now = clock.now()
    on_moments = from_ is not None or to is not None
    on_knowledge = from_known is not None or to_known is not None
    if on_moments and on_knowledge:
        raise Usage("give --from and --to, or --from-known and --to-known, not both")
    if from_ is not None:
        if asked.at is not None:
            raise Usage("--at has no place beside --from and --to; leave it out")
        known = known_option(asked.known_at, now)
        return AsOf(at_option(from_, now), known), AsOf(at_option(to, now), known)
    if from_known is not None:
        if asked.known_at is not None:
            raise Usage("--known-at has no place beside --from-known and --to-known; leave it out")
        at = at_option(asked.at, now)
        return AsOf(at, known_option(from_known, now)), AsOf(at, known_option(to_known, now))
    raise Usage("say what to compare: --from and --to, or --from-known and --to-known")


def entries(
    *,
    after: Annotated[int, Parameter(help="Begin after this entry.")] = 0,
    limit: Annotated[int | None, Parameter(help="At most so many; all by default.")] = None,
    asked: Asked = Asked(),
) -> int:
    """The book itself: every entry as it was recorded, in order."""
    if after < 0 or (limit is not None and limit < 1):
        raise Usage("--after is an entry number from 0 on, --limit at least 1")
    known = known_option(asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer = _entries(services.questions, book, after, known, limit)
        return show(views.entries(answer), asked.format)


def _entries(
    questions: Questions, book: str, after: int, known_at: datetime | int | None, limit: int | None
) -> EntryList:
    """The entries, read page by page on one state of knowledge."""
    size = min(limit or MAX_PAGE, MAX_PAGE)
    page = questions.entries(book, after=after, known_at=known_at, limit=size)
    found = list(page.entries)
    while page.next_cursor and (limit is None or len(found) < limit):
        page = questions.entries(book, limit=MAX_PAGE, cursor=page.next_cursor)
        found.extend(page.entries)
    return EntryList(book=book, known_at=page.known_at, entries=tuple(found[:limit]))


def anomalies(*, asked: Asked = Asked()) -> int:
    """The entries of a book that have no effect, and why."""
    known = known_option(asked.known_at, clock.now())
    with opened() as (settings, services):
        book = chosen_book(asked.book, settings, services)
        answer: AnomalyList = services.questions.anomalies(book, known_at=known)
        return show(views.anomalies(answer), asked.format)
