"""An event as written in a book, and the subjects that it touches."""

from dataclasses import dataclass
from datetime import datetime

from domain.events import (
    AccessEvent,
    AnyEffective,
    AnyEvent,
    OwnershipEvent,
    PartnerEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its number in the book and the moment at which the ledger learned it."""

    book: str
    number: int
    """1, 2, 3 ... without gaps."""
    recorded_at: datetime
    """The ledger's own clock; shared by one append, strictly later than the append before."""
    recorded_by: str
    event: AnyEvent
    touches: dict[str, int]
    """Each subject touched, with the number of the entry that touched it before (0 if none)."""


def subjects(event: AnyEffective) -> tuple[str, ...]:
    """The subjects that an event touches; a void touches those of the entry it voids.

    ``asset`` has the ownership and access events of an asset, ``ownership`` its ownership events
    only; ``partner`` the partner and access events of a pair, ``episode`` its partner events only;
    ``line`` the access events of one owner, partner and asset.
    """
    match event:
        case PartnerEvent():
            return (
                f"partner:{event.owner}:{event.partner}",
                f"episode:{event.owner}:{event.partner}",
            )
        case OwnershipEvent():
            asset = f"{event.asset.type}:{event.asset.id}"
            return (f"asset:{asset}", f"ownership:{asset}")
        case AccessEvent():
            asset = f"{event.asset.type}:{event.asset.id}"
            return (
                f"asset:{asset}",
                f"line:{event.owner}:{event.partner}:{asset}",
                f"partner:{event.owner}:{event.partner}",
            )
