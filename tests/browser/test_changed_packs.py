"""Very many changed packs, handed to the page's verification without its screen.

The verdict is Python's, and so is the sentence, with keys and without.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from playwright.sync_api import Page

from evidence.archive import read_archive
from evidence.errors import VerificationError
from evidence.notes import SignerKey
from evidence.verifying import verify_pack
from tests.evidence.packs import (
    KEYS,
    KNOWN_AT,
    LOG,
    ORIGIN,
    OTHER_BOOK,
    OURS,
    edited,
    note_of,
    parts,
    proven,
    since,
    statement,
    vkeys,
)
from tests.evidence.shared import flipped
from tests.fuzz.fuzz_packs import HELD, changed

GOOD = parts().packed()
GROWN = parts(since=since(3)).packed()
NOTE = read_archive(GOOD)["manifest.note"]
STRANGER = SignerKey(f"{ORIGIN}/statements", bytes(32))
ENTRIES = [proven(index) for index in OURS]
FOREIGN = [proven(index) for index in range(len(LOG)) if index not in OURS]
IN_OTHER_WORDS = ("the text is not UTF-8", "the note is not UTF-8", "the text is not JSON")
"""Python says of these where in the text, and sometimes why; the page does not."""

VERDICTS = """async ([keys, packs]) => {
  const known = await readKeys(keys);
  const found = [];
  for (const [pack, held] of packs) {
    for (const given of [null, known]) {
      try {
        await verifyPack(fromBase64(pack), given, held && fromBase64(held));
        found.push("");
      } catch (error) {
        if (!(error instanceof NotVerified)) throw error;
        found.push(error.message);
      }
    }
  }
  return found;
}"""

Handed = tuple[bytes, bytes | None]
"""A pack, and an older checkpoint that whoever checks it holds."""


def _reason(pack: bytes, held: bytes | None, *, with_keys: bool) -> str:
    try:
        verify_pack(pack, KEYS if with_keys else None, since=held)
    except VerificationError as error:
        why = str(error)
        return next((words for words in IN_OTHER_WORDS if why.startswith(words)), why)
    return ""


def agree(scripts: Page, handed: Sequence[Handed]) -> list[str]:
    """Why packs are refused, without keys and with them, as Python says; else empty."""
    told = [[_base64(pack), held and _base64(held)] for pack, held in handed]
    found: list[str] = scripts.evaluate(VERDICTS, [vkeys(), told])
    ours = [_reason(*one, with_keys=keys) for one in handed for keys in (False, True)]
    assert found == ours
    return found


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def test_packs_changed_at_random_are_judged_as_python_judges_them(scripts: Page) -> None:
    """Members, lines and values, archives and bytes; most of them signed again with good keys."""
    reasons = set()
    for start in range(0, 600, 50):
        handed = []
        for seed in range(start, start + 50):
            chance = Random(seed)
            pack = changed(chance, resigned=chance.random() < 0.7)
            handed.append((pack, chance.choice([None, None, *HELD])))
        reasons |= set(agree(scripts, handed))
    assert "" in reasons
    assert len(reasons) > 200


def test_no_flipped_bit_is_taken(scripts: Page) -> None:
    """Five hundred of them, for Python's reason."""
    chance = Random(2026)
    bits = [chance.randrange(len(GOOD) * 8) for _ in range(500)]
    assert "" not in agree(scripts, [(flipped(GOOD, bit), None) for bit in bits])


def test_a_proof_that_the_log_grew_is_held_to_both_roots(scripts: Page) -> None:
    """From every size to that of the log; and with any one hash changed, left out, or more."""
    honest, lies = [], []
    for size in range(1, len(LOG) + 1):
        older = since(size)
        honest.append(parts(since=older).packed())
        changes = [older.hashes[:-1]] if older.hashes else []
        changes.append([*older.hashes, bytes(32)])
        changes += [
            [*older.hashes[:at], bytes(32), *older.hashes[at + 1 :]]
            for at in range(len(older.hashes))
        ]
        lies += [parts(since=replace(older, hashes=hashes)).packed() for hashes in changes]
    assert set(agree(scripts, [(pack, None) for pack in honest])) == {""}
    assert "" not in agree(scripts, [(pack, None) for pack in lies])
    assert len(lies) > 20


def test_packs_by_somebody_who_lies_and_has_every_key_are_refused(scripts: Page) -> None:
    """Each in one thing; in the last three something does not fit that another key would mend."""
    packs = [
        parts(entries=ENTRIES[:-1]),
        parts(entries=[ENTRIES[1], ENTRIES[0], *ENTRIES[2:]]),
        parts(entries=[*ENTRIES, ENTRIES[-1]]),
        parts(entries=[*ENTRIES, FOREIGN[0]]),
        parts(entries=[*FOREIGN, *ENTRIES]),
        parts(answer={}),
        parts(answer=[]),
        parts(statement=note_of(statement(book=OTHER_BOOK))),
        parts(statement=note_of(statement(known_at=KNOWN_AT - 1))),
        parts(statement=note_of(statement(size=len(LOG) - 1))),
        parts(statement=note_of(statement(root=bytes(32)))),
        parts(statement=note_of(statement(origin="other.example"))),
    ]
    handed = [one.packed() for one in packs]
    handed.append(edited(GOOD, manifest_note=NOTE + NOTE.rpartition(b"\n\n")[2]))
    handed.append(edited(GROWN, resign=True, consistency_json=None))
    assert "" not in agree(scripts, [(pack, None) for pack in handed])
    stranger = parts(statement=note_of(statement(), STRANGER)).packed()
    assert [bool(why) for why in agree(scripts, [(stranger, None)])] == [False, True]
