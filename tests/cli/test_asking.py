"""The questions at the terminal, on the demo story."""

import csv
import json
from io import StringIO

import pytest

from tests.cli.conftest import Program

PAGE = "page:104857600219483"
BRAND, BLUEPINE, HARBOUR = "506914307656634", "563920174410288", "718204466915037"


def _partners(out: str) -> list[str]:
    return [json.loads(line)["partner"] for line in out.splitlines()]


def test_who_is_answered_as_known_then_and_as_known_now(told: Program) -> None:
    disputed = ("who", PAGE, "--at", "2026-03-15T12:00:00Z", "--format", "jsonl")
    assert _partners(told(*disputed, "--known-at", "31").out) == [BLUEPINE, HARBOUR]
    assert _partners(told(*disputed).out) == [HARBOUR]


def test_an_empty_list_without_coverage_is_never_a_no(told: Program) -> None:
    ran = told("who", PAGE, "--at", "2020-01-01")
    assert ran.code == 3
    assert ran.out.count("\n") == 1, "the header alone"
    assert (
        "Unknown: the ledger does not know who owned the asset at 2020-01-01T00:00:00Z, "
        "so a missing name here is not a no." in ran.err
    )
    ran = told("what", "999999999999999", "--format", "table")
    assert ran.code == 3
    assert "Unknown: the ledger holds nothing about 999999999999999" in ran.out


def test_an_empty_list_with_coverage_is_a_no(told: Program) -> None:
    ran = told("who", "whatsapp_account:361172940058827", "--at", "2026-05-01")
    assert (ran.code, ran.out.count("\n")) == (3, 1)
    assert "No partner held access at 2026-05-01T00:00:00Z." in ran.err


def test_a_borrowed_asset_says_that_others_are_not_seen(told: Program) -> None:
    ran = told("who", "ad_account:241907735520864", "--at", "2026-05-01", "--format", "table")
    assert ran.code == 0
    assert f"Another portfolio, {BLUEPINE}, is the recorded owner" in ran.out


def test_during_gives_every_window_of_the_period(told: Program) -> None:
    ran = told("what", BLUEPINE, "--during", "2026-03-01/2026-05-01", "--format", "jsonl")
    assert (ran.code, len(ran.out.splitlines())) == (0, 4)
    ran = told("who", PAGE, "--during", "2026-03-01/2026-05-01", "--at", "2026-04-01")
    assert (ran.code, ran.err) == (
        2,
        "access-ledger: at and during exclude each other; give one of them\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("what", BLUEPINE, "--at", "2026-03-31"), 0),
        (("what", BLUEPINE, "--at", "2026-05-01"), 3),
        (("owner", PAGE), 0),
        (("owner", "page:11111"), 3),
        (("offboard", BLUEPINE), 0),
        (("offboard", HARBOUR), 3),
        (("offboard", "999999999999999"), 3),
        (("timeline", PAGE), 0),
        (("timeline", BLUEPINE), 0),
        (("timeline", "999999999999999"), 3),
        (("matrix",), 0),
        (("entries", "--after", "10", "--limit", "5"), 0),
        (("anomalies",), 0),
        (("diff", "--from", "2026-03-01", "--to", "2026-04-10"), 0),
        (("diff", "--from-known", "31", "--to-known", "40", "--at", "2026-03-15"), 0),
    ],
)
def test_every_question_in_every_format(
    told: Program, arguments: tuple[str, ...], code: int
) -> None:
    assert told(*arguments).code == code
    for format_ in ("table", "json", "jsonl", "csv"):
        ran = told(*arguments, "--format", format_)
        assert ran.code == code, ran
        assert " true" not in ran.out.lower()
        if format_ == "json":
            assert json.loads(ran.out)["book"] == BRAND
        if format_ == "jsonl":
            assert all(json.loads(line) for line in ran.out.splitlines())
        if format_ == "csv":
            rows = list(csv.reader(StringIO(ran.out)))
            assert len({len(row) for row in rows}) == 1
        if format_ == "table":
            assert "as known at entry" in ran.out


def test_the_pipe_gets_tabs_and_the_moments_go_to_stderr(told: Program) -> None:
    ran = told("matrix", "--at", "2026-05-18")
    header, first, *_ = ran.out.splitlines()
    assert header.split("\t")[:4] == ["asset", "asset_name", "owner", "partner"]
    assert first.startswith("ad_account:230118476755120\tNorrsken DACH\t")
    assert "as known at entry 40" in ran.err


def test_entries_are_limited(told: Program) -> None:
    ran = told("entries", "--after", "10", "--limit", "3", "--format", "jsonl")
    assert [json.loads(line)["number"] for line in ran.out.splitlines()] == [11, 12, 13]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("who", "pagex"), 2, "'pagex' is not an asset; write its type and id: page:10485"),
        (("who", "page:x"), 2, "'x' is not the id of a Meta page; give its 5 to 20 digits"),
        (("what", "Bluepine"), 2, "'Bluepine' is not a partner; give the digits of its portf"),
        (("matrix", "--book", "x"), 2, "'x' is not a book; give the digits of a portfolio's id"),
        (
            ("matrix", "--book", "999999999999999"),
            1,
            (
                "this ledger holds no book 999999999999999; "
                "check the portfolio id, or record its first fact"
            ),
        ),
        (
            ("who", PAGE, "--known-at", "99"),
            2,
            (
                f"known_at 99 is not an entry of book {BRAND}, whose newest entry is 40; "
                "give a number from 0 to that, or an instant"
            ),
        ),
        (("who", PAGE, "--at", "yesterday"), 2, "'yesterday' is not an RFC 3339 time"),
        (("diff",), 2, "say what to compare: --from and --to, or --from-known and --to-known"),
        (("diff", "--from", "now", "--from-known", "1"), 2, "not both"),
        (("what", BLUEPINE, "--during", "2026-04-01/2026-03-01"), 2, "is empty; give the earlier"),
        (("who", PAGE, "--nonsense"), 2, "Unknown option: --nonsense."),
        (("nonsense",), 2, 'Unknown command "nonsense".'),
        (("who",), 2, "See access-ledger --help."),
        (("matrix", "--format", "xml"), 2, "See access-ledger --help."),
    ],
)
def test_what_cannot_be_asked_is_answered_in_words(
    told: Program, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ran = told(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("access-ledger: ")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_the_book_has_to_be_named_where_there_are_several(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("record", '{"fact":"partner-added","id":"x","owner":"11111","partner":"22222"}')
    ran = told("matrix")
    assert (ran.code, ran.err) == (
        2,
        (
            f"access-ledger: this ledger holds 2 books (11111, {BRAND}); "
            "say which with --book, or set ACCESS_LEDGER_BOOK\n"
        ),
    )
    monkeypatch.setenv("ACCESS_LEDGER_BOOK", BRAND)
    assert told("matrix").code == 0


def test_an_empty_ledger_says_what_to_do(program: Program) -> None:
    ran = program("matrix")
    assert (ran.code, ran.err) == (
        1,
        "access-ledger: this ledger holds no facts yet; import a file or record a fact first\n",
    )
