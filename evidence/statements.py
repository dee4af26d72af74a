"""Statements: what a ledger says is the newest of each subject, to be signed as a note.

An entry names, for each subject that it touches, the entry that touched it before. So whoever has
the newest entry of a subject can walk down to the first one and miss none. Which one is the newest
the entries themselves cannot show: the signer states it for the tree of one size, and can be held
to it by every later tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from evidence.checkpoints import parse_decimal
from evidence.errors import MalformedHash, MalformedStatement
from evidence.merkle import MAX_SIZE, require_hash
from evidence.notes import from_base64, to_base64
from evidence.shapes import is_asset, is_instant, is_portfolio, matches, shown

FIRST_LINE = "access-ledger statement/v1"
STATEMENTS = "/statements"
"""What is added to a log's origin to name the key that signs statements and packs."""

_CONTROL = re.compile(r"[\x00-\x1f]")
_ASSET_SUBJECTS = ("asset", "ownership")
_PAIR_SUBJECTS = ("partner", "episode")
_HEAD = 6
_is_pair = matches(r"[0-9]{5,20}:[0-9]{5,20}")


def is_subject(text: str) -> bool:
    """Whether a text is a subject that answers rest on: of an asset, a pair or a line."""
    kind, _, rest = text.partition(":")
    if kind in _PAIR_SUBJECTS:
        return _is_pair(rest)
    if kind == "line":
        owner, partner, asset_type, asset_id = (*rest.split(":", 3), "", "", "", "")[:4]
        return _is_pair(f"{owner}:{partner}") and is_asset(asset_type, asset_id)
    asset_type, _, asset_id = rest.partition(":")
    return kind in _ASSET_SUBJECTS and is_asset(asset_type, asset_id)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the signer says of one book in the tree of one size.

    Whether an entry was left out of a subject's chain is shown by the chain and `newest`. That
    `owners` and `owned` are all there are is a claim of the signer that no chain can show; it is
    signed, so that it can be held against the signer when an entry turns up that it leaves out.
    """

    origin: str
    """Which log it is."""
    size: int
    root: bytes
    book: str
    known_at: int
    """The end of an append of the book; 0 before the first."""
    recorded_at: str | None
    """When that append was recorded; None before the first."""
    newest: dict[str, int]
    """The newest entry of each subject in the whole tree; 0 if no entry touches it."""
    owners: tuple[str, ...] = ()
    """Every portfolio that, as an owner, has an entry with the partner in this book: a claim.

    Of a line, only those that have an entry in the pair's episodes or on the line.
    """
    owned: tuple[tuple[str, str], ...] = ()
    """Every asset of which the partner was ever recorded as owner in this book: a claim."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "owners", tuple(sorted(set(self.owners))))
        object.__setattr__(self, "owned", tuple(sorted(set(self.owned))))
        if not self.origin or _CONTROL.search(self.origin):
            _refuse("its origin is not one line of text")
        if not 0 <= self.size <= MAX_SIZE:
            _refuse("the size of its tree is not from 0 to 2^63 - 1")
        try:
            require_hash("the root of the statement", self.root)
        except MalformedHash as error:
            raise MalformedStatement(str(error)) from None
        if not is_portfolio(self.book):
            _refuse("its book is not the id of a portfolio")
        self._require_moment()
        self._require_subjects()

    def _require_moment(self) -> None:
        if not 0 <= self.known_at <= self.size:
            _refuse(f"entry {self.known_at} of a book is not in a tree of {self.size} entries")
        if (self.recorded_at is None) is not (self.known_at == 0):
            _refuse("a recorded time belongs to an entry, and only the number 0 has none")
        if self.recorded_at is not None and not is_instant(self.recorded_at):
            _refuse("its recorded time is not in the canonical form")

    def _require_subjects(self) -> None:
        for subject, number in self.newest.items():
            if not is_subject(subject):
                _refuse(f"{shown(subject)} is not a subject")
            if not 0 <= number <= self.size:
                _refuse(f"the newest entry of {subject} is not in a tree of {self.size} entries")
        for owner in self.owners:
            if not is_portfolio(owner):
                _refuse(f"{shown(owner)} is not the id of a portfolio")
        for asset in self.owned:
            if not is_asset(*asset):
                _refuse(f"{shown(asset[0])} and {shown(asset[1])} do not name an asset")

    def __str__(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield FIRST_LINE
        yield self.origin
        yield str(self.size)
        yield to_base64(self.root)
        yield self.book
        yield f"{self.known_at} {self.recorded_at or '-'}"
        for subject, number in sorted(self.newest.items()):
            yield f"newest {subject} {number}"
        for owner in self.owners:
            yield f"owner {owner}"
        for asset in self.owned:
            yield f"owned {':'.join(asset)}"


def _refuse(detail: str) -> NoReturn:
    raise MalformedStatement(f"the statement cannot be: {detail}")


def parse_statement(text: str) -> Statement:
    """The statement that the text of a note makes. Whether it is signed is not looked at."""
    first, *lines = text.split("\n")
    if first != FIRST_LINE:
        raise MalformedStatement(f"the text does not begin with the line {FIRST_LINE!r}")
    if len(lines) < _HEAD or lines.pop():
        raise MalformedStatement(
            "a statement is an origin, a size, a root hash, a book and a state of knowledge, each "
            "on a line of its own, and then its subjects"
        )
    origin, size, root, book, known, *rest = lines
    known_at, _, recorded_at = known.partition(" ")
    newest, owners, owned = _read_rest(rest)
    found = Statement(
        origin=origin,
        size=_number(size),
        root=_root(root),
        book=book,
        known_at=_number(known_at),
        recorded_at=None if recorded_at == "-" else recorded_at,
        newest=newest,
        owners=owners,
        owned=owned,
    )
    if str(found) != text:
        raise MalformedStatement(
            "the lines of the statement are not sorted, or not each there once"
        )
    return found


def _read_rest(
    lines: list[str],
) -> tuple[dict[str, int], tuple[str, ...], tuple[tuple[str, str], ...]]:
    newest: dict[str, int] = {}
    owners: list[str] = []
    owned: list[tuple[str, str]] = []
    for line in lines:
        match line.split(" "):
            case ["newest", subject, number]:
                newest[subject] = _number(number)
            case ["owner", owner]:
                owners.append(owner)
            case ["owned", asset]:
                asset_type, _, asset_id = asset.partition(":")
                owned.append((asset_type, asset_id))
            case _:
                raise MalformedStatement(f"{shown(line)} is not a line of a statement")
    return newest, tuple(owners), tuple(owned)


def _number(text: str) -> int:
    number = parse_decimal(text)
    if number is None:
        raise MalformedStatement(f"{shown(text)} is not a number of a statement")
    return number


def _root(text: str) -> bytes:
    root = from_base64(text)
    if root is None:
        raise MalformedStatement(f"{shown(text)} is not a root hash in base64")
    return root
