"""The rules that the page holds again: completeness and derivation, on honest entries and on lies.

Here the entries come without a log around them, so that very many cases can be asked.
"""

import base64
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from domain.entry import Entry as LedgerEntry
from domain.facts import Fact
from evidence.canonical import parse_canonical, write_canonical
from evidence.completeness import check_complete
from evidence.deriving import derive
from evidence.entries import read_entry
from evidence.errors import VerificationError
from evidence.questions import Question, read_question
from evidence.statements import Statement, parse_statement
from tests.depth import tries
from tests.evidence.books import KINDS, Whole, as_read, ends_of, question_of, stored
from tests.evidence.test_deriving import TOLD
from tests.histories import (
    add,
    appends,
    change,
    grant,
    instants_of_interest,
    own,
    record,
    remove,
    revoke,
    transfer,
    valid_history,
    void,
)

ANSWERS = """cases => cases.map(([question, statement, entries]) => {
  try {
    const asked = readQuestion(parseCanonical(fromBase64(question)));
    const stated = parseStatement(statement);
    const read = entries.map((stored) => readEntry(fromBase64(stored)));
    checkComplete(asked, read, stated);
    return toText(writeCanonical(derive(asked, read, stated).answer));
  } catch (error) {
    if (error instanceof NotVerified) return `refused: ${error.message}`;
    throw error;
  }
})"""

STORY: tuple[tuple[Fact, ...] | Fact, ...] = (
    (add("A", partner_name="Agency"), own("page1"), own("ads1")),
    grant("A", "page1", "ADVERTISE", at=2, planned_end="2026-01-05"),
    grant("A", "ads1", "ANALYZE", at=3, after=2, reason="for the spring campaign"),
    change("A", "page1", "MANAGE", at=4, actor={"kind": "person", "id": "jane"}),
    add("B", at=4, id="wrong", partner_name="Wrong one"),
    void("wrong", reason="never happened"),
    revoke("A", "page1", at=6),
    own("app1", at=6, owner="A"),
    grant("A", "page1", "ANALYZE", at=7),
    transfer("ads1", at=8, to="X"),
    remove("A", at=12, removed_by="partner"),
)  # fmt: skip
"""A book with something of everything."""


def written(appends: Sequence[Sequence[Fact] | Fact]) -> list[LedgerEntry]:
    """The entries of a book in which these appends were recorded, none of them refused."""
    recording = record([facts if isinstance(facts, tuple) else (facts,) for facts in appends])
    assert not recording.refused, recording.refused
    return recording.entries


