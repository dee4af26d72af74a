"""Recording at the terminal: one fact, or a file of fact lines."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Annotated, Self

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bootstrap.services import open_books
from cli.failures import Exit, Failed, Stopped, Usage, complain
from cli.lines import Lines
from cli.options import RECORDED_BY, opened
from cli.signals import on_sigterm
from domain.facts import Fact, book_of
from ledger.book import Books, Receipt
from ledger.importing import BadLine, Rejected, Summary, parse_line
from ledger.processes import MOST_PROCESSES
from ledger.sharing import import_shared, usual_processes


def import_(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    dry_run: Annotated[bool, Parameter(help="Judge every line and write nothing.")] = False,
    processes: Annotated[
        int | None,
        Parameter(
            help="How many processes judge a large file, shared out by book; by default one more "
            f"than there are processors, up to {MOST_PROCESSES}.",
            validator=Number(gte=1, lte=64),
        ),
    ] = None,
) -> int:
    """Import fact lines from FILE (.jsonl or .jsonl.gz), or from stdin with a single -.

    Lines that are refused go to FILE.rejects.jsonl; run it again once they are corrected.
    """
    _no_option(file)
    rejects = Rejects(file, dry_run=dry_run)
    with ExitStack() as stack:
        source = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        settings, _ = stack.enter_context(opened())
        stack.enter_context(rejects)
        lines = Lines(source)
        size = None if file == "-" else Path(file).stat().st_size
        progress = stack.enter_context(_progress(lines, size))
        stack.enter_context(on_sigterm())
        try:
            summary = import_shared(
                partial(open_books, settings),
                lines,
                processes=processes or usual_processes(),
                recorded_by=RECORDED_BY,
                on_reject=rejects.take,
                on_progress=progress,
                dry_run=dry_run,
            )
        except (KeyboardInterrupt, Stopped):
            complain(
                "stopped; what was recorded until then stays: import the file again to go on, "
                "which records nothing twice"
            )
            return Exit.INTERRUPTED
    for line in summary_lines(summary, dry_run=dry_run):
        print(line)
    return _outcome(summary, lines, rejects, file)


def _no_option(argument: str) -> None:
    """A single hyphen is stdin; anything else that begins with one was meant as an option."""
    if argument.startswith("-") and argument != "-":
        raise Usage(f"Unknown option: {argument}. See access-ledger --help.")


def _outcome(summary: Summary, lines: Lines, rejects: "Rejects", file: str) -> int:
    if rejects.count:
        complain(
            f"{rejects.count} rejected; each line is in {rejects.path} with its reason: "
            "correct them, then import the file again"
        )
    if lines.damage:
        complain(
            f"{file}: {lines.damage}; the {lines.given} whole lines before that were read, "
            "what comes after them was not: get the whole file, then import it again"
        )
    return Exit.OK if summary.complete and lines.damage is None else Exit.FAILED


class Rejects:
    """The file of refused lines, made anew by each import that refuses any.

    It lies beside the file that is imported; for what is no file, in the working folder. A dry run
    has one of its own.
    """

    def __init__(self, source: str, *, dry_run: bool) -> None:
        path = Path("stdin" if source == "-" else source)
        if path.is_dir():
            raise Failed(f"{source} is a folder; name a file of fact lines, or - for stdin")
        folder = path.parent if path.is_file() else Path()
        self.path = folder / f"{path.name}{'.dry-run' if dry_run else ''}.rejects.jsonl"
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Before any line is judged: once lines are written, no refusal may be lost."""
        try:
            self.path.unlink(missing_ok=True)  # what an earlier import of this file refused
        except OSError as error:
            raise self._unwritable(str(error.strerror)) from None
        if not os.access(self.path.parent, os.W_OK):
            raise self._unwritable("the folder cannot be written to")
        return self

    def _unwritable(self, why: str) -> Failed:
        return Failed(
            f"refused lines would go to {self.path}, and {why}; nothing was imported: "
            "import from a folder that can be written to, or pipe the file in (import -)"
        )

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def take(self, rejected: Rejected) -> None:
        """Keep one refused line."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self.count += 1
        line = {"line": rejected.line, "reason": rejected.reason, "text": rejected.text}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


@contextmanager
def _progress(lines: Lines, size: int | None) -> Iterator[Callable[[Summary], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.fields[counts]}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("import", total=size, counts="reading")

        def show(summary: Summary) -> None:
            counts = f"{summary.lines:,} lines, {summary.rejected:,} rejected"
            bar.update(task, completed=lines.bytes_read, counts=counts)

        yield show


def summary_lines(summary: Summary, *, dry_run: bool) -> list[str]:
    """What an import came to, in words."""
    if not summary.lines:
        return ["nothing to import: no lines"]
    if summary.already == summary.lines:
        return [f"nothing new: all {summary.lines} lines were recorded before"]
    done = "would be recorded" if dry_run else "recorded"
    books = f"{len(summary.books)} book{'' if len(summary.books) == 1 else 's'}"
    lines = f"{summary.lines} line{'' if summary.lines == 1 else 's'}"
    entries = f"{summary.entries} entr{'y' if summary.entries == 1 else 'ies'}"
    words = [
        (
            f"{lines} read: {summary.written} {done} as {entries} in {books}, "
            f"{summary.already} recorded before, {summary.rejected} rejected"
        )
    ]
    return [*words, "dry run: nothing was written"] if dry_run else words


def record(
    fact: Annotated[
        str,
        Parameter(
            help="A fact as a JSON object, an array of them, or - for stdin.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
) -> int:
    """Record one fact, or an array of facts that is judged and written as one whole."""
    _no_option(fact)
    facts = stated_facts(sys.stdin.read() if fact == "-" else fact)
    with opened() as (_, services):
        for line in receipt_lines(record_facts(services.books, facts)):
            print(line)
    return Exit.OK


def record_facts(books: Books, facts: list[Fact], recorded_by: str = RECORDED_BY) -> Receipt:
    """Record the facts in the book of the first of them."""
    return books.handle(book_of(facts[0]), facts, recorded_by=recorded_by)


def stated_facts(raw: str | bytes) -> list[Fact]:
    """The facts of a JSON object or array. Raises Failed with what is wrong."""
    try:
        return parse_line(raw)
    except BadLine as error:
        raise Failed(f"not recorded: {error}") from None


def receipt_lines(receipt: Receipt) -> list[str]:
    """What became of an append, in words."""
    lines = [
        f"{taken.fact_id}: entry {taken.written.entry.number} of book {receipt.book} "
        f"(position {taken.written.position})"
        + ("" if taken.status == "written" else ", recorded before; nothing was written")
        for taken in receipt.facts
    ]
    if receipt.lost:
        lines.append(f"lost their effect: entries {', '.join(map(str, receipt.lost))}")
    if receipt.gained:
        lines.append(f"gained effect: entries {', '.join(map(str, receipt.gained))}")
    return lines
