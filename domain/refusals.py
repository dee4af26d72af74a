"""Why an append is refused: each class builds its message from what was asked.

A message says what was asked, what stands in the way and what to do next. When one of these is
raised, nothing was recorded.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.instants import format_instant, from_microseconds
from domain.windows import Anomaly, Objection, Placed


class Refused(Exception):
    """The append was not recorded."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str) -> None:
        self.fact_id: str | None = None
        """The fact that was refused, where one fact of the append is to blame."""
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a fact says of whom, for messages."""

    owner: str
    partner: str | None
    asset: tuple[str, str] | None

    @property
    def asset_text(self) -> str:
        """The asset as it is written at the terminal: ``page:104857600219483``."""
        return ":".join(self.asset) if self.asset else "the asset"


def day_or_moment(at: datetime) -> str:
    """The moment, short where it is a midnight."""
    text = format_instant(at)
    return text[:10] if text.endswith("T00:00:00.000000Z") else text


def _in_the_way(anomaly: Anomaly) -> str:
    return f" (entry {anomaly.blocker})" if anomaly.blocker else ""


def objection_text(anomaly: Anomaly, placed: Placed, stated: Stated) -> tuple[str, str]:
    """What stands in the way of an event, and what to do next."""
    on = day_or_moment(from_microseconds(placed.effective))
    owner, partner, asset = stated.owner, stated.partner, stated.asset_text
    blocker = _in_the_way(anomaly)
    match anomaly.objection:
        case "partner_already_added":
            return (
                f"{partner} is already a partner of {owner} on {on}{blocker}",
                "record its removal first, or leave this fact out",
            )
        case "not_a_partner":
            return (f"{partner} is not a partner of {owner} on {on}", "add the partner first")
        case "already_the_owner":
            return (
                f"{owner} is already the owner of {asset} on {on}{blocker}",
                "leave this fact out, or void that entry first",
            )
        case "not_the_owner" if anomaly.actual_owner:
            return (
                f"{owner} is not the owner of {asset} on {on}: {anomaly.actual_owner} is{blocker}",
                "only the owner can do this; record a transfer first, or correct the owner",
            )
        case "not_the_owner":
            return (
                f"{owner} is not known to own {asset} on {on}",
                "record an ownership-established first",
            )
        case "access_already_held":
            return (
                f"{partner} already holds access to {asset} on {on}{blocker}",
                "record an access-changed instead",
            )
        case "access_not_held":
            return (
                f"{partner} holds no access to {asset} from {owner} on {on}",
                "record the grant first, or leave this fact out",
            )


class DoesNotApply(Refused):
    """A fact that would have no effect where it stands."""

    def __init__(self, anomaly: Anomaly, placed: Placed, stated: Stated) -> None:
        self.objection: Objection = anomaly.objection
        super().__init__("; ".join(objection_text(anomaly, placed, stated)))


class PartnerAlreadyAdded(DoesNotApply):
    """The pair's episode is open already."""

    code = "partner-already-added"


class NotAPartner(DoesNotApply):
    """The pair has no open episode."""

    code = "not-a-partner"


class AlreadyTheOwner(DoesNotApply):
    """The asset has this owner already."""

    code = "already-the-owner"


class NotTheOwner(DoesNotApply):
    """Only the owner of an asset can grant, transfer or release it."""

    code = "not-the-owner"


class AccessAlreadyHeld(DoesNotApply):
    """A second grant is a change."""

    code = "access-already-held"


class AccessNotHeld(DoesNotApply):
    """There is no open window to change or close."""

    code = "access-not-held"


REFUSAL_OF: dict[Objection, type[DoesNotApply]] = {
    "partner_already_added": PartnerAlreadyAdded,
    "not_a_partner": NotAPartner,
    "already_the_owner": AlreadyTheOwner,
    "not_the_owner": NotTheOwner,
    "access_already_held": AccessAlreadyHeld,
    "access_not_held": AccessNotHeld,
}


class OwnedByAnother(Refused):
    """An ownership established over a different owner: a transfer says it."""

    code = "owned-by-another"

    def __init__(self, *, asset: str, owner: str, actual_owner: str, at: datetime) -> None:
        super().__init__(
            f"{asset} is owned by {actual_owner} on {day_or_moment(at)}; record an "
            f"ownership-transferred from {actual_owner} to {owner}, or end its ownership first"
        )


