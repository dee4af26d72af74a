"""Fact lines: the commands, as a caller sends them over HTTP, in a file or at the terminal."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from domain.events import (
    AccessChanged,
    AccessGranted,
    AccessRevoked,
    AnyEffective,
    OwnershipEnded,
    OwnershipEstablished,
    OwnershipTransferred,
    PartnerAdded,
    PartnerRemoved,
)
from domain.instants import format_instant
from domain.terms import (
    EndTerms,
    EstablishmentTerms,
    PairTerms,
    Provenance,
    RemovalTerms,
    RevocationTerms,
    TaskTerms,
    TransferTerms,
)
from domain.values import (
    EntryNumber,
    FactId,
    Instant,
    PortfolioId,
    Prose,
    is_calendar_day,
)

MAX_FACTS_IN_APPEND = 1000
"""More facts than this cannot be judged and written as one whole."""


class Command(Provenance):
    """One fact that a caller asks the ledger to record."""

    id: FactId
    replaces: EntryNumber | FactId | None = None
    """The entry, by number or fact id, that this fact stands in for; the append voids it."""


class EffectiveCommand(Command):
    """A fact with a moment; where it gives none, it is the moment of recording."""

    EVENT: ClassVar[type[AnyEffective]]
    STATED: ClassVar[tuple[str, ...]]
    """The fields that pass into the event unchanged."""
    BLANK: ClassVar[AnyEffective]
    """An event that states nothing yet. Copying it costs a third of constructing one."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        if "EVENT" in cls.__dict__:
            shared = cls.model_fields.keys() & cls.EVENT.model_fields.keys()
            cls.STATED = tuple(sorted(shared - {"effective_at", "replaces"}))
            blank: Any = cls.EVENT
            cls.BLANK = blank.model_construct()

    def event(self, effective_at: datetime, replaces: int | None) -> AnyEffective:
        """The event that the fact becomes at a moment; its fields are valid already."""
        given = self.__dict__
        fields = {name: given[name] for name in self.STATED}
        fields["effective_at"] = effective_at
        fields["replaces"] = replaces
        return self.BLANK.model_copy(update=fields)

    book: PortfolioId | None = None
    """The book to record in; the owner's own where none is named."""
    effective_at: Instant | None = None
    effective_after: Instant | None = None

    @model_validator(mode="after")
    def _after_before_at(self) -> Self:
        if self.effective_after and self.effective_at and self.effective_after >= self.effective_at:
            raise ValueError(
                f"effective_after {format_instant(self.effective_after)} is not before "
                f"effective_at {format_instant(self.effective_at)}; "
                "it is the last moment the old state was seen"
            )
        return self


class PairCommand(EffectiveCommand, PairTerms):
    """A fact about an owner and a partner, which are two portfolios.

    What a record kept elsewhere says is taken over with its oddities: an owner among its own
    partners, a promise until 31 April (docs/decisions/0004-records-taken-over.md).
    """

    @property
    def taken_over(self) -> bool:
        """Whether the fact repeats what another record or Meta itself shows."""
        return self.source is not None and self.source.kind in ("imported", "observed")

    @model_validator(mode="after")
    def _two_portfolios(self) -> Self:
        if self.partner == self.owner and not self.taken_over:
            raise ValueError(
                f"partner {self.partner} is the owner itself; a partner is another portfolio "
                "(if a record kept elsewhere says so, give source.kind as imported)"
            )
        return self

    @model_validator(mode="after")
    def _a_day_of_the_calendar(self) -> Self:
        planned_end: str | None = getattr(self, "planned_end", None)
        if planned_end and not self.taken_over and not is_calendar_day(planned_end):
            raise ValueError(
                f"planned_end {planned_end} is not a day of the calendar "
                "(if a record kept elsewhere says so, give source.kind as imported)"
            )
        return self


class AddPartner(PairCommand):
    """The owner added a partner."""

    EVENT = PartnerAdded
    fact: Literal["partner-added"]


class RemovePartner(PairCommand, RemovalTerms):
    """The partnership ended."""

    EVENT = PartnerRemoved
    fact: Literal["partner-removed"]


class EstablishOwnership(EffectiveCommand, EstablishmentTerms):
    """A portfolio owns an asset."""

    EVENT = OwnershipEstablished
    fact: Literal["ownership-established"]


class TransferOwnership(EffectiveCommand, TransferTerms):
    """An asset passed from its owner to another portfolio."""

    EVENT = OwnershipTransferred
    fact: Literal["ownership-transferred"]


class EndOwnership(EffectiveCommand, EndTerms):
    """An asset was released or deleted."""

    EVENT = OwnershipEnded
    fact: Literal["ownership-ended"]


class GrantAccess(PairCommand, TaskTerms):
    """A partner was given tasks on an asset."""

    EVENT = AccessGranted
    fact: Literal["access-granted"]


class ChangeAccess(PairCommand, TaskTerms):
    """A partner's tasks on an asset were changed."""

    EVENT = AccessChanged
    fact: Literal["access-changed"]


class RevokeAccess(PairCommand, RevocationTerms):
    """A partner's access to an asset was taken away."""

    EVENT = AccessRevoked
    fact: Literal["access-revoked"]


class VoidEntry(Command):
    """An earlier entry was wrong."""

    fact: Literal["entry-voided"]
    book: PortfolioId
    entry: EntryNumber | None = None
    fact_id: FactId | None = None
    reason: Prose

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.entry is None) == (self.fact_id is None):
            raise ValueError("name the entry to void once: by its number in entry, or by fact_id")
        return self


Fact = (
    AddPartner
    | RemovePartner
    | EstablishOwnership
    | TransferOwnership
    | EndOwnership
    | GrantAccess
    | ChangeAccess
    | RevokeAccess
    | VoidEntry
)
AnyFact = Annotated[Fact, Field(discriminator="fact")]

_adapter: TypeAdapter[Fact] = TypeAdapter(AnyFact)


def parse_fact(fields: Any) -> Fact:
    """The fact that a decoded JSON object states. Raises pydantic's ValidationError."""
    return _adapter.validate_python(fields)


def book_of(fact: Fact) -> str:
    """The book that a fact belongs in: the one it names, else its owner's."""
    if isinstance(fact, VoidEntry):
        return fact.book
    return fact.book or fact.owner
