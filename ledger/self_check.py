"""The self-check: every stored entry is hashed again and held to the tree and to checkpoints."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from domain.instants import format_instant
from evidence.checkpoints import Checkpoint
from evidence.errors import VerificationError
from evidence.merkle import Appender, Row, leaf_hash
from ledger.book import Clock
from ledger.checkpoints import (
    REBUILD,
    RESTORE,
    CheckpointsMissing,
    LogDamaged,
    require_never_signed,
    stored_checkpoint,
)
from ledger.database import Database, load_sql
from ledger.keyring import Keyring
from ledger.log import BATCH, Log
from ledger.tree import StoredTree

_OTHER_HASH = (
    "does not have the hash that was sealed: its bytes were changed, or an entry before it was "
    "taken out or put in"
)


class EntryChanged(VerificationError):
    """The stored bytes of an entry are not those that were sealed."""

    def __init__(self, entry: str, position: int, detail: str) -> None:
        super().__init__(f"{entry}, at position {position}, {detail}; {RESTORE}")


class EntriesMissing(VerificationError):
    """The store holds fewer entries than were sealed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; {RESTORE} that holds them")


class TreeDamaged(VerificationError):
    """A stored hash of the tree is not the one that the entries make."""

    def __init__(self, level: int, index: int) -> None:
        super().__init__(
            f"the stored hash {index} of level {level} of the tree is not the one that the entries "
            f"make, and they are as they were sealed; {REBUILD}"
        )


