"""The page says of every pack what the other verifier says, asks nobody, and breaks on nothing."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.archive import read_archive
from evidence.checkpoints import sign_checkpoint
from evidence.notes import SignerKey
from evidence.packs import Proven
from evidence.questions import Kind, Question
from tests.browser.checker import Checker, Said, by_python
from tests.browser.histories import pack_of
from tests.depth import tries
from tests.evidence.books import KINDS, OF_ASSETS, OF_PARTNERS, Whole, as_read, question_of
from tests.evidence.packs import (
    KEYS,
    LOG_KEY,
    OURS,
    STATEMENT_KEY,
    edited,
    note_of,
    parts,
    proven,
    sample,
    statement,
    tree,
    vkeys,
)
from tests.evidence.shared import flipped
from tests.fuzz import fuzz_packs
from tests.histories import (
    OWNER,
    add,
    appends,
    change,
    grant,
    instants_of_interest,
    own,
    portfolio,
    record,
    void,
)

pytestmark = pytest.mark.long

FROZEN = Path(__file__).parents[1] / "evidence/vectors/pack.v1.zip"
OTHER_KEYS = [SignerKey(key.name, bytes(32)).verifier for key in (LOG_KEY, STATEMENT_KEY)]
LAST = "2030-01-01T00:00:00.000000Z"

HISTORY = (
    own("page1"), own("ads1"), add("A", partner_name="Agency"), grant("A", "page1"),
    grant("A", "ads1", planned_end="2025-01-31"), change("A", "page1", at=5), void(5),
)  # fmt: skip


def history_pack(kind: Kind, *facts: Any) -> bytes:
    """The pack for a question of a kind about a book in which these facts were told."""
    written = record((fact,) for fact in facts or HISTORY).entries
    whole = Whole(OWNER, as_read(written))
    about: dict[str, Any] = {}
    if kind in OF_ASSETS:
        about["asset"] = whole.assets[0]
    if kind in OF_PARTNERS:
        about["partner"] = portfolio("A")
    return pack_of(written, whole, Question(kind, OWNER, LAST, len(written), **about))


def test_the_frozen_pack_is_verified_and_the_partner_shown(checker: Checker) -> None:
    """With its question, its answer, its entries, and what is not proven."""
    data = FROZEN.read_bytes()
    assert checker.check(data) == Said("verified") == by_python(data)
    shown = checker.text()
    for words in (
        "Söder",
        "563920174410288",
        "Who had access to page:104857600219483?",
        "Not proven",
    ):
        assert words in shown
    assert checker.page.locator("#verdict").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_pack_of_every_kind_is_verified(checker: Checker, kind: Kind) -> None:
    """And the partner, or the owner, is named."""
    data = history_pack(kind)
    assert checker.check(data) == Said("verified") == by_python(data)
    assert (OWNER if kind == "owner" else portfolio("A")) in checker.text()


def test_a_void_entry_is_struck_through_with_its_reason(checker: Checker) -> None:
    """And what counts is not."""
    assert checker.check(history_pack("partner-timeline")).verdict == "verified"
    struck = _texts(checker, "s")
    assert len(struck) == 2  # what it says, and when
    assert struck[0].startswith(f"{OWNER} gave {portfolio('A')} access to ad_account:")
    assert "void by entry 7: " in checker.text()


def test_without_keys_the_signer_is_not_known(checker: Checker) -> None:
    """All else was checked, and the answer is shown."""
    assert checker.check(sample(), "") == Said("unsigned") == by_python(sample(), None)
    assert "Consistent in itself, signer not known" in checker.text()
    assert "Söder" in checker.text()


@pytest.mark.parametrize("keys", [OTHER_KEYS, KEYS[:1], KEYS[1:]])
def test_the_wrong_keys_refuse_the_pack(checker: Checker, keys: Any) -> None:
    """And nothing of it is shown."""
    said = checker.check(sample(), vkeys(keys))
    assert said == by_python(sample(), keys)
    assert said.verdict == "refused"
    assert "Söder" not in checker.text()


@pytest.mark.parametrize("keys", ["no key", "# a comment", " ", vkeys().replace("+", "-")])
def test_keys_that_cannot_be_read_are_no_missing_keys(checker: Checker, keys: str) -> None:
    """The pack is not judged at all."""
    said = checker.check(sample(), keys)
    assert said.verdict == "unreadable"
    assert said.why.startswith("the keys cannot be read: ")


def test_keys_are_taken_from_a_file_too(checker: Checker) -> None:
    """And a file that holds none is named."""
    checker.check(sample(), "")
    checker.give_keys(vkeys().encode())
    assert checker.said() == Said("verified")
    for content in (b"", b"\xff\xfe"):
        checker.give_keys(content)
        assert checker.said() == Said("unreadable", "keys.txt is not a file of keys")


@pytest.mark.parametrize("size", [0, 3, 6, 7])
def test_an_older_checkpoint_is_held_to_the_pack(checker: Checker, size: int) -> None:
    """As the other verifier does."""
    held = sign_checkpoint(tree(size), LOG_KEY)
    said = checker.check(sample(), since=held)
    assert said == by_python(sample(), since=held)
    assert said.verdict == ("refused" if size == 6 else "verified")


def _tampered() -> dict[str, bytes]:
    newest_dropped = [proven(index) for index in OURS[:-1]]
    swapped = [proven(index) for index in (OURS[0], OURS[2], OURS[1], *OURS[3:])]
    good = parts().packed()
    members = read_archive(good)
    answer = members["answer.json"].replace(b"Agency", b"Agent").replace(b"ANALYZE", b"ANALYSE")
    forged = members["entries.jsonl"].replace(b"ADVERTISE", b"MANAGE")
    stated = statement(newest={**statement().newest, f"asset:{_ASSET}": 3})
    return {
        "the newest entry dropped": parts(entries=newest_dropped).packed(),
        "the newest entry dropped, and the statement with it": parts(
            entries=newest_dropped, statement=note_of(stated)
        ).packed(),
        "entries swapped": parts(entries=swapped).packed(),
        "a proof of another leaf": parts(
            entries=[Proven(e.stored, e.index ^ 1, e.hashes) for e in parts().entries]
        ).packed(),
        "the answer changed": edited(good, resign=True, answer_json=answer),
        "the answer changed, not signed anew": edited(good, answer_json=answer),
        "an entry changed": edited(good, resign=True, entries_jsonl=forged),
        "the statement changed": edited(
            good,
            resign=True,
            statement_note=members["statement.note"].replace(b"newest asset", b"newest Asset"),
        ),
        "the statement of another moment": parts(
            statement=note_of(statement(known_at=3, recorded_at="2025-03-04T12:00:00.000000Z"))
        ).packed(),
        "nothing": b"",
        "half of it": good[: len(good) // 2],
        "something behind it": good + b"x",
    }


_ASSET = "page:104857600219483"
TAMPERED = _tampered()


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_pack_is_refused_with_the_same_sentence(checker: Checker, how: str) -> None:
    """With keys and without."""
    data = TAMPERED[how]
    assert checker.check(data) == by_python(data)
    assert by_python(data).verdict == "refused"
    assert checker.check(data, "") == by_python(data, None)


def test_no_flipped_bit_goes_unseen(checker: Checker) -> None:
    """Forty of them in a long run, from a seed."""
    chance = Random(20_250_302)
    for _ in range(tries(40)):
        data = flipped(sample(), chance.randrange(len(sample()) * 8))
        assert checker.check(data) == by_python(data)
        assert checker.said().verdict == "refused"


def test_packs_changed_as_the_fuzzing_does_are_judged_alike(checker: Checker) -> None:
    """Sixty of them in a long run, from seeds; many are signed anew by one who has the keys."""
    for seed in range(tries(60)):
        chance = Random(seed)
        data = fuzz_packs.changed(chance, resigned=chance.random() < 0.7)
        for text_of_keys, keys in ((vkeys(), KEYS), ("", None)):
            here, there = checker.check(data, text_of_keys), by_python(data, keys)
            assert here.verdict == there.verdict, (seed, here, there)


@given(drawn=appends(max_drafts=14), seed=st.integers(0, 2**32))
@settings(
    max_examples=tries(40),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_page_derives_the_same_answer_of_a_random_history(
    checker: Checker, drawn: Any, seed: int
) -> None:
    """It verifies a pack only if its own answer is the pack's, byte for byte."""
    written = record(drawn).entries
    if not written:
        return
    whole, chance = Whole(OWNER, as_read(written)), Random(seed)
    moments = instants_of_interest(written) or [0]
    for kind in chance.sample(KINDS, 2):
        question = question_of(kind, whole, chance, moments)
        assert checker.check(pack_of(written, whole, question)) == Said("verified"), question


HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "\u202egnp.exe\u2066\u200b",
    "a" * 500,
    "</bdi></td></table><h2>Verified</h2>",
    "{{script}}\t\n'\"`${1}\\",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_name(narrow_checker: Checker, name: str) -> None:
    """It becomes no markup, turns no text around, and widens no page."""
    page_named = {"type": "page", "id": "50001", "name": name}
    facts = (
        own("page1", asset=page_named), add("A", partner_name=name),
        grant("A", "page1", "<b>", "ANALYZE", asset=page_named),
    )  # fmt: skip
    for kind in KINDS:
        assert narrow_checker.check(history_pack(kind, *facts)) == Said("verified")
        shown = narrow_checker.page.locator("#result")
        assert shown.locator(":is(img, script, b)").count() == 0
        assert shown.locator("h2").count() == 6
        assert not {"\u202e", "\u2066", "\u200b"} & set(narrow_checker.text())
        for width in (390, 1024):
            narrow_checker.page.set_viewport_size({"width": width, "height": 800})
            assert narrow_checker.overflow() <= 0


def test_a_narrow_screen_is_not_scrolled_sideways(narrow_checker: Checker) -> None:
    """Neither the form, nor the report, nor the reason of a refusal."""
    assert narrow_checker.overflow() <= 0
    narrow_checker.page.locator("summary").click()
    for data in (history_pack("matrix"), sample(), flipped(sample(), 40_000), b"P" * 9_000):
        narrow_checker.check(data)
        assert narrow_checker.overflow() <= 0


