"""What of a book is shown: all of it, or what concerns one partner (decision 12).

The questions take every row through their scope. That of a partner hands out no statement but
those that name the partner, and names it itself; another statement is not there.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from domain.events import EntryVoided
from domain.judging import replacing_void_id
from ledger.stored_bytes import from_stored
from projections.answers import EntryView, TimelineEntry
from projections.moments import UnknownPartner

Shown = TypeVar("Shown", bound=EntryView)

REPLACED = "replaced by an entry that is not shown here"
"""The reason of a void that was written because an entry about others takes the place."""

_OF_CLOCKS = {"newest_append", "append_by_moment", "append_before", "stored_entry"}
"""What says when a book was written to. Of an entry the questions take the recorded time alone."""
_OF_ONE_PARTNER = {
    "who_had_access": "who_had_access_of_partner",
    "who_had_access_during": "who_had_access_during_of_partner",
    "windows_of_asset": "windows_of_asset_of_partner",
    "who_had_access_of_partner": "who_had_access_of_partner",
    "who_had_access_during_of_partner": "who_had_access_during_of_partner",
    "what_could": "what_could",
    "what_could_during": "what_could_during",
    "windows_of_partner": "windows_of_partner",
    "matrix_at": "what_could",
    "windows": "windows_of_partner",
    "owners": "owners_of_partner",
    "episodes_of_partner": "episodes_of_partner",
    "episodes": "episodes_of_partner",
    "anomalies": "anomalies_of_partner",
    "entries_of_partner": "entries_of_partner",
    "entries_page": "entries_page_of_partner",
    "entries_on_line": "entries_on_line",
}
"""The statement of a partner that stands for each of the questions'."""
_OF_ITS_ASSETS = {
    "owners_of_asset": "owners_of_asset",
    "entries_of_asset": "entries_of_asset_of_partner",
}
"""Those that are asked only of an asset that concerns the partner."""


class Scope:
    """All of a book, or what concerns one partner, for whom there are no others."""

    def __init__(self, sql: Any, partner: str | None = None) -> None:
        self.sql = sql if partner is None else _RowsOfPartner(sql, partner)
        """The statements that the questions may ask."""
        self._whole = sql
        self._partner = partner

    def require(self, book: str, partner: str) -> None:
        """Raise UnknownPartner for a partner that does not exist here, recorded or not."""
        if self._partner not in {None, partner}:
            raise UnknownPartner(book, partner)

    def list_name(self, kind: str) -> str:
        """The name of a list, to which its cursors are bound."""
        return kind if self._partner is None else f"{kind} of {self._partner}"

    def shown(
        self, connection: Any, book: str, entries: Sequence[Shown], known: int
    ) -> tuple[Shown, ...]:
        """The entries without what others bring about in them."""
        if self._partner is None:
            return tuple(entries)
        veiled = {
            entry.number
            for entry in entries
            if entry.event["type"] == EntryVoided.TOPIC
            and speaks_of_others(self._whole, connection, book, entry.number, self._partner, known)
        }
        return tuple(_without_others(entry, veiled) for entry in entries)


class _RowsOfPartner:
    """The statements of the questions, each held to one partner."""

    def __init__(self, sql: Any, partner: str) -> None:
        self._sql = sql
        self._partner = partner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in _OF_CLOCKS:
            return getattr(self._sql, name)  # type: ignore[no-any-return]
        if name in _OF_ITS_ASSETS:
            return self._of_its_assets(getattr(self._sql, _OF_ITS_ASSETS[name]))
        if name not in _OF_ONE_PARTNER:
            raise AttributeError(f"a partner is shown nothing by the statement {name}")
        statement = getattr(self._sql, _OF_ONE_PARTNER[name])
        return lambda connection, **about: statement(
            connection, **{**about, "partner": self._partner}
        )

    def _of_its_assets(self, statement: Callable[..., Iterable[Any]]) -> Callable[..., Any]:
        def asked(connection: Any, **about: Any) -> Iterable[Any]:
            about["partner"] = self._partner
            return statement(connection, **about) if self._sql.concerns(connection, **about) else ()

        return asked


def speaks_of_others(
    sql: Any, connection: Any, book: str, void: int, partner: str, known: int
) -> bool:
    """Whether a void has its words from a fact that does not concern the partner.

    Such a void was written because the fact replaces an entry (decision 6); the fact comes next.
    """
    stored = [sql.stored_entry(connection, book=book, number=number) for number in (void, void + 1)]
    if stored[1] is None:
        return False
    voids, following = (from_stored(book, row["number"], row["state"]) for row in stored)
    if voids.event.id != replacing_void_id(following.event.id):
        return False
    return not concerns(sql, connection, book, following.touches, partner, known)


def concerns(
    sql: Any, connection: Any, book: str, touches: Iterable[str], partner: str, known: int
) -> bool:
    """Whether an entry that touches these subjects concerns a partner, as known at an entry."""
    for subject in touches:
        kind, first, second, *_ = subject.split(":", 3)
        if kind in {"partner", "episode", "line"} and second == partner:
            return True
        if kind == "ownership":
            asset_id = subject.split(":", 2)[2]
            about = {"book": book, "asset_type": first, "asset_id": asset_id, "known": known}
            if sql.concerns(connection, partner=partner, **about):
                return True
    return False


def _without_others(entry: Shown, veiled: set[int]) -> Shown:
    """The entry without the chain of its asset, which others touch, and without others' words."""
    touches = {s: before for s, before in entry.touches.items() if not s.startswith("asset:")}
    changes: dict[str, Any] = {"touches": touches}
    if entry.number in veiled:
        kept = {"type", "book", "entry", "replaces"}
        changes["event"] = {name: entry.event[name] for name in entry.event if name in kept}
    if isinstance(entry, TimelineEntry) and entry.voided_by in veiled:
        changes["why"] = REPLACED
    return entry.model_copy(update=changes)
