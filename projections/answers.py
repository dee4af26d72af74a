"""The answers: what every question gives, the same over HTTP and at the terminal.

All moments are UTC. Lists are sorted: by asset, owner, partner and opening entry where nothing else
is said.
"""

from typing import Literal

from pydantic import BaseModel, Field

from domain.levels import LEVEL_RULE, Level
from domain.values import ToldInstant
from domain.windows import Cause

Certainty = Literal["certain", "possible"]
Coverage = Literal["known", "own_access_only", "unknown"]


class Part(BaseModel, frozen=True):
    """A part of an answer."""


class KnownAt(Part):
    """The state of knowledge an answer rests on: an entry of the book, and its recorded time."""

    entry: int
    recorded_at: ToldInstant | None = Field(
        description="None where the book is empty as known then."
    )


class AssetRef(Part):
    """An asset, with the name it was last given where it had one."""

    type: str
    id: str
    name: str | None = None


class Window(Part):
    """A half-open span [from, to) with its edges and the entries at its ends."""

    from_: ToldInstant = Field(alias="from", serialization_alias="from")
    from_earliest: ToldInstant
    to: ToldInstant | None
    to_earliest: ToldInstant | None
    opened_by: int
    closed_by: int | None
    cause: Cause | None

    model_config = {"populate_by_name": True}


class Holding(Part):
    """One window in which a partner held tasks on an asset."""

    asset: AssetRef
    owner: str
    partner: str
    partner_name: str | None
    tasks: tuple[str, ...]
    level: Level
    planned_end: str | None
    certainty: Certainty
    access: Certainty = Field(
        description="Whether the partner had access at all is certain, whatever the tasks were."
    )
    window: Window


class Ownership(Part):
    """Who owned an asset in a span; without an owner, what became of the asset."""

    asset: AssetRef
    owner: str | None
    detail: str = Field(description="Basis of the ownership, or reason of its end if no owner.")
    certainty: Certainty
    window: Window


class Episode(Part):
    """One partnership, from adding to removing."""

    owner: str
    partner: str
    partner_name: str | None
    removed_by: str | None
    certainty: Certainty
    window: Window


class EntryView(Part):
    """An entry of the book in an answer."""

    number: int
    recorded_at: ToldInstant
    recorded_by: str
    event: dict[str, object] = Field(description="The event as stored: `type` and its fields.")
    touches: dict[str, int]


class ListedEntry(EntryView):
    """An entry in the listing of its book."""

    position: int = Field(description="Its place in the whole ledger.")


class TimelineEntry(EntryView):
    """An entry in a timeline, with what became of it as known then."""

    status: Literal["effective", "no_effect", "void", "voids"]
    voided_by: int | None
    why: str | None = Field(description="Why the entry has no effect, or the reason of its void.")


class Answer(Part):
    """What every answer names: book, both clocks, and the level rule."""

    book: str
    at: ToldInstant
    known_at: KnownAt
    level_rule: str = LEVEL_RULE


class Period(Part):
    """A half-open period [from, to)."""

    from_: ToldInstant = Field(alias="from", serialization_alias="from")
    to: ToldInstant

    model_config = {"populate_by_name": True}


class AssetAccess(Answer):
    """Who had access to an asset at an instant, or in a period."""

    during: Period | None
    asset: AssetRef
    owner: str | None = Field(description="The recorded owner at `at`, if there was one.")
    coverage: Coverage
    holders: tuple[Holding, ...]


class PartnerAccess(Answer):
    """What a partner could do at an instant, or in a period."""

    during: Period | None
    partner: str
    partner_name: str | None
    coverage: Coverage
    holdings: tuple[Holding, ...]


class LineAccess(Answer):
    """What a partner could do on one asset at an instant, or in a period."""

    during: Period | None
    asset: AssetRef
    partner: str
    partner_name: str | None
    owner: str | None = Field(description="The recorded owner at `at`, if there was one.")
    coverage: Coverage = Field(description="How much the book can say about the asset.")
    holdings: tuple[Holding, ...]


class Matrix(Answer):
    """Every window of the book that is open at an instant."""

    known_assets_without_holder: int
    unknown_assets: int
    cells: tuple[Holding, ...]
    next_cursor: str | None = None


class OwnershipList(Answer):
    """Who owned what at an instant. Assets whose owner is unknown then are listed without one."""

    ownerships: tuple[Ownership, ...]
    next_cursor: str | None = None


class OwnerAnswer(Answer):
    """Who owned one asset at an instant; two where the moment lies in an edge."""

    asset: AssetRef
    coverage: Coverage
    ownerships: tuple[Ownership, ...]


class PartnerList(Answer):
    """The episodes of a book that began before or at the instant, open and closed."""

    episodes: tuple[Episode, ...]
    next_cursor: str | None = None


class AssetTimeline(Answer):
    """Everything about an asset, first to last: windows, owners, entries (voided ones included)."""

    asset: AssetRef
    coverage: Coverage
    windows: tuple[Holding, ...]
    ownerships: tuple[Ownership, ...]
    entries: tuple[TimelineEntry, ...]


class PartnerTimeline(Answer):
    """Everything about a partner, first to last."""

    partner: str
    partner_name: str | None
    coverage: Coverage
    episodes: tuple[Episode, ...]
    windows: tuple[Holding, ...]
    entries: tuple[TimelineEntry, ...]


class Change(Part):
    """One line of the matrix that differs between two moments."""

    kind: Literal["added", "removed", "changed"]
    before: tuple[Holding, ...]
    after: tuple[Holding, ...]
    entries: tuple[int, ...] = Field(description="The entries that opened or closed the windows.")


class Diff(Part):
    """The matrix at one moment against another, on either clock."""

    book: str
    level_rule: str = LEVEL_RULE
    from_at: ToldInstant
    from_known_at: KnownAt
    to_at: ToldInstant
    to_known_at: KnownAt
    changes: tuple[Change, ...]


class OffboardedWindow(Part):
    """One access of the partner, and how its end compares with what was planned."""

    holding: Holding
    planned_end_at: ToldInstant | None = Field(description="The end of the planned day, in UTC.")
    days_late: float | None = Field(
        description="Days between the planned end and the actual end, or `at` while open; "
        "negative where it ended early; None where no end was planned."
    )


class OffboardingReport(Answer):
    """What the partner had, what was cut off, what is still open, and what is not seen here."""

    partner: str
    partner_name: str | None
    coverage: Coverage
    episodes: tuple[Episode, ...]
    had: int = Field(description="How many accesses the partner had up to `at`.")
    cut_off: tuple[OffboardedWindow, ...]
    still_open: tuple[OffboardedWindow, ...]
    owned_by_partner: tuple[Ownership, ...] = Field(
        description="Assets that this book records as owned by the partner itself."
    )
    not_seen: tuple[str, ...] = Field(
        description="What a ledger of partner shares cannot see and what has to be checked at Meta."
    )


class AnomalyView(Part):
    """An entry without effect, and why."""

    entry: int
    why: str
    blocked_by: int | None


class AnomalyList(Part):
    """The entries of a book that have no effect as known at an entry."""

    book: str
    known_at: KnownAt
    anomalies: tuple[AnomalyView, ...]
    next_cursor: str | None = None


class EntryList(Part):
    """A page of the book itself."""

    book: str
    known_at: KnownAt
    entries: tuple[ListedEntry, ...]
    next_cursor: str | None = None