Case = tuple[bytes, str, list[bytes]]
"""A question, the text of a statement, and stored entries, ascending by number."""
THOROUGHLY = settings(
    max_examples=tries(100),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failing case is printed as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def outcome(case: Case) -> str:
    """What Python makes of a case: the answer, or why there is none."""
    question, statement, entries = case
    try:
        asked = read_question(parse_canonical(question))
        stated = parse_statement(statement)
        read = [read_entry(one) for one in entries]
        check_complete(asked, read, stated)
        return write_canonical(derive(asked, read, stated)).decode()
    except VerificationError as error:
        return f"refused: {error}"


def agree(scripts: Page, cases: Sequence[Case]) -> list[str]:
    """The outcomes of cases, which are those of Python, to the byte and to the word."""
    shown = [
        (
            base64.b64encode(question).decode(),
            statement,
            [base64.b64encode(one).decode() for one in entries],
        )
        for question, statement, entries in cases
    ]
    found: list[str] = scripts.evaluate(ANSWERS, shown)
    for case, theirs in zip(cases, found, strict=True):
        assert theirs == outcome(case), case
    return found


def honest(whole: Whole, entries: Sequence[LedgerEntry], question: Question) -> Case:
    """What a ledger hands over for a question."""
    statement = whole.statement(question)
    gathered = whole.gathered(question, statement)
    written_ = [stored(entries[entry.number - 1]) for entry in gathered]
    return write_canonical(question.as_json()), str(statement), written_


def _questions(whole: Whole, entries: Sequence[LedgerEntry], chance: Random) -> list[Question]:
    moments = instants_of_interest(entries)
    return [question_of(kind, whole, chance, moments) for kind in KINDS * 2]


@pytest.mark.parametrize("drawn", [appends(max_drafts=14), valid_history(max_drafts=12).map(list)])
def test_answers_about_random_histories_are_those_of_python(scripts: Page, drawn: Any) -> None:
    """In any order of time, and in that of the effective times."""

    @given(told=drawn, seed=st.integers(0, 2**32))
    @THOROUGHLY
    def ask(told: Any, seed: int) -> None:
        entries = record([one if isinstance(one, tuple) else (one,) for one in told]).entries
        if not entries:
            return
        whole = Whole(entries[0].book, as_read(entries))
        questions = _questions(whole, entries, Random(seed))
        found = agree(scripts, [honest(whole, entries, question) for question in questions])
        assert not any(text.startswith("refused") for text in found)

    ask()


@pytest.mark.parametrize("name", TOLD)
def test_answers_in_which_rare_rules_matter_are_those_of_python(scripts: Page, name: str) -> None:
    """At every moment of interest, as known now; and at many moments as known before."""
    entries = written(TOLD[name])
    whole, chance = Whole(entries[0].book, as_read(entries)), Random(2026)
    moments = instants_of_interest(entries)
    questions = [
        question_of(kind, whole, chance, choice)
        for kind in KINDS
        for at in moments
        for choice in ([at], moments)
    ]
    found = agree(scripts, [honest(whole, entries, question) for question in questions])
    assert not any(text.startswith("refused") for text in found)


# Lies, told by somebody who has every key.

Lie = Callable[[Random, Whole, "Told"], None]


class Told:
    """A case that a lie may change."""

    def __init__(self, case: Case, all_entries: Sequence[bytes]) -> None:
        self.question: Any = parse_canonical(case[0])
        self.statement = case[1].split("\n")[:-1]
        self.entries: list[Any] = [parse_canonical(one) for one in case[2]]
        self.all: list[Any] = [parse_canonical(one) for one in all_entries]

    def case(self) -> Case:
        """The case as it is told now."""
        ordered = sorted(self.entries, key=lambda entry: int(entry["number"]))
        return (
            write_canonical(self.question),
            "".join(f"{line}\n" for line in self.statement),
            [write_canonical(entry) for entry in ordered],
        )


def _drop(chance: Random, _: Whole, told: Told) -> None:
    if told.entries:
        told.entries.remove(chance.choice(told.entries))


def _add(chance: Random, _: Whole, told: Told) -> None:
    numbers = {entry["number"] for entry in told.entries}
    if others := [entry for entry in told.all if entry["number"] not in numbers]:
        told.entries.append(chance.choice(others))


def _state(chance: Random, whole: Whole, told: Told) -> None:
    """Lines of the statement left out, added, changed; mostly those that could be there."""
    lines, asset = told.statement, ":".join(chance.choice([*whole.assets, ("page", "59999")]))
    portfolio = chance.choice([*whole.portfolios, "39999"])
    pair = f"{portfolio}:{chance.choice(whole.portfolios)}"
    number = chance.randint(0, len(whole.entries))
    head, claims = lines[:6], lines[6:]
    match chance.randrange(4):
        case 0 if claims:
            claims.remove(chance.choice(claims))
        case 1 if newest := [line for line in claims if line.startswith("newest")]:
            line = chance.choice(newest)
            claims[claims.index(line)] = f"{line.rpartition(' ')[0]} {number}"
        case _:
            claims.append(
                chance.choice(
                    [
                        f"owner {portfolio}",
                        f"owned {asset}",
                        f"newest asset:{asset} {number}",
                        f"newest ownership:{asset} {number}",
                        f"newest partner:{pair} {number}",
                        f"newest episode:{pair} {number}",
                    ]
                )
            )
    _restate(chance, told, [*head, *claims])


def _claim(chance: Random, whole: Whole, told: Told) -> None:
    """An owner or an owned asset more, with the subjects that it brings, as far as they go."""
    asset = ":".join(chance.choice([*whole.assets, ("page", "59999")]))
    owner = chance.choice([*whole.portfolios, "39999"])
    claims = [f"owned {asset}", f"newest ownership:{asset} {{}}"]
    subject = f"ownership:{asset}"
    if chance.random() < 0.5:
        subject = f"partner:{owner}:{told.question.get('partner')}"
        claims = [f"owner {owner}", f"newest {subject} {{}}"]
    newest = whole.newest.get(subject, 0)
    _restate(chance, told, [*told.statement, *(claim.format(newest) for claim in claims)])


def _restate(chance: Random, told: Told, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if chance.random() < 0.9:  # in the one order that they have, where they can have one
        try:
            text = str(_sorted(text))
        except VerificationError:
            return
    told.statement = text.split("\n")[:-1]


def _sorted(text: str) -> Statement:
    lines = text.split("\n")[:-1]
    order = {"newest": 0, "owner": 1, "owned": 2}
    claims = sorted(
        set(lines[6:]),
        key=lambda line: (order[line.split(" ")[0]], line.split(" ")[1].partition(":")),
    )
    newest = {line.split(" ")[1]: line for line in claims if line.startswith("newest")}
    rest = [line for line in claims if not line.startswith("newest")]
    ordered = [newest[subject] for subject in sorted(newest)]
    return parse_statement("".join(f"{line}\n" for line in [*lines[:6], *ordered, *rest]))


def _know(chance: Random, whole: Whole, told: Told) -> None:
    """Another state of knowledge, with the time of its entry or another's."""
    known = chance.choice([*ends_of(whole.entries), *range(len(whole.entries) + 1)])
    timed = chance.choice([known, known, chance.randint(1, len(whole.entries))])
    told.question["known_at"] = known
    recorded = whole.by_number[timed].recorded_at if known and timed else "-"
    told.statement[5] = f"{known} {recorded}"


def _touch(chance: Random, whole: Whole, told: Told) -> None:
    """Other steps in the chains: what the ledger itself would have to have written."""
    if not told.entries:
        return
    entry = chance.choice(told.entries)
    touches = dict(entry["touches"])
    subject = chance.choice([*touches, *whole.newest])
    if subject in touches and chance.random() < 0.3:
        del touches[subject]
    else:
        touches[subject] = chance.randint(0, entry["number"])
    told.entries[told.entries.index(entry)] = {**entry, "touches": touches}


def _write(chance: Random, whole: Whole, told: Told) -> None:
    """Entries that were recorded, or became true, at another time, or stand in for another."""
    if not told.entries:
        return
    at = chance.randrange(len(told.entries))
    entry, other = told.entries[at], chance.choice(told.all)
    event, given = entry["event"], other["event"]
    changed: dict[str, Any] = {}
    match chance.randrange(5):
        case 0:
            entry = {**entry, "recorded_at": other["recorded_at"]}
        case 1:
            changed = {"replaces": chance.randint(1, len(whole.entries))}
        case 2 if "effective_at" in event and "effective_at" in given:
            changed = {"effective_at": given["effective_at"]}
        case 3 if "effective_at" in event and "effective_at" in given:
            changed = {"effective_after": given["effective_at"]}
        case _ if "entry" in event:
            changed = {"entry": chance.randint(1, len(whole.entries))}
        case _:
            named = ("owner", "partner", "to_owner")
            changed = {name: chance.choice(whole.portfolios) for name in named if name in event}
    told.entries[at] = {**entry, "event": {**event, **changed}}


LIES: tuple[Lie, ...] = (_drop, _add, _state, _state, _claim, _know, _touch, _write)


def told_lies(entries: Sequence[LedgerEntry], seed: int, count: int) -> list[Case]:
    """Cases with a lie or two each."""
    chance = Random(seed)
    whole = Whole(entries[0].book, as_read(entries))
    cases = []
    for question in _questions(whole, entries, chance):
        for _ in range(count):
            told = Told(honest(whole, entries, question), [stored(entry) for entry in entries])
            for _ in range(chance.choice([1, 1, 1, 2])):
                chance.choice(LIES)(chance, whole, told)
            cases.append(told.case())
    return cases


def test_lies_about_random_histories_are_refused_as_python_refuses_them(scripts: Page) -> None:
    """Or believed as Python believes them, where they change nothing that can be seen."""
    outcomes: list[str] = []

    @given(drawn=appends(max_drafts=14), seed=st.integers(0, 2**32))
    @THOROUGHLY
    def ask(drawn: Any, seed: int) -> None:
        if entries := record(drawn).entries:
            outcomes.extend(agree(scripts, told_lies(entries, seed, 4)))

    ask()
    refused = [text for text in outcomes if text.startswith("refused")]
    assert len(refused) > tries(1_000)


def test_lies_about_a_told_history_are_refused_as_python_refuses_them(scripts: Page) -> None:
    """A book with something of everything; the reasons are of many kinds."""
    outcomes = [
        text for seed in range(30) for text in agree(scripts, told_lies(written(STORY), seed, 4))
    ]
    for why in (
        "does not bear on the question",
        "is missing",
        "is not in its chain",
        "is not the end of what was known then",
        "does not name the newest entry of",
        "which the question does not need",
        "of whom there is no entry",
        "was recorded as the owner of",
        "against what its event says",
        "touched",
    ):
        assert any(why in text for text in outcomes), why
