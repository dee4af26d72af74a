"""The real histories beside the project, and a naive fold of them to compare with."""

import gzip
import json
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ledger.book import Books
from ledger.importing import Rejected, import_lines

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
HISTORIES = ("suppliers", "moj")

Cell = tuple[str, str, str, str, tuple[str, ...]]
"""Owner, partner, asset type, asset id, tasks."""


def path_of(name: str) -> Path:
    """The file of a history; skips the test where the folder is absent."""
    path = DATA / f"{name}.facts.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is absent: the real histories lie beside the project, not in it")
    return path


def fill(books: Books, name: str) -> None:
    """Record a history."""

    def refuse(rejected: Rejected) -> None:
        raise AssertionError(f"line {rejected.line} was refused: {rejected.reason}")

    with gzip.open(path_of(name), "rb") as file:
        import_lines(books, file, recorded_by="test", on_reject=refuse)


@lru_cache
def facts_of(name: str) -> tuple[dict[str, Any], ...]:
    """The facts of a history, in file order."""
    with gzip.open(path_of(name), "rb") as file:
        return tuple(json.loads(line) for line in file)


@lru_cache
def golden_of(name: str) -> tuple[tuple[str, frozenset[Cell]], ...]:
    """The true matrices: instant and cells."""
    with gzip.open(path_of(name).with_name(f"{name}.golden.json.gz"), "rb") as file:
        return tuple(
            (golden["at"], frozenset((*cell[:4], tuple(cell[4])) for cell in golden["matrix"]))
            for golden in json.load(file)
        )


def naive_folds(facts: Iterable[dict[str, Any]], moments: Iterable[str]) -> Iterator[set[Cell]]:
    """Who held what at each of some moments, in order: the file read line by line.

    Nothing of the ledger's own is used. The moments of the files are canonical text, so they
    compare as text.
    """
    held: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
    waiting = deque(sorted(facts, key=lambda fact: str(fact["effective_at"])))
    for at in moments:
        while waiting and waiting[0]["effective_at"] <= at:
            _take(held, waiting.popleft())
        yield {(*line, tasks) for line, tasks in held.items()}


def naive_fold(facts: Iterable[dict[str, Any]], at: str) -> set[Cell]:
    """Who held what at one moment."""
    return next(naive_folds(facts, [at]))


def _take(held: dict[tuple[str, str, str, str], tuple[str, ...]], fact: dict[str, Any]) -> None:
    asset = (fact["asset"]["type"], fact["asset"]["id"]) if "asset" in fact else ("", "")
    line = (fact["owner"], fact.get("partner", ""), *asset)
    match fact["fact"]:
        case "access-granted" | "access-changed":
            held[line] = tuple(sorted(set(fact["tasks"])))
        case "access-revoked":
            held.pop(line, None)
        case "partner-removed":
            for key in [key for key in held if key[:2] == line[:2]]:
                del held[key]
        case "ownership-established" | "ownership-ended":
            gone = fact["fact"] == "ownership-ended"
            for key in [k for k in held if k[2:] == asset and (gone or k[0] != fact["owner"])]:
                del held[key]
