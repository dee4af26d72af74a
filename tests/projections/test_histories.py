"""The whole history in numbers says at every instant what the matrix says."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings

from bootstrap.services import Services
from domain.instants import from_microseconds
from projections.histories import LEVELS, Counts, History, counted
from projections.moments import AsOf
from projections.questions import Questions
from tests.depth import tries
from tests.histories import PARTNERS, appends, instants_of_interest, record
from tests.projections.partners import appends_of, ends_of, kept

EXAMPLES = settings(
    max_examples=tries(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _told(cell: Counts) -> dict[tuple[str, str], int]:
    return {
        (LEVELS[mark // 2], "possible" if mark % 2 else "certain"): count
        for mark, count in enumerate(cell)
        if count
    }


def _check(ask: Questions, history: History, moments: Sequence[int]) -> None:
    known_at = history.known_at.entry
    for at in moments:
        as_of = AsOf(at=from_microseconds(at), known_at=known_at)
        answer = ask.matrix_at(history.book, as_of)
        expected: dict[tuple[str, str, str], Counter[tuple[str, str]]] = {}
        for cell in answer.cells:
            place = (cell.asset.type, cell.asset.id, cell.partner)
            expected.setdefault(place, Counter())[cell.level, cell.certainty] += 1
        found = {
            (history.assets[asset].type, history.assets[asset].id, history.partners[n].id): cell
            for (asset, n), cell in counted(history.open_at(at)).items()
        }
        assert {place: _told(cell) for place, cell in found.items()} == expected
        by_type: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
        for (kind, _, partner), counts in expected.items():
            by_type.setdefault((partner, kind), Counter()).update(counts)
        assert by_type == {
            (history.partners[n].id, kind): _told(cell)
            for (n, kind), cell in history.by_type(history.open_at(at)).items()
        }
        coverages = history.coverages(at)
        assert coverages.count("unknown") == answer.unknown_assets
        for asset, coverage in zip(history.assets, coverages, strict=True):
            said = ask.who_had_access(history.book, (asset.type, asset.id), as_of)
            assert said.coverage == coverage
        # Between two changes nothing changes: just before the next one all is as it is now.
        after = history.change_after(at)
        if after is not None:
            assert counted(history.open_at(after - 1)) == counted(history.open_at(at))
            assert history.coverages(after - 1) == coverages
            assert history.change_before(after) in {at, history.change_before(at)}


@given(drawn=appends(max_drafts=14, partners=3, assets=3))
@EXAMPLES
def test_the_history_is_the_matrix_of_every_instant(services: Services, drawn: Any) -> None:
    """Late, bounded and voided facts included; for the owner and for each partner."""
    paper = kept(services, appends_of(record(drawn).entries))
    if not paper.entries:
        return
    moments = instants_of_interest(paper.entries)[:12]
    for known in ends_of(paper.entries)[-2:]:
        for ask in (services.questions, *map(services.questions.seen_by, PARTNERS)):
            _check(ask, ask.history(paper.book, known), moments)
