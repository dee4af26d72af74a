"""The questions, each answered from the windows by a few indexed statements."""

from collections.abc import Callable
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.instants import from_microseconds, to_microseconds
from ledger.book import Clock
from ledger.database import Database, load_sql
from ledger.stored_bytes import event_fields, from_stored
from projections import answers, offboarding, timelines
from projections.differences import Line, changes
from projections.moments import NOW, AsOf, BadQuestion, Moment, check_period, resolve
from projections.paging import Cursor, check_limit, page
from projections.projector import Projector
from projections.reading_rows import (
    coverage_of,
    covers,
    episode_of,
    holdings,
    last_name,
    owner_of,
    ownership_of,
)

During = tuple[datetime, datetime]
"""A half-open period [from, to)."""


class Questions:
    """Every question names a book. Raises UnknownBook, BadQuestion and StoreError."""

    def __init__(self, database: Database, projector: Projector, clock: Clock) -> None:
        self._database = database
        self._catch_up: Callable[[], object] = projector.catch_up
        self._clock = clock
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)

    @property
    def as_it_stands(self) -> "Questions":
        """The same questions, answered without taking new entries in first."""
        twin = copy(self)
        twin._catch_up = lambda: None  # noqa: SLF001 - it is one of us
        return twin

    def moment(self, book: str, as_of: AsOf = NOW) -> Moment:
        """Both clocks of a question, resolved, without its answer."""
        self._catch_up()
        with self._database.reading() as connection:
            return self._resolve(connection, book, as_of)

    def who_had_access(
        self, book: str, asset: tuple[str, str], as_of: AsOf = NOW, *, during: During | None = None
    ) -> answers.AssetAccess:
        """Who had access to the asset at `at`, or at any moment of a period."""
        self._catch_up()
        subject = {"book": book, "asset_type": asset[0], "asset_id": asset[1]}
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of, during)
            known = {**subject, "known": moment.known}
            since, until = _bounds(moment, during)
            owners = list(self._sql.owners_of_asset(connection, **known))
            if during:
                rows = self._sql.who_had_access_during(
                    connection, **known, since=since, until=until
                )
            else:
                rows = self._sql.who_had_access(connection, **known, at=moment.at)
            rows = list(rows)
        return answers.AssetAccess(
            **_names(book, moment),
            during=_period(during),
            asset=_asset(asset, last_name(owners, "asset_name")),
            owner=owner_of(owners, moment.at),
            coverage=coverage_of(book, owners, moment.at),
            holders=holdings(rows, since, until),
        )

    def what_could(
        self, book: str, partner: str, as_of: AsOf = NOW, *, during: During | None = None
    ) -> answers.PartnerAccess:
        """What the partner could do at `at`, or at any moment of a period."""
        self._catch_up()
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of, during)
            known = {"book": book, "partner": partner, "known": moment.known}
            since, until = _bounds(moment, during)
            episodes = list(self._sql.episodes_of_partner(connection, **known))
            if during:
                rows = self._sql.what_could_during(connection, **known, since=since, until=until)
            else:
                rows = self._sql.what_could(connection, **known, at=moment.at)
            rows = list(rows)
        return answers.PartnerAccess(
            **_names(book, moment),
            during=_period(during),
            partner=partner,
            partner_name=last_name(episodes, "partner_name"),
            coverage=timelines.partner_coverage(episodes, moment.at),
            holdings=holdings(rows, since, until),
        )

    def matrix_at(
        self, book: str, as_of: AsOf = NOW, *, cursor: str | None = None, limit: int | None = None
    ) -> answers.Matrix:
        """Every window of the book that is open at `at`."""
        walk, as_of = self._walk("matrix", book, as_of, cursor, limit)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            known = {"book": book, "known": moment.known}
            rows = list(self._sql.matrix_at(connection, **known, at=moment.at))
            owners = list(self._sql.owners(connection, **known))
        held = {(row["asset_type"], row["asset_id"]) for row in rows}
        empty = unknown = 0
        for asset, spans in timelines.by_asset(owners).items():
            coverage = coverage_of(book, spans, moment.at)
            unknown += coverage == "unknown"
            empty += coverage == "known" and asset not in held
        cells, following = page(
            rows, kind="matrix", book=book, moment=moment, offset=walk, limit=limit
        )
        return answers.Matrix(
            **_names(book, moment),
            known_assets_without_holder=empty,
            unknown_assets=unknown,
            cells=holdings(cells, moment.at, moment.at + 1, among=rows),
            next_cursor=following,
        )

    def owner_at(self, book: str, asset: tuple[str, str], as_of: AsOf = NOW) -> answers.OwnerAnswer:
        """Who owned one asset at `at`."""
        self._catch_up()
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            owners = list(
                self._sql.owners_of_asset(
                    connection,
                    book=book,
                    asset_type=asset[0],
                    asset_id=asset[1],
                    known=moment.known,
                )
            )
        return answers.OwnerAnswer(
            **_names(book, moment),
            asset=_asset(asset, last_name(owners, "asset_name")),
            coverage=coverage_of(book, owners, moment.at),
            ownerships=tuple(
                ownership_of(row, moment.at) for row in owners if covers(row, moment.at)
            ),
        )

    def ownership_at(
        self, book: str, as_of: AsOf = NOW, *, cursor: str | None = None, limit: int | None = None
    ) -> answers.OwnershipList:
        """Who owned what at `at`; an asset without a known owner says what became of it."""
        walk, as_of = self._walk("ownership", book, as_of, cursor, limit)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            rows = list(self._sql.owners(connection, book=book, known=moment.known))
        spans = [row for row in rows if covers(row, moment.at)]
        items, following = page(
            spans, kind="ownership", book=book, moment=moment, offset=walk, limit=limit
        )
        return answers.OwnershipList(
            **_names(book, moment),
            ownerships=tuple(ownership_of(row, moment.at) for row in items),
            next_cursor=following,
        )

    def partners(
        self, book: str, as_of: AsOf = NOW, *, cursor: str | None = None, limit: int | None = None
    ) -> answers.PartnerList:
        """The episodes that began, or may have begun, by `at`; open ones and closed ones."""
        walk, as_of = self._walk("partners", book, as_of, cursor, limit)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            rows = list(self._sql.episodes(connection, book=book, known=moment.known))
        begun = [row for row in rows if row["valid_from_earliest"] <= moment.at]
        items, following = page(
            begun, kind="partners", book=book, moment=moment, offset=walk, limit=limit
        )
        return answers.PartnerList(
            **_names(book, moment),
            episodes=tuple(episode_of(row, moment.at) for row in items),
            next_cursor=following,
        )

    def asset_timeline(
        self, book: str, asset: tuple[str, str], as_of: AsOf = NOW
    ) -> answers.AssetTimeline:
        """Everything about an asset, first to last, as known at `known_at`."""
        self._catch_up()
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            return timelines.of_asset(self._sql, connection, book, asset, moment)

    def partner_timeline(
        self, book: str, partner: str, as_of: AsOf = NOW
    ) -> answers.PartnerTimeline:
        """Everything about a partner, first to last, as known at `known_at`."""
        self._catch_up()
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            return timelines.of_partner(self._sql, connection, book, partner, moment)

    def changes_between(self, book: str, before: AsOf, after: AsOf) -> answers.Diff:
        """The matrix at one moment against the matrix at another, on either clock."""
        self._catch_up()
        with self._database.reading() as connection:
            # Where only the state of knowledge differs, both sides speak of the same instant.
            end = self._resolve(connection, book, after)
            start = self._resolve(connection, book, before)
            if before.at is None and after.at is None:
                start = Moment(end.at, start.known, start.recorded_at)
            sides = [
                holdings(
                    list(
                        self._sql.matrix_at(connection, book=book, known=moment.known, at=moment.at)
                    ),
                    moment.at,
                    moment.at + 1,
                )
                for moment in (start, end)
            ]
            low, high = sorted((start.known, end.known))

            def learned(line: Line) -> list[int]:
                asset_type, asset_id, owner, partner = line
                rows = self._sql.entries_on_line(
                    connection,
                    book=book, asset_type=asset_type, asset_id=asset_id,
                    owner=owner, partner=partner, after=low, known=high,
                )  # fmt: skip
                return [row["number"] for row in rows]

            found = changes(*sides, learned=learned)
        return answers.Diff(
            book=book,
            from_at=start.at_instant,
            from_known_at=start.known_at,
            to_at=end.at_instant,
            to_known_at=end.known_at,
            changes=found,
        )

    def offboarding_report(
        self, book: str, partner: str, as_of: AsOf = NOW
    ) -> answers.OffboardingReport:
        """What the partner had by `at`, what was cut off, and what is still open."""
        self._catch_up()
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            return offboarding.report(self._sql, connection, book, partner, moment)

    def entries(
        self,
        book: str,
        *,
        after: int = 0,
        known_at: datetime | int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> answers.EntryList:
        """The book itself, in order."""
        walk, as_of = self._walk("entries", book, AsOf(known_at=known_at), cursor, limit)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            start = walk if cursor else after
            size = moment.known if limit is None else limit
            rows = list(
                self._sql.entries_page(
                    connection, book=book, after=start, known=moment.known, limit=size
                )
            )
        more = rows and limit is not None and rows[-1]["number"] < moment.known
        following = (
            Cursor("entries", book, moment.at, moment.known, rows[-1]["number"]).encode()
            if more
            else None
        )
        return answers.EntryList(
            book=book,
            known_at=moment.known_at,
            entries=tuple(entry_view(book, row) for row in rows),
            next_cursor=following,
        )

    def anomalies(
        self,
        book: str,
        *,
        known_at: datetime | int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> answers.AnomalyList:
        """The entries of the book that have no effect."""
        walk, as_of = self._walk("anomalies", book, AsOf(known_at=known_at), cursor, limit)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            rows = list(self._sql.anomalies(connection, book=book, known=moment.known))
        items, following = page(
            rows, kind="anomalies", book=book, moment=moment, offset=walk, limit=limit
        )
        return answers.AnomalyList(
            book=book,
            known_at=moment.known_at,
            anomalies=tuple(
                answers.AnomalyView(
                    entry=row["number"], why=row["why"], blocked_by=row["blocker"] or None
                )
                for row in items
            ),
            next_cursor=following,
        )

    def books(self) -> dict[str, int]:
        """The newest entry number of every book."""
        self._catch_up()
        with self._database.reading() as connection:
            return {row["book"]: row["newest"] for row in self._sql.books(connection)}

    def _resolve(
        self, connection: Any, book: str, as_of: AsOf, during: During | None = None
    ) -> Moment:
        if during:
            if as_of.at is not None:
                raise BadQuestion("at and during exclude each other; give one of them")
            check_period(*during)
            last = to_microseconds(during[1]) - 1
            as_of = AsOf(at=from_microseconds(last), known_at=as_of.known_at)
        return resolve(self._sql, connection, book, as_of, self._clock())

    def _walk(
        self, kind: str, book: str, as_of: AsOf, cursor: str | None, limit: int | None
    ) -> tuple[int, AsOf]:
        """Where a walk through a list stands, and its moments."""
        check_limit(limit)
        self._catch_up()
        if cursor is None:
            return 0, as_of
        if as_of != NOW:
            raise BadQuestion(
                "a cursor holds the moments of its walk; leave at and known_at out beside it"
            )
        decoded = Cursor.decode(cursor, kind=kind, book=book)
        return decoded.offset, decoded.as_of


def entry_view(book: str, row: Any) -> answers.ListedEntry:
    """An entry as answers show it."""
    entry = from_stored(book, row["number"], row["state"])
    return answers.ListedEntry(
        number=entry.number,
        position=row["position"],
        recorded_at=entry.recorded_at,
        recorded_by=entry.recorded_by,
        event=event_fields(entry),
        touches=entry.touches,
    )


def _names(book: str, moment: Moment) -> dict[str, Any]:
    return {"book": book, "at": moment.at_instant, "known_at": moment.known_at}


def _bounds(moment: Moment, during: During | None) -> tuple[int, int]:
    if during:
        return to_microseconds(during[0]), to_microseconds(during[1])
    return moment.at, moment.at + 1


def _period(during: During | None) -> answers.Period | None:
    return answers.Period(from_=during[0], to=during[1]) if during else None


def _asset(asset: tuple[str, str], name: str | None) -> answers.AssetRef:
    return answers.AssetRef(type=asset[0], id=asset[1], name=name)