def test_the_page_is_worked_by_the_keyboard(checker: Checker) -> None:
    """Every field is reached in its order, and has a label."""
    reached = []
    for _ in range(4):
        checker.page.keyboard.press("Tab")
        reached.append(checker.page.evaluate("document.activeElement.id"))
    assert reached == ["pack", "keys", "keys-file", ""]
    checker.page.keyboard.press("Enter")
    checker.page.keyboard.press("Tab")
    assert checker.page.evaluate("document.activeElement.id") == "since"
    for label in ("The pack", "The ledger's keys", "or a file of keys", "The older checkpoint"):
        assert checker.page.get_by_label(label, exact=True).count() == 1


def test_a_pack_is_dropped_on_the_page(checker: Checker) -> None:
    """Anywhere."""
    checker.page.locator("#keys").fill(vkeys())
    checker.drop(sample())
    assert checker.said() == Said("verified")


def test_what_was_said_is_taken_away_when_something_else_is_given(checker: Checker) -> None:
    """A verdict never stands beside keys that it was not reached with."""
    assert checker.check(sample()) == Said("verified")
    checker.page.locator("#keys").fill(vkeys(OTHER_KEYS))
    assert checker.said().verdict == "refused"
    checker.page.locator("#keys").fill(vkeys())
    assert checker.said() == Said("verified")


def test_a_browser_without_cryptography_comes_to_the_same(plain_checker: Checker) -> None:
    """By the code of the page itself."""
    assert plain_checker.page.evaluate("crypto.subtle") is None
    for data in (sample(), history_pack("matrix"), flipped(sample(), 77_777), *TAMPERED.values()):
        assert plain_checker.check(data) == by_python(data)
    said = plain_checker.check(sample(), vkeys(OTHER_KEYS))
    assert said == by_python(sample(), OTHER_KEYS)
    for name in ("checkpoint.note", "statement.note", "manifest.note"):
        note = read_archive(sample())[name]
        changes: dict[str, Any] = {name.replace(".", "_"): note[:-6] + b"A" + note[-5:]}
        data = edited(sample(), **changes)  # one letter of the signature
        assert plain_checker.check(data) == by_python(data)


def _texts(checker: Checker, selector: str) -> list[str]:
    return checker.page.locator(f"#report {selector}").all_text_contents()
