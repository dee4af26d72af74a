"""Export: a book as fact lines that import into an empty ledger with the same answers."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import Parameter

from cli.failures import Exit, Failed
from cli.options import opened
from domain.entry import Entry
from domain.events import EntryVoided
from domain.facts import MAX_FACTS_IN_APPEND
from domain.judging import replacing_void_id
from ledger.book import Books
from ledger.stored_bytes import event_fields

LONGEST_FACT_ID = 200


def export(
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="A file instead of stdout.")
    ] = None,
    book: Annotated[str | None, Parameter(help="One book; all of them by default.")] = None,
) -> int:
    """Write fact lines that import into an empty ledger with the same answers."""
    with ExitStack() as stack:
        _, services = stack.enter_context(opened())
        books = services.books
        names = sorted(books.books())
        if book is not None and book not in names:
            raise Failed(f"this ledger holds no book {book}; check the portfolio id")
        out = stack.enter_context(output.open("wb")) if output else sys.stdout.buffer
        lines = 0
        for name in [book] if book else names:
            for line in book_lines(books, name):
                out.write(line + b"\n")
                lines += 1
        out.flush()
    print(f"{lines} lines of {1 if book else len(names)} books written", file=sys.stderr)
    return Exit.OK


def book_lines(books: Books, book: str) -> Iterator[bytes]:
    """One JSON line for each append of the book; an array where it had several entries."""
    fact_ids: list[str] = []
    entries = (written.entry for written in books.entries(book))
    for _, group in groupby(entries, key=lambda entry: entry.recorded_at):
        append = list(group)
        fact_ids.extend(entry.event.id for entry in append)
        facts = [_fact(entry, fact_ids) for entry in _needed(append)]
        yield orjson.dumps(facts if len(facts) > 1 else facts[0])


def _needed(append: list[Entry]) -> Iterable[Entry]:
    """The entries that an import of the append has to be told.

    The void that a replacement brings is told too, where it can be: beyond the limits of an append
    it is left out, and the import writes the same one anew.
    """
    longest = max(len(entry.event.id) for entry in append)
    if len(append) <= MAX_FACTS_IN_APPEND and longest <= LONGEST_FACT_ID:
        return append
    brought = {replacing_void_id(entry.event.id) for entry in append}
    return [
        entry
        for entry in append
        if not (isinstance(entry.event, EntryVoided) and entry.event.id in brought)
    ]


def _fact(entry: Entry, fact_ids: list[str]) -> dict[str, Any]:
    """The fact that an entry was recorded from; entries are named by their facts' ids."""
    fields = event_fields(entry)
    fact: dict[str, Any] = {"fact": fields.pop("type").partition("/")[0], **fields}
    fact["book"] = entry.book
    if isinstance(entry.event, EntryVoided):
        fact["fact_id"] = fact_ids[fact.pop("entry") - 1]
    elif "replaces" in fact:
        fact["replaces"] = fact_ids[fact["replaces"] - 1]
    return fact