class CheckpointBroken(VerificationError):
    """The entries do not add up to what a checkpoint signed."""

    def __init__(self, name: str, size: int, before: int) -> None:
        super().__init__(
            f"the first {size} entries do not add up to {name}: one of those after the first "
            f"{before} is not what it was when that was signed; {RESTORE}"
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What a self-check went through without finding anything."""

    entries: int
    sealed: int
    """How many of them the newest checkpoint is over; the others were not signed for before."""
    checkpoints: int
    root: bytes


def check_log(
    database: Database,
    keyring: Callable[[], Keyring],
    *,
    against: Checkpoint | None = None,
) -> Checked:
    """Hash every entry again. Raises VerificationError, naming the first entry that differs.

    `keyring` reads the keys, after the checkpoints, which newer ones may have signed. `against` is
    a checkpoint that was kept elsewhere: the log must extend it.
    """
    return _Check(database, keyring, against).run()


@dataclass(frozen=True, slots=True)
class LastCheck:
    """When this ledger was last checked as a whole, and what was found."""

    checked_at: str
    entries: int
    """How many the last check went through that found nothing wrong."""
    problem: str | None


def check_and_note(
    log: Log, database: Database, clock: Clock, *, against: Checkpoint | None = None
) -> Checked:
    """Check, seal, and note what was found, for `doctor` to tell. Raises VerificationError."""
    try:
        done = check_log(database, log.keyring, against=against)  # as it is, before it grows
        log.seal()
    except VerificationError as error:
        _note(database, clock, 0, str(error))
        raise
    _note(database, clock, done.entries, None)
    return done


def _note(database: Database, clock: Clock, entries: int, problem: str | None) -> None:
    sql = load_sql(Path(__file__).parent / "sql", database.dialect)
    checked_at = format_instant(clock())
    with database.writing() as connection:
        sql.put_check(connection, checked_at=checked_at, entries=entries, problem=problem)


def last_check(database: Database) -> LastCheck | None:
    """The last check that was noted."""
    sql = load_sql(Path(__file__).parent / "sql", database.dialect)
    with database.reading() as connection:
        row = sql.last_check(connection)
    return LastCheck(row["checked_at"], row["entries"], row["problem"]) if row else None


class _Check:
    def __init__(
        self, database: Database, keyring: Callable[[], Keyring], against: Checkpoint | None
    ) -> None:
        self.database = database
        self.sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self.tree = Appender()
        with database.reading() as connection:  # first, so that what is read next is no older
            self.state = self.sql.log_state(connection)
        self.signed = self._checkpoints(keyring)
        self.own = len(self.signed)
        if against:
            self.signed.append(("the checkpoint given", against))
        self.signed.sort(key=lambda named: named[1].size)
        self.held = 0
        """How many checkpoints the entries so far were held to."""
        self.doubt: EntryChanged | None = None
        """An entry that the tree has otherwise; the next checkpoint tells which is right."""
        self.doubted = 0
        """Its leaf."""
        self.damage: VerificationError | None = None
        """What is wrong with the tree alone; the entries have to be looked at to the last."""

    def _checkpoints(self, keyring: Callable[[], Keyring]) -> list[tuple[str, Checkpoint]]:
        with self.database.reading() as connection:
            rows = list(self.sql.all_checkpoints(connection))
            last = self.sql.last_check(connection)
            runs = self.sql.log_runs(connection)
            self.runs = deque((run["first_leaf"], run["first_position"]) for run in runs)
        found, keys = [], keyring()
        if not rows:
            require_never_signed(last)
        for nth, row in enumerate(rows, 1):
            if row["nth"] != nth:
                raise CheckpointsMissing(f"checkpoint {nth}")
            checkpoint = stored_checkpoint(row, keys).checkpoint
            found.append((f"checkpoint {row['nth']} (signed at {row['signed_at']})", checkpoint))
        return found

    def run(self) -> Checked:
        try:
            self._walk()
        except VerificationError as error:
            raise self.doubt or error from None
        if found := self.doubt or self.damage:
            raise found
        signed = self.signed[-1][1].size if self.signed else 0
        return Checked(self.tree.size, signed, self.own, self.tree.root())

    def _walk(self) -> None:
        """Go through the entries; raises what cannot be borne, and keeps the rest."""
        self.sealed = self.state["size"] if self.state else 0
        if self.state is None:
            self._note_damage(LogDamaged("how far the log has come is not stored", REBUILD))
        elif self.sealed and not self.runs:
            self._note_damage(LogDamaged("which positions are which leaves is not stored", REBUILD))
            self.sealed = 0  # then the entries are held to the checkpoints alone
        position = 0
        self._hold_to_checkpoints(0)  # one may be over the log before its first entry
        while rows := self._entries(position):
            position = rows[-1]["position"]
            self._take(rows)
        if self.tree.size < self.sealed:
            raise EntriesMissing(
                f"the log has {self.sealed} leaves and the store {self.tree.size} entries: the "
                f"newest ones, from leaf {self.tree.size} on, are missing"
            )
        self._hold_to_checkpoints(self.tree.size, last=True)

    def _note_damage(self, found: VerificationError) -> None:
        self.damage = self.damage or found

    def _entries(self, position: int) -> list[Any]:
        with self.database.reading() as connection:
            return list(self.sql.entries_after_position(connection, position=position, limit=BATCH))

    def _take(self, rows: Sequence[Any]) -> None:
        for row in rows:
            _require_own_place(row)
        hashes = [leaf_hash(row["state"]) for row in rows]
        stored = self._stored_hashes(0, self.tree.size, len(rows))
        first, end = self.tree.size, self.tree.size + len(rows)
        while (start := self.tree.size) < end:  # as far as the next checkpoint
            ahead = self.signed[self.held][1].size if self.held < len(self.signed) else end
            until = min(ahead, end)
            for leaf in range(start, min(until, self.sealed)):
                at = leaf - first
                self._hold_to_leaf(leaf, rows[at], as_sealed=hashes[at] == stored[at])
            for made in self.tree.extend(hashes[start - first : until - first]):
                self._hold_to_tree(made)
            self._hold_to_checkpoints(self.tree.size)

    def _hold_to_leaf(self, leaf: int, row: Any, *, as_sealed: bool) -> None:
        """Hold an entry to the leaf that it is, and to the position that is noted for it."""
        position, expected = row["position"], self._position_of(leaf)
        if position != expected and as_sealed:
            what = f"position {expected} is noted for leaf {leaf}, whose entry is at {position}"
            self._note_damage(LogDamaged(what, REBUILD))
        elif position != expected:
            raise EntriesMissing(
                f"the entry that was sealed at position {expected} is missing; {_named(row)}, at "
                f"position {position}, comes in its place"
            )
        elif not as_sealed and not self.doubt:
            self.doubt = EntryChanged(_named(row), position, _OTHER_HASH)
            self.doubted = leaf

    def _hold_to_tree(self, made: Row) -> None:
        """Hold the hashes that proofs are made from to those that the entries make."""
        wanted = made.hashes[: max(0, (self.sealed >> made.level) - made.start)]
        if made.level and wanted and not self.doubt:
            stored = self._stored_hashes(made.level, made.start, len(wanted))
            for index, (ours, theirs) in enumerate(zip(wanted, stored, strict=True), made.start):
                if ours != theirs:
                    self._note_damage(TreeDamaged(made.level, index))

    def _position_of(self, leaf: int) -> int:
        while len(self.runs) > 1 and self.runs[1][0] <= leaf:
            self.runs.popleft()
        first_leaf, first_position = self.runs[0] if self.runs else (0, 1)
        return first_position + leaf - first_leaf

    def _hold_to_checkpoints(self, size: int, *, last: bool = False) -> None:
        while self.held < len(self.signed):
            name, checkpoint = self.signed[self.held]
            if checkpoint.size > size:
                if last:
                    raise EntriesMissing(
                        f"{name} is over {checkpoint.size} entries, and the store holds {size}: "
                        "entries are missing, or an older copy was restored"
                    )
                return
            if checkpoint.root != self.tree.root():
                before = self.signed[self.held - 1][1].size if self.held else 0
                raise CheckpointBroken(name, checkpoint.size, before)
            self.held += 1
            if self.doubt and self.doubted < checkpoint.size:
                self._note_damage(TreeDamaged(0, self.doubted))
                self.doubt = None

    def _stored_hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """Hashes side by side as the tree has them; empty for what it does not have."""
        with self.database.reading() as connection:
            return StoredTree(self.sql, connection).hashes(level, first, count)


def _named(row: Any) -> str:
    return f"entry {row['number']} of book {row['book']}"


def _require_own_place(row: Any) -> None:
    """Hold the columns of a row, by which it is found, to the bytes that are sealed."""
    if not isinstance(row["state"], bytes):
        raise EntryChanged(_named(row), row["position"], "is not stored as bytes any more")
    try:
        fields = orjson.loads(row["state"])
        same = (fields["book"], fields["number"]) == (row["book"], row["number"])
    except (ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise EntryChanged(_named(row), row["position"], "does not hold the entry it is filed as")
