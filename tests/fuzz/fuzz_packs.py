"""Packs changed at random: each is refused as it should be, or is one that was handed over.

`make fuzz` runs it for ten minutes, or FUZZ_SECONDS. What fails is found again by its seed:
`FUZZ_SEED=1234 make fuzz` tries that one alone.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random, SystemRandom

from evidence.archive import MEMBERS, _directory, _local_header, read_archive
from evidence.canonical import MAX_EXACT, Json, parse_canonical, write_canonical
from evidence.errors import VerificationError
from evidence.notes import read_note, sign, to_base64
from evidence.packs import manifest_text, write_manifest
from evidence.verifying import verify_pack
from tests.evidence.packs import CREATED_AT, KEYS, LOG_KEY, ORIGIN, STATEMENT_KEY, parts, since
from tests.evidence.shared import flipped

Members = dict[str, bytes]

ORIGINALS = [
    parts().packed(),
    parts(since=since(3)).packed(),
    parts(since=since(6), verify_html=b"<!doctype html>\n").packed(),
]
HELD = [since(3).checkpoint, since(6).checkpoint]
LINED = ("entries.jsonl", "proofs.jsonl")
NOTES = {
    "checkpoint.note": LOG_KEY,
    "since.note": LOG_KEY,
    "statement.note": STATEMENT_KEY,
    "manifest.note": STATEMENT_KEY,
}
ODD: list[Json] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    1e300,
    2**53 - 1,
    2**63,
    "",
    "\x00",
    "\ud7ff\U0010ffff",
    "\u202e",
    "0",
    "2025-02-30T12:00:00.000000Z",
    "506914307656634",
    to_base64(bytes(32)),
    [],
    {},
    [[]],
    {"hashes": []},
]


class Found(Exception):
    """A pack that was neither refused nor one that was handed over, or refused in another way."""


def main() -> int:
    """Try packs until the time is over; 1 if one of them is found."""
    fixed = os.environ.get("FUZZ_SEED")
    if fixed:
        print(f"seed {fixed}: {attempt(int(fixed))}")
        return 0
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    start = SystemRandom().randrange(10**12)
    until = time.monotonic() + seconds
    outcomes: Counter[str] = Counter()
    seed = start
    while time.monotonic() < until:
        try:
            outcomes[attempt(seed)] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed is what is wanted
            print(f"seed {seed}: {type(error).__name__}: {error}", file=sys.stderr)
            print(f"again with: FUZZ_SEED={seed} make fuzz", file=sys.stderr)
            return 1
        seed += 1
    print(f"{seed - start} packs in {seconds:g} seconds, from seed {start} on:")
    for outcome, count in outcomes.most_common():
        print(f"{count:>9}  {outcome}")
    return 0


def attempt(seed: int) -> str:
    """Change a pack as the seed says and hold it to the verification; what came of it."""
    chance = Random(seed)
    resigned = chance.random() < 0.4
    data = changed(chance, resigned=resigned)
    held = chance.choice([None, None, HELD[0], _mangled(chance, HELD[1])])
    outcome = ""
    for keys in (None, KEYS):
        try:
            verified = verify_pack(data, keys, since=held)
        except VerificationError as error:
            outcome = type(error).__name__
            if not str(error):
                raise Found(f"{outcome} says nothing") from error
            continue
        outcome = "verified"
        if keys and not (verified.signer_known and (resigned or data in ORIGINALS)):
            raise Found("a pack that was changed is verified")
    return outcome


def changed(chance: Random, *, resigned: bool) -> bytes:
    """A pack that was changed; `resigned` by somebody who has the ledger's keys."""
    members = read_archive(chance.choice(ORIGINALS))
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        chance.choice([_edit_bytes, _edit_lines, _edit_json, _edit_json, _edit_proof, _splice])(
            chance, members
        )
    if resigned:
        _edit_note(chance, members)
    if resigned or chance.random() < 0.7:
        _list_again(members, sign_it=resigned)
    data = _archived(chance, members)
    if chance.random() < 0.25:
        data = _mangled(chance, data)
    return data


# Members.


def _edit_bytes(chance: Random, members: Members) -> None:
    name = chance.choice(list(members))
    members[name] = _mangled(chance, members[name])


def _edit_lines(chance: Random, members: Members) -> None:
    """Lines left out, twice, in another order; often those of both files alike."""
    seed = chance.random()
    names = LINED if chance.random() < 0.6 else (chance.choice(list(members)),)
    for name in names:
        again = Random(seed)
        lines = members[name].splitlines(keepends=True)
        if not lines:
            continue
        at, other = again.randrange(len(lines)), again.randrange(len(lines))
        match again.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at:] = []
        members[name] = b"".join(lines)


def _edit_json(chance: Random, members: Members) -> None:
    """One value within a member's JSON, written canonically again."""
    name = chance.choice([name for name in members if name.endswith(("json", "jsonl"))])
    lines = members[name].split(b"\n")
    at = chance.randrange(max(1, len(lines) - 1))
    try:
        value = parse_canonical(lines[at])
        lines[at] = write_canonical(_with_one_changed(chance, value))
    except VerificationError:
        return
    members[name] = b"\n".join(lines)


