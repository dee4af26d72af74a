"""The nine events: past-tense facts, whole in themselves, with durable names of their own."""

from typing import ClassVar

from domain.terms import (
    AccessTerms,
    AssetTerms,
    EndTerms,
    EstablishmentTerms,
    PairTerms,
    Provenance,
    RemovalTerms,
    RevocationTerms,
    TaskTerms,
    TransferTerms,
)
from domain.values import EntryNumber, EventId, Instant, PortfolioId, Prose

type_of: dict[str, "type[Event]"] = {}
"""Every event class by its durable name."""


class Event(Provenance):
    """What became true, or what a later entry says about an earlier one."""

    TOPIC: ClassVar[str]

    id: EventId
    replaces: EntryNumber | None = None
    """The entry that this one stands in for, voided in the same append."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        if "TOPIC" in cls.__dict__:
            if cls.TOPIC in type_of:
                raise TypeError(f"two events are named {cls.TOPIC}")
            type_of[cls.TOPIC] = cls


class EffectiveEvent(Event):
    """An event with a moment at which it became true."""

    effective_at: Instant
    """When it became true at Meta; the first moment the new state was seen, if bounded."""
    effective_after: Instant | None = None
    """The last moment the old state was seen, if the change was found by looking."""


class PartnerEvent(EffectiveEvent, PairTerms):
    """An event of a pair: it opens or closes an episode."""


class OwnershipEvent(EffectiveEvent, AssetTerms):
    """An event that says who owns an asset."""


class AccessEvent(EffectiveEvent, AccessTerms):
    """An event of a line: one owner, one partner, one asset."""


class PartnerAdded(PartnerEvent):
    """The owner added a partner: an episode opens."""

    TOPIC: ClassVar[str] = "partner-added/v1"


class PartnerRemoved(PartnerEvent, RemovalTerms):
    """The partnership ended: the episode and every window of the pair close."""

    TOPIC: ClassVar[str] = "partner-removed/v1"


class OwnershipEstablished(OwnershipEvent, EstablishmentTerms):
    """A portfolio is the owner of an asset from here on."""

    TOPIC: ClassVar[str] = "ownership-established/v1"


class OwnershipTransferred(OwnershipEvent, TransferTerms):
    """The owner passed the asset to another portfolio."""

    TOPIC: ClassVar[str] = "ownership-transferred/v1"


class OwnershipEnded(OwnershipEvent, EndTerms):
    """The owner no longer owns the asset, and nobody is known to."""

    TOPIC: ClassVar[str] = "ownership-ended/v1"


class AccessGranted(AccessEvent, TaskTerms):
    """The owner gave a partner tasks on one of its assets."""

    TOPIC: ClassVar[str] = "access-granted/v1"


class AccessChanged(AccessEvent, TaskTerms):
    """The owner gave the partner other tasks in place of those it held."""

    TOPIC: ClassVar[str] = "access-changed/v1"


class AccessRevoked(AccessEvent, RevocationTerms):
    """The owner took the partner's access to one asset away."""

    TOPIC: ClassVar[str] = "access-revoked/v1"


class EntryVoided(Event):
    """An earlier entry of the same book is left out of the reading from here on."""

    TOPIC: ClassVar[str] = "entry-voided/v1"

    book: PortfolioId
    entry: EntryNumber
    reason: Prose


AnyEffective = PartnerEvent | OwnershipEvent | AccessEvent
AnyEvent = AnyEffective | EntryVoided
