"""The questions, each answered from the windows by a few indexed statements."""

from datetime import datetime
from pathlib import Path
from typing import Any

from domain.instants import from_microseconds, to_microseconds
from ledger.book import Clock
from ledger.database import Database, load_sql
from projections import answers, offboarding, timelines
from projections.current import Behind, at_once
from projections.differences import changes_between
from projections.histories import History, read_history
from projections.moments import (
    NOW,
    AsOf,
    BadQuestion,
    Clocks,
    During,
    Moment,
    bounds,
    check_period,
    resolve,
)
from projections.paging import Walk, check_limit, walk_from
from projections.projector import Projector
from projections.reading_rows import (
    BY_HOLDER,
    asset_ref,
    coverage_of,
    covers,
    entry_view,
    episode_of,
    holdings,
    last_name,
    named,
    owner_of,
    ownership_of,
    period_of,
)
from projections.scope import Scope


class Questions:
    """Every question names a book. Raises UnknownBook, BadQuestion and StoreError."""

    def __init__(self, database: Database, projector: Projector, clock: Clock) -> None:
        self._database = database
        self._projector = projector
        self._current = False
        self._clock = clock
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)
        self._scope = Scope(self._sql)

    def seen_by(self, partner: str) -> "Questions":
        """The same questions, answered with what concerns one partner alone (decision 12).

        Raises UnknownPartner where another partner is asked about.
        """
        scope = Scope(self._sql, partner)
        return self._twin(_scope=scope, _sql=scope.sql)

    @property
    def current(self) -> "Questions":
        """The same questions, which raise Behind rather than catch up."""
        return self._twin(_current=True)

    def catch_up(self) -> None:
        """Take in every entry there is. Raises Behind where that is not to be waited for."""
        if self._current:
            raise Behind
        self._projector.catch_up()

    def _twin(self, **differing: Any) -> "Questions":
        twin = object.__new__(Questions)
        vars(twin).update(vars(self), **differing)
        return twin

    @at_once
    def moment(self, book: str, as_of: AsOf = NOW) -> Moment:
        """Both clocks of a question, resolved, without its answer."""
        with self._database.reading() as connection:
            return self._resolve(connection, book, as_of)

    @at_once
    def who_had_access(
        self, book: str, asset: tuple[str, str], as_of: AsOf = NOW, *, during: During | None = None
    ) -> answers.AssetAccess:
        """Who had access to the asset at `at`, or at any moment of a period."""
        of_asset = {"asset_type": asset[0], "asset_id": asset[1]}
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of, during)
            known = {"book": book, **of_asset, "known": moment.known}
            since, until = bounds(moment, during)
            owners = named(self._sql.owners_of_asset(connection, **known))
            if during:
                rows = self._sql.who_had_access_during(
                    connection, **known, since=since, until=until
                )
            else:
                rows = self._sql.who_had_access(connection, **known, at=moment.at)
            rows = sorted(named(rows, **of_asset), key=BY_HOLDER)
        return answers.AssetAccess(
            **moment.named(book),
            during=period_of(during),
            asset=asset_ref(asset, last_name(owners, "asset_name")),
            owner=owner_of(owners, moment.at),
            coverage=coverage_of(book, owners, moment.at),
            holders=holdings(rows, since, until),
        )

    @at_once
    def what_could(
        self, book: str, partner: str, as_of: AsOf = NOW, *, during: During | None = None
    ) -> answers.PartnerAccess:
        """What the partner could do at `at`, or at any moment of a period."""
        self._scope.require(book, partner)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of, during)
            known = {"book": book, "partner": partner, "known": moment.known}
            since, until = bounds(moment, during)
            episodes = list(self._sql.episodes_of_partner(connection, **known))
            if during:
                rows = self._sql.what_could_during(connection, **known, since=since, until=until)
            else:
                rows = self._sql.what_could(connection, **known, at=moment.at)
            rows = named(rows)
        return answers.PartnerAccess(
            **moment.named(book),
            during=period_of(during),
            partner=partner,
            partner_name=last_name(episodes, "partner_name"),
            coverage=timelines.partner_coverage(episodes, moment.at),
            holdings=holdings(rows, since, until),
        )

    @at_once
    def what_could_on(
        self,
        book: str,
        asset: tuple[str, str],
        partner: str,
        as_of: AsOf = NOW,
        *,
        during: During | None = None,
    ) -> answers.LineAccess:
        """What the partner could do on one asset at `at`, or at any moment of a period."""
        self._scope.require(book, partner)
        line = {"book": book, "asset_type": asset[0], "asset_id": asset[1], "partner": partner}
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of, during)
            known = {**line, "known": moment.known}
            since, until = bounds(moment, during)
            owners = named(self._sql.owners_of_asset(connection, **known))
            episodes = list(self._sql.episodes_of_partner(connection, **known))
            if during:
                rows = self._sql.who_had_access_during_of_partner(
                    connection, **known, since=since, until=until
                )
            else:
                rows = self._sql.who_had_access_of_partner(connection, **known, at=moment.at)
            rows = named(rows)
        return answers.LineAccess(
            **moment.named(book),
            during=period_of(during),
            asset=asset_ref(asset, last_name(owners, "asset_name")),
            partner=partner,
            partner_name=last_name(episodes, "partner_name"),
            owner=owner_of(owners, moment.at),
            coverage=coverage_of(book, owners, moment.at),
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
            rows = named(self._sql.matrix_at(connection, **known, at=moment.at))
            owners = named(self._sql.owners(connection, **known))
        held = {(row["asset_type"], row["asset_id"]) for row in rows}
        empty = unknown = 0
        for asset, spans in timelines.by_asset(owners).items():
            coverage = coverage_of(book, spans, moment.at)
            unknown += coverage == "unknown"
            empty += coverage == "known" and asset not in held
        cells, following = walk.page(rows, moment)
        return answers.Matrix(
            **moment.named(book),
            known_assets_without_holder=empty,
            unknown_assets=unknown,
            cells=holdings(cells, moment.at, moment.at + 1, among=rows),
            next_cursor=following,
        )

    @at_once
    def clocks(self, book: str, as_of: AsOf = NOW) -> Clocks:
        """The moments that a question would rest on, and the newest state of knowledge."""
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            newest = self._resolve(connection, book)
        return Clocks(moment.at_instant, moment.known_at, newest.known_at, newest.at_instant)

    def history(self, book: str, known_at: int) -> History:
        """Every window and ownership of the book, as known at an entry: matrices for any `at`."""
        known_now = self.clocks(book, AsOf(known_at=known_at)).known_at
        with self._database.reading() as connection:
            return read_history(self._sql, connection, book, known_now)

    @at_once
    def owner_at(self, book: str, asset: tuple[str, str], as_of: AsOf = NOW) -> answers.OwnerAnswer:
        """Who owned one asset at `at`."""
        subject = {"book": book, "asset_type": asset[0], "asset_id": asset[1]}
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            owners = list(self._sql.owners_of_asset(connection, **subject, known=moment.known))
        return answers.OwnerAnswer(
            **moment.named(book),
            asset=asset_ref(asset, last_name(owners, "asset_name")),
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
            rows = named(self._sql.owners(connection, book=book, known=moment.known))
        spans = [row for row in rows if covers(row, moment.at)]
        items, following = walk.page(spans, moment)
        return answers.OwnershipList(
            **moment.named(book),
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
            rows = named(self._sql.episodes(connection, book=book, known=moment.known))
        begun = [row for row in rows if row["valid_from_earliest"] <= moment.at]
        items, following = walk.page(begun, moment)
        return answers.PartnerList(
            **moment.named(book),
            episodes=tuple(episode_of(row, moment.at) for row in items),
            next_cursor=following,
        )

    @at_once
    def asset_timeline(
        self, book: str, asset: tuple[str, str], as_of: AsOf = NOW
    ) -> answers.AssetTimeline:
        """Everything about an asset, first to last, as known at `known_at`."""
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            found = timelines.of_asset(self._sql, connection, book, asset, moment)
            return found.model_copy(update=self._shown(connection, found))

    @at_once
    def partner_timeline(
        self, book: str, partner: str, as_of: AsOf = NOW
    ) -> answers.PartnerTimeline:
        """Everything about a partner, first to last, as known at `known_at`."""
        self._scope.require(book, partner)
        with self._database.reading() as connection:
            moment = self._resolve(connection, book, as_of)
            found = timelines.of_partner(self._sql, connection, book, partner, moment)
            return found.model_copy(update=self._shown(connection, found))

    @at_once
    def changes_between(self, book: str, before: AsOf, after: AsOf) -> answers.Diff:
        """The matrix at one moment against the matrix at another, on either clock."""
        with self._database.reading() as connection:
            # Where only the state of knowledge differs, both sides speak of the same instant.
            end = self._resolve(connection, book, after)
            start = self._resolve(connection, book, before)
            if before.at is None and after.at is None:
                start = Moment(end.at, start.known, start.recorded_at)
            found = changes_between(self._sql, connection, book, start, end)
        return answers.Diff(
            book=book,
            from_at=start.at_instant,
            from_known_at=start.known_at,
            to_at=end.at_instant,
            to_known_at=end.known_at,
            changes=found,
        )

    @at_once
    def offboarding_report(
        self, book: str, partner: str, as_of: AsOf = NOW
    ) -> answers.OffboardingReport:
        """What the partner had by `at`, what was cut off, and what is still open."""
        self._scope.require(book, partner)
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
            start = walk.offset if cursor else after
            size = moment.known if limit is None else limit
            rows = list(
                self._sql.entries_page(
                    connection, book=book, after=start, known=moment.known, limit=size + 1
                )
            )
            found = [entry_view(book, row) for row in rows[:size]]
            entries = self._scope.shown(connection, book, found, moment.known)
        return answers.EntryList(
            book=book,
            known_at=moment.known_at,
            entries=entries,
            next_cursor=walk.cursor(moment, found[-1].number) if len(rows) > size else None,
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
        items, following = walk.page(rows, moment)
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
        self.catch_up()
        with self._database.reading() as connection:
            return {row["book"]: row["newest"] for row in self._sql.books(connection)}

    def _resolve(
        self, connection: Any, book: str, as_of: AsOf = NOW, during: During | None = None
    ) -> Moment:
        if during:
            if as_of.at is not None:
                raise BadQuestion("at and during exclude each other; give one of them")
            check_period(*during)
            last = to_microseconds(during[1]) - 1
            as_of = AsOf(at=from_microseconds(last), known_at=as_of.known_at)
        now, current = self._clock(), self._current
        return resolve(self._sql, connection, book, as_of, now, current=current)

    def _shown(
        self, connection: Any, found: answers.AssetTimeline | answers.PartnerTimeline
    ) -> dict[str, tuple[answers.TimelineEntry, ...]]:
        """The entries of a timeline as the scope shows them."""
        known = found.known_at.entry
        return {"entries": self._scope.shown(connection, found.book, found.entries, known)}

    def _walk(
        self, kind: str, book: str, as_of: AsOf, cursor: str | None, limit: int | None
    ) -> tuple[Walk, AsOf]:
        """Where a walk through a list stands, and its moments."""
        check_limit(limit)
        self.catch_up()
        return walk_from(cursor, self._scope.list_name(kind), book, as_of, limit)
