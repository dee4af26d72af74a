"""What a change re-reads: pairs, assets and lines, with what is believed of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.levels import level
from domain.refusals import Stated, objection_text
from domain.voids import Voids
from domain.windows import (
    Anomaly,
    Episode,
    Ownership,
    Placed,
    Span,
    Window,
    read_episodes,
    read_line,
    read_ownership,
)
from ledger.stored_bytes import canonical_json
from projections.tables import Belief, Changes, Row


@dataclass(slots=True, eq=False)
class View:
    """Some events of a book and the rows that say what they come to."""

    book: str
    events: list[Placed] = field(default_factory=list)
    voids: Voids = field(default_factory=Voids)
    rows: dict[int, Row] = field(default_factory=dict)
    """What is believed now, by opening entry."""
    anomalies: dict[int, Row] = field(default_factory=dict)

    def standing(self) -> list[Placed]:
        """The events that are not void, in the order of the fold."""
        if not self.voids:
            return self.events
        return [placed for placed in self.events if placed.number not in self.voids]

    def believe(
        self,
        table: Belief,
        wanted: dict[int, tuple[Any, ...]],
        known: int,
        changes: Changes,
    ) -> None:
        """Replace what is believed by what the events come to, as known at an entry."""
        rows = self.anomalies if table == "anomaly" else self.rows
        for key in [key for key, row in rows.items() if wanted.get(key) != row.values]:
            changes.supersede(rows.pop(key), known)
        for key, values in wanted.items():
            if key not in rows:
                rows[key] = Row(table, values, known)
                changes.believe(rows[key])

    def note_anomalies(
        self, anomalies: Iterable[Anomaly], stated: Stated, known: int, changes: Changes
    ) -> None:
        """Replace what is believed of entries without effect."""
        found = list(anomalies)
        if not found and not self.anomalies:
            return
        placed = {event.number: event for event in self.events}
        self.believe(
            "anomaly",
            {
                anomaly.number: (
                    self.book,
                    anomaly.number,
                    objection_text(
                        anomaly,
                        placed[anomaly.number],
                        Stated(placed[anomaly.number].owner, stated.partner, stated.asset),
                    )[0],
                    anomaly.blocker,
                )
                for anomaly in found
            },
            known,
            changes,
        )


def _span(span: Span) -> tuple[Any, ...]:
    return (
        span.start_earliest, span.start, span.end_earliest, span.end,
        span.opened_by, span.closed_by, span.cause,
    )  # fmt: skip


@dataclass(slots=True, eq=False)
class PairView(View):
    """The partner events of one owner and partner."""

    key: tuple[str, str] = ("", "")
    effective: list[Placed] = field(default_factory=list)
    lines: list["LineView"] = field(default_factory=list)
    """The lines of the pair that are in hand."""
    all_lines: bool = False
    """Whether these are all that there are."""

    def read(self, known: int, changes: Changes) -> None:
        """Re-read the episodes."""
        owner, partner = self.key
        reading = read_episodes(self.standing())
        self.effective = reading.effective
        self.believe(
            "episode",
            {span.opened_by: self._row(span) for span in reading.episodes},
            known,
            changes,
        )
        self.note_anomalies(reading.anomalies, Stated(owner, partner, None), known, changes)

    def _row(self, span: Episode) -> tuple[Any, ...]:
        owner, partner = self.key
        return (self.book, partner, owner, *_span(span), span.partner_name, span.removed_by)


@dataclass(slots=True, eq=False)
class AssetView(View):
    """The ownership events of one asset."""

    key: tuple[str, str] = ("", "")
    effective: list[Placed] = field(default_factory=list)
    lines: list["LineView"] = field(default_factory=list)
    all_lines: bool = False

    def read(self, known: int, changes: Changes) -> None:
        """Re-read the owners."""
        reading = read_ownership(self.standing())
        self.effective = reading.effective
        self.believe(
            "ownership",
            {span.opened_by: self._row(span) for span in reading.spans},
            known,
            changes,
        )
        self.note_anomalies(reading.anomalies, Stated("", None, self.key), known, changes)

    def _row(self, span: Ownership) -> tuple[Any, ...]:
        return (self.book, *self.key, *_span(span), span.owner, span.detail, span.asset_name)


@dataclass(slots=True, eq=False)
class LineView(View):
    """The access events of one owner, partner and asset."""

    pair: PairView = field(default_factory=lambda: PairView(""))
    asset: AssetView = field(default_factory=lambda: AssetView(""))

    def read(self, known: int, changes: Changes) -> None:
        """Re-read the windows."""
        owner, partner = self.pair.key
        reading = read_line(owner, self.pair.effective, self.asset.effective, self.standing())
        self.believe(
            "access_window",
            {span.opened_by: self._row(span) for span in reading.windows},
            known,
            changes,
        )
        stated = Stated(owner, partner, self.asset.key)
        self.note_anomalies(reading.anomalies, stated, known, changes)

    def _row(self, span: Window) -> tuple[Any, ...]:
        owner, partner = self.pair.key
        asset_type, asset_id = self.asset.key
        return (
            self.book, asset_type, asset_id, partner, owner, *_span(span),
            canonical_json(span.tasks).decode(), level(asset_type, span.tasks),
            span.planned_end, span.partner_name, span.asset_name,
        )  # fmt: skip