def _with_one_changed(chance: Random, value: Json) -> Json:
    match value:
        case dict() if value and chance.random() < 0.85:
            key = chance.choice(sorted(value))
            match chance.randrange(6):
                case 0:
                    return {name: item for name, item in value.items() if name != key}
                case 1:
                    return {**value, chance.choice(["", "more", key + "x"]): chance.choice(ODD)}
                case _:
                    return {**value, key: _with_one_changed(chance, value[key])}
        case list() if value and chance.random() < 0.85:
            at = chance.randrange(len(value))
            match chance.randrange(5):
                case 0:
                    return [*value[:at], *value[at + 1 :]]
                case 1:
                    return [*value[:at], *value[at:], value[at]]
                case _:
                    return [*value[:at], _with_one_changed(chance, value[at]), *value[at + 1 :]]
        case str() if value and chance.random() < 0.5:
            at = chance.randrange(len(value))
            return value[:at] + chance.choice(["", "0", "9", "Z", ":", "é"]) + value[at + 1 :]
        case int() if not isinstance(value, bool) and chance.random() < 0.5:
            return value + chance.choice([-1, 1, 2**31])
    return chance.choice(ODD)


def _edit_proof(chance: Random, members: Members) -> None:
    """An index moved, hashes more, fewer, or in another order."""
    lines = members["proofs.jsonl"].split(b"\n")
    at = chance.randrange(len(lines))
    try:
        value = parse_canonical(lines[at])
    except VerificationError:
        return
    match value:
        case {"index": int(index), "hashes": list(hashes)}:
            index = min(index + chance.choice([0, 0, 1, -1, 8]), MAX_EXACT)
            match chance.randrange(4):
                case 0:
                    hashes = hashes[1:]
                case 1:
                    hashes = [*hashes, to_base64(chance.randbytes(32))]
                case 2:
                    chance.shuffle(hashes)
                case _:
                    pass
            lines[at] = write_canonical({"index": index, "hashes": hashes})
    members["proofs.jsonl"] = b"\n".join(lines)


def _splice(chance: Random, members: Members) -> None:
    """Some members of another pack by the same keys."""
    other = read_archive(chance.choice(ORIGINALS))
    for name in chance.sample(MEMBERS, chance.randint(1, 4)):
        if name in other:
            members[name] = other[name]
        else:
            members.pop(name, None)


def _edit_note(chance: Random, members: Members) -> None:
    """Another text of a note, signed by the key that it takes."""
    name = chance.choice([name for name in NOTES if name in members])
    try:
        text = read_note(members[name]).text
        mangled = _mangled(chance, text.encode()).decode(errors="replace")
        members[name] = sign(mangled.removesuffix("\n") + "\n", [NOTES[name]])
    except VerificationError:
        return


def _list_again(members: Members, *, sign_it: bool) -> None:
    """The manifest that fits, and perhaps its signature."""
    manifest = write_manifest(members, origin=ORIGIN, created_at=CREATED_AT)
    members["manifest.json"] = manifest
    if sign_it:
        members["manifest.note"] = sign(manifest_text(manifest, ORIGIN), [STATEMENT_KEY])


# Archives and bytes.


def _archived(chance: Random, members: Members) -> bytes:
    """The archive of these members; sometimes one that lacks, repeats or swaps some."""
    named = [(name, members[name]) for name in MEMBERS if name in members]
    if chance.random() < 0.1:
        at, other = chance.randrange(len(named)), chance.randrange(len(named))
        match chance.randrange(4):
            case 0:
                del named[at]
            case 1:
                named.insert(other, named[at])
            case 2:
                named[at], named[other] = named[other], named[at]
            case _:
                names = ["../x", "/x", "x" * 300, "Readme.txt", ""]
                named[at] = (chance.choice(names), named[at][1])
    pieces = [_local_header(name, content) + content for name, content in named]
    return b"".join(pieces) + _directory(dict(named))


def _mangled(chance: Random, data: bytes) -> bytes:
    """The bytes with some of them changed, more, or fewer."""
    if not data:
        return chance.randbytes(chance.randint(0, 40))
    at, other = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
    few = chance.randint(1, 8)
    ways: list[Callable[[], bytes]] = [
        lambda: flipped(data, chance.randrange(len(data) * 8)),
        lambda: flipped(data, chance.randrange(len(data) * 8)),
        lambda: data[:at],
        lambda: data + chance.choice([b"\n", chance.randbytes(few), data]),
        lambda: data[:at] + data[at + few :],
        lambda: data[:at] + chance.randbytes(few) + data[at:],
        lambda: data[:at] + chance.randbytes(few) + data[at + few :],
        lambda: data[:at] + data[other : other + few] + data[at + few :],
        lambda: data[:at] + b"\xff" * few + data[at + few :],
        lambda: chance.choice(ORIGINALS)[:at] + data[at:],
    ]
    return chance.choice(ways)()


if __name__ == "__main__":
    sys.exit(main())
