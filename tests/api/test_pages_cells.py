"""What stands in the cells of the pages is the API's answer, of a story and of a real history."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.differences import MOST
from api.pages.parts import ALL
from bootstrap.services import open_services
from bootstrap.settings import Settings
from cli.storytelling import ScriptedClock, tell
from domain.instants import format_instant
from keys.key import NewKey, Role
from projections.answers import Holding, OffboardedWindow, Ownership, Window
from projections.moments import AsOf
from projections.questions import Questions
from tests.api.conftest import FORM
from tests.depth import tries
from tests.moments import cells_at, history_of, mark_of, moments_of
from tests.stories.real import fill

pytestmark = pytest.mark.long

MOMENTS = tries(50)
Moment = tuple[datetime, int]


@dataclass(frozen=True)
class Told:
    """A history in a ledger, and the pages that show it."""

    questions: Questions
    book: str
    browser: TestClient

    def page(self, path: str, at: datetime, known_at: int, **more: str) -> str:
        """What is in the body of a page."""
        asked = {"at": format_instant(at), "known_at": str(known_at), **ALL, **more}
        answer = self.browser.get(f"/pages/{self.book}/{path}", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.text.partition("<main")[2]

    def differences(self, before: Moment, after: Moment) -> str:
        """The page of what differs."""
        (from_at, from_known_at), (at, known_at) = before, after
        earlier = {"from_at": format_instant(from_at), "from_known_at": str(from_known_at)}
        return self.page("differences", at, known_at, **earlier)

    def moments(self) -> list[Moment]:
        """Those at which the pages are held to the answers."""
        return list(moments_of(self.questions, self.book, MOMENTS))


@pytest.fixture(scope="module", params=["story", "suppliers"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """The demo story; and a real history of 5,793 facts, of 160 partners and 612 assets."""
    clock = ScriptedClock()
    settings = Settings(file=tmp_path_factory.mktemp("cells") / "ledger.db", rate_per_second=0)
    with open_services(settings, clock=clock) as services:
        if request.param == "story":
            tell(services, clock)
        else:
            fill(services.books, request.param)
        (book,) = services.questions.books()
        new = NewKey(name="cells", role=Role.READER, books=frozenset({book}))
        _, secret = services.keys.create(new)
        with TestClient(create_app(settings, services)) as browser:
            browser.post("/pages/sign-in", content=f"key={secret}", headers=FORM)
            yield Told(services.questions, book, browser)


# --- reading a page


def tables(text: str) -> list[str]:
    """The tables of a page."""
    return re.findall(r"<table.*?</table>", text, re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """The cells of the bodies of tables, each with what is in it."""
    bodies = "".join(re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL))
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", bodies, re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in found]


def said(cell: str) -> str:
    """What a cell says, without its elements."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split())


def ids(cell: str) -> list[str]:
    """The ids in a cell."""
    return [said(found) for found in re.findall(r'<span class="id">(.*?)</span>', cell)]


def marks(cell: str) -> list[str]:
    """The marks in a cell: the letters, with question mark and count."""
    return re.findall(r'<span class="mark[^>]*>(.*?)</span>', cell)


def times(cell: str) -> list[str]:
    """The moments in a cell."""
    return re.findall(r'<time datetime="([^"]*)"', cell)


def entries(cell: str) -> list[int]:
    """The entries that a cell leads to."""
    return [int(number) for number in re.findall(r'/entries/([0-9]+)[^"]*" class="entry"', cell)]


def plain(text: str) -> str:
    """What the answer of a page says, in one line."""
    return said(text.partition("</form>")[2])


# --- the matrix


@pytest.mark.parametrize("wanted", ["", "type", "every"])
def test_the_matrix_is_the_api_s_answer(told: Told, wanted: str) -> None:
    """Cells, the sentence above them, and what is not known."""
    chance = Random(wanted)
    checked = 0
    for at, known_at in told.moments():
        history = history_of(told.questions, told.book, known_at)
        if not history.assets or not history.partners:
            continue
        kind = chance.choice(history.types) if wanted == "type" else wanted
        text = told.page("matrix", at, known_at, type=kind)
        expected = cells_at(told.questions, told.book, at, known_at, kind)
        assert [[" ".join(marks(cell)) for cell in row[1:]] for row in rows(text)] == expected
        answer = told.questions.matrix_at(told.book, AsOf(at=at, known_at=known_at))
        sentence = said(text.partition('<p id="told">')[2].partition("</p>")[0])
        assert f"{answer.known_assets_without_holder} asset" in sentence
        assert (f"{answer.unknown_assets} asset" in sentence) or not answer.unknown_assets
        heads = [ids(row[0])[0] for row in rows(text)]
        parties = [party.id for party in history.partners]
        shown = [asset.id for asset in history.assets if kind in {"every", asset.type}]
        assert heads == (shown if kind else parties)
        checked += 1
    assert checked > MOMENTS // 2


# --- ownership


def owned_cells(item: Ownership) -> tuple[Any, ...]:
    """An ownership as its row shows it."""
    owner = [item.owner] if item.owner else []
    return (item.asset.id, owner, item.certainty == "possible", *begun(item.window))


def begun(window: Window) -> tuple[str, int]:
    """When a window began, and by which entry."""
    return format_instant(window.from_), window.opened_by


def test_ownership_is_the_api_s_answer(told: Told) -> None:
    for at, known_at in told.moments():
        shown = [
            (ids(asset)[0], ids(owner), "possible, not certain" in owner, times(since)[0],
             entries(recorded)[0])
            for asset, owner, since, recorded in rows(told.page("ownership", at, known_at))
        ]  # fmt: skip
        answer = told.questions.ownership_at(told.book, AsOf(at=at, known_at=known_at))
        assert sorted(shown) == sorted(map(owned_cells, answer.ownerships))