class WouldUndo(Refused):
    """The append would take the effect of an entry that is already in the book."""

    code = "would-undo"

    def __init__(self, anomaly: Anomaly, placed: Placed, stated: Stated) -> None:
        kind = placed.kind.TOPIC.partition("/")[0]
        obstacle, _ = objection_text(anomaly, placed, stated)
        super().__init__(
            f"entry {anomaly.number} ({kind}) would lose its effect: {obstacle}; "
            "void or replace it in the same append, or add the facts that are missing between"
        )


class InTheFuture(Refused):
    """The ledger records what has become true, not what will."""

    code = "in-the-future"

    def __init__(self, effective_at: datetime, recorded_at: datetime) -> None:
        super().__init__(
            f"effective_at {format_instant(effective_at)} is later than the ledger's clock "
            f"{format_instant(recorded_at)}; record it once it has happened"
        )


class BoundAfterEvent(Refused):
    """The old state cannot have been seen after the new one."""

    code = "bound-after-event"

    def __init__(self, effective_after: datetime, effective_at: datetime) -> None:
        super().__init__(
            f"effective_after {format_instant(effective_after)} is not before the moment of the "
            f"fact {format_instant(effective_at)}; it is the last moment the old state was seen"
        )


class UnknownEntry(Refused):
    """There is no such entry to void or replace."""

    code = "unknown-entry"

    def __init__(self, book: str, target: int | str, newest: int) -> None:
        name = f"entry {target}" if isinstance(target, int) else f"a fact with the id {target!r}"
        super().__init__(
            f"book {book} holds no {name.removeprefix('a ')} from before this append; its newest "
            f"entry is {newest}; look the number up in the book's entries"
        )


class AlreadyVoid(Refused):
    """An entry can be void only once."""

    code = "already-void"

    def __init__(self, entry: int, voided_by: int | None) -> None:
        super().__init__(
            f"entry {entry} is void already (by entry {voided_by}); "
            "to bring it back, void that entry"
            if voided_by
            else f"entry {entry} is voided twice in this append; void it once"
        )


class CorrectedTooOften(Refused):
    """The place of an entry names every entry that it stands in for, so it has a length."""

    code = "corrected-too-often"

    def __init__(self, entry: int, limit: int) -> None:
        super().__init__(
            f"entry {entry} is the last of {limit} replacements of one fact, and there can be no "
            "more; void it, and record what is right as a fact that replaces nothing"
        )


class IdTaken(Refused):
    """A fact's id stands for its content for ever."""

    code = "id-taken"

    def __init__(self, fact_id: str, entry: int | None) -> None:
        where = f"by entry {entry}" if entry else "by another fact of this append"
        super().__init__(
            f"the fact id {fact_id!r} is taken {where}, with other content; "
            "give the new fact an id of its own, or void and replace that entry"
        )


class ClockAstray(Refused):
    """Two clocks that disagree cannot say when something was recorded."""

    code = "clock-astray"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail}; set this machine's clock (NTP), then try again")


class TooMuchAtOnce(Refused):
    """An append is judged and written as a whole, so it has a size."""

    code = "too-much-at-once"

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(f"{what} is more than one append may hold ({limit}); send it in parts")


class BooksDiffer(Refused):
    """One append belongs to one book."""

    code = "books-differ"

    def __init__(self, wanted: str, named: str) -> None:
        super().__init__(
            f"a fact for book {named} cannot be part of an append to book {wanted}; "
            "send it to its own book"
        )


class Conflict(Refused):
    """Others kept writing to the book while this append was judged."""

    code = "conflict"

    def __init__(self, book: str, attempts: int) -> None:
        super().__init__(
            f"book {book} was written to by others during all {attempts} attempts; "
            "nothing was recorded, send the same facts again"
        )


class KeyReused(Refused):
    """An idempotency key stands for one append for ever."""

    code = "idempotency-key-reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the Idempotency-Key {key!r} was sent before with other facts; send those again as "
            "they were, or give the new facts a key of their own"
        )


class KeyInProgress(Refused):
    """The first request with an idempotency key is still at work."""

    code = "idempotency-key-in-progress"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"a request with the Idempotency-Key {key!r} is still being handled; "
            "wait, then send the same again to learn what became of it"
        )


class BookMovedOn(Refused):
    """The append was meant for the book as it stood at another entry."""

    code = "book-moved-on"

    def __init__(self, book: str, newest: int, wanted: Collection[int]) -> None:
        few = sorted(wanted) if len(wanted) < 10 else ["an entry"]  # noqa: PLR2004 - more are none
        asked = " or ".join(map(str, few)) or "a tag that no book can have"
        super().__init__(
            f"the newest entry of book {book} is {newest}, and If-Match asks for {asked}; "
            "nothing was recorded: read what was added, then send the facts with the new number"
        )
