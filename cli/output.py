"""Showing an answer: a table for people, TSV, CSV, JSON or JSON lines for programs."""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import IO, Any, Literal

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.failures import Exit

Format = Literal["table", "json", "jsonl", "csv"]
Record = dict[str, str]
"""One row for programs; all values as text, nothing shortened."""
Column = tuple[str, Callable[[Record], str]]
"""A column for people: its heading and what it shows of a record."""


_WHOLE = frozenset(
    {
        "entry", "event", "effective; recorded, by", "asset", "partner", "from, to", "ended",
        "since", "planned", "level",
    }
)  # fmt: skip
"""Columns that are not broken over lines where there is room for that."""
ROOMY = 100
"""So many columns are enough for every table with such columns whole."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One list of an answer."""

    name: str
    items: Sequence[BaseModel]
    fields: tuple[str, ...]
    records: list[Record]
    columns: tuple[Column, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """An answer, ready to be shown."""

    answer: BaseModel
    heading: list[str]
    """What the answer rests on: book, both clocks."""
    sheets: list[Sheet]
    remarks: list[str] = field(default_factory=list)
    """What a list alone would not say, such as that the ledger does not know."""
    exit_code: Exit = Exit.OK


def show(view: View, wanted: Format | None) -> int:
    """Print the view on stdout and return its exit code.

    Where no format is wanted: a table on a terminal, TSV in a pipe. What is not data (the heading,
    the remarks) goes to stderr, except in a table.
    """
    out = sys.stdout
    kind = wanted or ("table" if out.isatty() else "tsv")
    if kind == "table":
        print_view(view, Console(file=out, highlight=False), border=box.SIMPLE_HEAD)
        return view.exit_code
    if kind == "json":
        print(json.dumps(_plain(view.answer), ensure_ascii=False, indent=2), file=out)
    elif kind == "jsonl":
        for item in _items(view):
            print(json.dumps(item, ensure_ascii=False), file=out)
    else:
        _print_rows(view, out, tabs=kind == "tsv")
    out.flush()
    for line in (*view.heading, *view.remarks):
        print(line, file=sys.stderr)
    return view.exit_code


def print_view(view: View, console: Console, *, border: box.Box | None) -> None:
    """The view for people."""
    for line in view.heading:
        console.print(Text(line), soft_wrap=True)
    for sheet in view.sheets:
        if sheet.title:
            console.print(Text(sheet.title), soft_wrap=True)
        if sheet.records:
            console.print(_table(sheet, border, whole=console.width >= ROOMY))
    for line in view.remarks:
        console.print(Text(line), soft_wrap=True)


def plain_text(view: View, width: int = ROOMY) -> str:
    """The view as text of a fixed width, the same on every machine."""
    buffer = StringIO()
    console = Console(file=buffer, width=width, color_system=None, highlight=False)
    print_view(view, console, border=None)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _says_nothing(sheet: Sheet, column: Column) -> bool:
    """Whether it is the column of certainties, and all is certain."""
    name, cell = column
    return name == "certainty" and all(cell(record) == "certain" for record in sheet.records)


def _table(sheet: Sheet, border: box.Box | None, *, whole: bool) -> Table:
    table = Table(box=border, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    columns = [column for column in sheet.columns if not _says_nothing(sheet, column)]
    for name, _ in columns:
        table.add_column(name, overflow="fold", no_wrap=whole and name in _WHOLE)
    for record in sheet.records:
        table.add_row(*(Text(cell(record)) for _, cell in columns))
    return table


def _plain(model: BaseModel) -> Any:
    return model.model_dump(mode="json", by_alias=True)


def _items(view: View) -> list[dict[str, Any]]:
    several = len(view.sheets) > 1
    return [
        {"section": sheet.name, **_plain(item)} if several else _plain(item)
        for sheet in view.sheets
        for item in sheet.items
    ]


def _print_rows(view: View, out: IO[str], *, tabs: bool) -> None:
    several = len(view.sheets) > 1
    names = list(dict.fromkeys(name for sheet in view.sheets for name in sheet.fields))
    header = ["section", *names] if several else names
    rows = [
        [sheet.name, *values] if several else values
        for sheet in view.sheets
        for record in sheet.records
        for values in [[record.get(name, "") for name in names]]
    ]
    if not tabs:
        csv.writer(out, lineterminator="\n").writerows([header, *rows])
        return
    for row in (header, *rows):
        print("\t".join(" ".join(value.split()) for value in row), file=out)