# --- offboarding


def test_the_list_of_partners_is_the_api_s_answer(told: Told) -> None:
    """Who is a partner, since when, and how many accesses are open."""
    for at, known_at in told.moments():
        as_of = AsOf(at=at, known_at=known_at)
        answer = told.questions.partners(told.book, as_of)
        cells = told.questions.matrix_at(told.book, as_of).cells
        held = Counter(cell.partner for cell in cells)
        last = {item.partner: item for item in answer.episodes}
        expected = [
            (
                partner,
                [format_instant(item.window.to)] if item.window.to and item.window.to <= at else [],
                format_instant(item.window.from_),
                str(held[partner]),
            )
            for partner, item in last.items()
        ]
        shown = [
            (ids(partner)[0], times(state)[:1], times(since)[0], said(count))
            for partner, state, since, count in rows(told.page("offboarding", at, known_at))
        ]
        assert shown == expected


def offboarded(item: OffboardedWindow, *, is_open: bool) -> tuple[Any, ...]:
    """An access as the report shows it: what it was, since or until when, and by which entry."""
    holding, window = item.holding, item.holding.window
    end = window.from_ if is_open or window.to is None else window.to
    entry = window.opened_by if is_open else window.closed_by
    planned = holding.planned_end or "\u2013"
    return (holding.asset.id, *side((holding,)), format_instant(end), entry, planned)


def test_the_report_on_a_partner_is_the_api_s_answer(told: Told) -> None:
    """What was cut off and what is still open, of some partner at each moment."""
    chance = Random(2)
    for at, known_at in told.moments():
        parties = history_of(told.questions, told.book, known_at).partners
        if not parties:
            continue
        partner = chance.choice(parties).id
        report = told.questions.offboarding_report(
            told.book, partner, AsOf(at=at, known_at=known_at)
        )
        text = told.page(f"offboarding/{partner}", at, known_at)
        figures = re.findall(
            r"<li class=\"[^\"]*\"><strong>([0-9]+)</strong>|<li><strong>([0-9]+)", text
        )
        assert [int(one or other) for one, other in figures] == [
            report.had, len(report.cut_off), len(report.still_open), len(report.owned_by_partner),
        ]  # fmt: skip
        shown = [
            (ids(row[0])[0], *shown_side(row[1]), times(row[2])[0],
             entries(row[2] if len(row) == 4 else row[3])[0], said(row[-1]).split()[0])
            for row in rows(text)
        ]  # fmt: skip
        assert shown == [
            *(offboarded(item, is_open=True) for item in report.still_open),
            *(offboarded(item, is_open=False) for item in report.cut_off),
        ]


# --- differences


def side(items: tuple[Holding, ...]) -> list[tuple[str, str]]:
    """What was held on one side, with the tasks."""
    return [(mark_of(item), ", ".join(item.tasks)) for item in items]


def shown_side(cell: str) -> list[tuple[str, str]]:
    """What a cell shows of one side."""
    found = re.findall(
        r'<span class="mark[^>]*>(.*?)</span>.*?<small>(.*?)</small>', cell, re.DOTALL
    )
    return [(mark, html.unescape(tasks)) for mark, tasks in found]


def test_differences_are_the_api_s_answer(told: Told) -> None:
    """Between each moment and the one before it, on one clock, on the other, and on both."""
    sizes = []
    for n, (first, second) in enumerate(pairwise(told.moments())):
        earlier = ((first[0], second[1]), (second[0], first[1]), first)[n % 3]
        before, after = AsOf(*earlier), AsOf(*second)
        answer = told.questions.changes_between(told.book, before, after)
        text = told.differences(earlier, second)
        access = [row for row in rows(text) if len(row) == 5]
        shown = [
            (ids(partner)[0], ids(asset)[0], shown_side(old), shown_side(new))
            for partner, asset, old, new, _ in access
        ]
        expected = [
            (item.partner, item.asset.id, side(change.before), side(change.after))
            for change in answer.changes
            for item in [(change.after or change.before)[0]]
        ]
        if len(expected) <= MOST:
            assert sorted(shown) == sorted(expected)
            numbers = sorted(tuple(sorted(set(told_entries(row[4])))) for row in access)
            assert numbers == sorted(change.entries for change in answer.changes)
        else:
            assert len(shown) == MOST
            assert all(row in expected for row in shown)
        owners = {
            which: {
                (item.asset.type, item.asset.id, item.owner, item.certainty)
                for item in told.questions.ownership_at(told.book, as_of).ownerships
                if item.owner or item.detail == "asset_deleted"
            }
            for which, as_of in (("before", before), ("after", after))
        }
        differ = {item[:2] for item in owners["before"] ^ owners["after"]}
        listed = [row for row in rows(text) if len(row) == 4]
        assert len(listed) == min(len(differ), max(0, MOST - len(expected)))
        assert {ids(row[0])[0] for row in listed} <= {asset_id for _, asset_id in differ}
        sizes.append(len(expected))
        assert ("Nothing differs" in plain(text)) == (not expected and not differ)
    assert sum(size > 0 for size in sizes) > len(sizes) // 2


def told_entries(cell: str) -> list[int]:
    """The entries that a difference names as its own, and not those that these declare wrong."""
    voided = re.findall(r'/entries/([0-9]+)[^"]*" class="entry">[^<]*</a> declared wrong', cell)
    numbers = entries(cell)
    for number in map(int, voided):
        numbers.remove(number)
    return numbers
