"""The small parts of the page that Python has of its own give what Python's give."""

import base64
import struct
from hashlib import sha256, sha512
from random import Random
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from playwright.sync_api import Page

from evidence.canonical import parse_canonical, write_canonical
from evidence.errors import VerificationError
from evidence.instants import DAY, end_of_day, instant, microseconds
from evidence.levels import level_of
from evidence.notes import from_base64, to_base64
from evidence.verifying import read_keys
from tests.evidence.packs import KEYS

ONE, OTHER = map(str, KEYS)
NAME, ID = KEYS[0].name, KEYS[0].key_id.hex()
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _little(number: int) -> bytes:
    return number.to_bytes(32, "little")


def test_hashes_are_those_of_python(scripts: Page) -> None:
    """Of every length around a block, and of a larger one; both by the browser and by hand."""
    chance = Random(1)
    messages = [chance.randbytes(length) for length in (*range(140), 100_000)]
    found = scripts.evaluate(
        """async messages => {
          const found = [];
          for (const message of messages.map(fromBase64)) {
            const hashes = [plainSha256(message), plainSha512(message), await sha256(message)];
            found.push(hashes.map(toHex));
          }
          return found;
        }""",
        [_text(message) for message in messages],
    )
    for message, hashes in zip(messages, found, strict=True):
        plain = sha256(message).hexdigest()
        assert hashes == [plain, sha512(message).hexdigest(), plain]


def _signatures() -> list[tuple[bytes, bytes, bytes]]:
    """Keys, signatures and messages: good, changed, and at the edges of RFC 8032."""
    chance = Random(2)
    found = []
    for length in (0, 1, 64, 300):
        key, message = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)), b"m" * length
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        found.append((public, signature, message))
        found.append((public, signature, message + b"x"))
        found.append((public, signature[:63], message))
        s = int.from_bytes(signature[32:], "little")
        found += [(public, signature[:32] + _little(s + ORDER), message)]
        for _ in range(6):
            changed = bytearray(signature + public)
            changed[chance.randrange(96)] ^= 1 << chance.randrange(8)
            found.append((bytes(changed[64:]), bytes(changed[:64]), message))
    # Points that have more than one encoding, or should have none.
    odd = [
        _little(1),
        _little(P + 1),
        _little(1 | 1 << 255),
        _little(2),
        _little(P - 1),
        _little(0),
    ]
    odd += [_little(P), _little(2**255 - 1), bytes(32), b"\xff" * 32]
    found += [(a, r + s, b"m") for a in odd for r in odd for s in (bytes(32), _little(ORDER))]
    return found


def _verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("function", ["isSignedBy", "plainIsSignedBy"])
def test_signatures_are_good_where_they_are_to_python(scripts: Page, function: str) -> None:
    """By the browser, and by the page alone."""
    cases = _signatures()
    found = scripts.evaluate(
        f"""async cases => {{
          const found = [];
          for (const parts of cases) found.push(await {function}(...parts.map(fromBase64)));
          return found;
        }}""",
        [[_text(part) for part in case] for case in cases],
    )
    assert found == [_verifies(*case) for case in cases]
    assert 4 <= sum(found) < len(found)


ODD_TEXTS = [
    b"", b"1", b"01", b"1.0", b"-0", b"1e3", b"1E3", b"1e21", b"1e+21", b"1e-7", b"0.000001",
    b"1e999",
    b"9007199254740991", b"9007199254740992", b"9007199254740993", b"123456789012345680000", b"NaN",
    b"Infinity", b"-Infinity", b"true", b"null", b"nul", b" 1", b"1 ", b"\xef\xbb\xbf1", b"\xff",
    b'"\xc3\xa9"', b'"\\u00e9"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xed\xa0\x80"', b'"\x7f"',
    b'"\\u007f"', b'"\\n"', b'"\\u000a"', b'"\\u000b"', b'"\\u000B"', b'"\x0a"', b'"\\/"', b'"/"',
    b'"\xe2\x80\xa8"', b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'{"b":1,"a":1}', b'{"a":1,"b":1}',
    b'{"10":1,"9":1}', b'{"9":1,"10":1}', b'{"__proto__":1}', b'{"__proto__":{"x":1},"a":1}',
    b'{"\xef\xbc\xa1":1,"\xf0\x9f\x98\x80":1}', b'{"\xf0\x9f\x98\x80":1,"\xef\xbc\xa1":1}',
    b"[1,]", b"[]", b"[[]]", b"{}", b'{"":0}', b"'a'", b"/**/1", b"[" * 64 + b"]" * 64,
    b"[" * 65 + b"]" * 65,
    b"[" * 100_000, b'"' + b"[" * 100 + b'"', b'"\\"[[', b'"a', b'{"a"}', b"1\x00", b"\x00",
]  # fmt: skip


def _numbers() -> list[bytes]:
    chance = Random(3)
    found = []
    for _ in range(400):
        (number,) = struct.unpack("<d", chance.randbytes(8))
        found.append(repr(number).encode())
        if number == number and abs(number) != float("inf"):  # noqa: PLR0124 - not NaN
            found.append(write_canonical(number))
    return found


def test_json_is_canonical_where_it_is_to_python(scripts: Page) -> None:
    """Odd texts, and numbers of every size."""
    texts = [*ODD_TEXTS, *_numbers()]
    found = scripts.evaluate(
        """texts => texts.map((text) => {
          try { parseCanonical(fromBase64(text)); return true; }
          catch (error) { if (error instanceof NotVerified) return false; throw error; }
        })""",
        [_text(text) for text in texts],
    )
    expected = []
    for text in texts:
        try:
            parse_canonical(text)
        except VerificationError:
            expected.append(False)
        else:
            expected.append(True)
    differing = [
        text for text, one, other in zip(texts, found, expected, strict=True) if one != other
    ]
    assert not differing


def test_base64_is_read_where_python_reads_it(scripts: Page) -> None:
    """Padding, stray bits, other alphabets."""
    texts = ["", "=", "==", "A", "AA", "AAA", "AA==", "AB==", "AAA=", "AAB=", "AAAA", "AA=A",
             "A A=", "AA==\n", "-_==", "+/==", "+w==", "AAAAA===", "é==="]  # fmt: skip
    found = scripts.evaluate("texts => texts.map((text) => fromBase64(text) !== null)", texts)
    assert found == [from_base64(text) is not None for text in texts]


MOMENTS = [
    "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00.000000Z", "2000-02-29T12:00:00.000001Z", "1900-02-28T23:59:59.999999Z",
    "2400-12-31T23:59:59.999999Z", "1900-02-29T00:00:00.000000Z", "2026-04-31T00:00:00.000000Z",
    "2026-13-01T00:00:00.000000Z", "2026-00-01T00:00:00.000000Z", "0000-01-01T00:00:00.000000Z",
    "2026-01-01T24:00:00.000000Z", "2026-01-01T00:60:00.000000Z", "2026-01-01T00:00:60.000000Z",
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z\n", "2026-01-01t00:00:00.000000z",
]  # fmt: skip


def test_moments_are_those_of_python(scripts: Page) -> None:
    """To the microsecond in every year that can be written, and back."""
    chance = Random(4)
    low, high = microseconds(MOMENTS[0]), microseconds(MOMENTS[1])
    assert low is not None
    assert high is not None
    texts = [*MOMENTS, *(instant(chance.randint(low, high)) for _ in range(500))]
    found = scripts.evaluate(
        """texts => texts.map((text) => {
          const moment = microseconds(text);
          return moment === null ? null : [String(moment), instant(moment)];
        })""",
        texts,
    )
    for text, told in zip(texts, found, strict=True):
        moment = microseconds(text)
        assert told == (None if moment is None else [str(moment), text]), text
    days = ["2026-02-28", "2026-02-31", "2024-02-30", "2026-04-31", "1000-01-01", "2999-12-31"]
    ends = scripts.evaluate("days => days.map((day) => instant(endOfDay(day)))", days)
    assert ends == [instant(end_of_day(day)) for day in days]


def test_days_late_are_rounded_as_python_rounds_them(scripts: Page) -> None:
    """To six places, and at the middle between two to the even one."""
    chance = Random(5)
    stretches = [0, 1, -1, 43_200, DAY, -DAY, DAY // 2, 2**53 + 1, -(2**57) - 1]
    stretches += [sign * DAY // 128 * odd for odd in range(1, 400, 2) for sign in (1, -1)]
    stretches += [chance.randint(-(10**size), 10**size) for size in range(3, 18) for _ in range(40)]
    found = scripts.evaluate(
        "stretches => stretches.map((stretch) => toText(writeCanonical(inDays(BigInt(stretch)))))",
        [str(stretch) for stretch in stretches],
    )
    expected = [write_canonical(round(stretch / DAY, 6)).decode() for stretch in stretches]
    assert found == expected


def test_levels_are_those_of_python(scripts: Page) -> None:
    """Of every type that the rule knows, and one that it does not."""
    cases: list[tuple[str, list[str]]] = [
        (type_, tasks)
        for type_ in (
            "page", "ad_account", "dataset", "catalog", "instagram_account", "whatsapp_account",
            "offline_event_set", "app", "other",
        )
        for tasks in (
            [], ["ADVERTISE"], ["MANAGE"], ["EDIT"], ["PROFILE_PLUS_FULL_CONTROL"],
            ["ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT"],
            ["ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "MESSAGES"],
        )
    ]  # fmt: skip
    found: Any = scripts.evaluate(
        "cases => cases.map(([type, tasks]) => levelOf(type, tasks))", cases
    )
    assert found == [level_of(*case) for case in cases]


ODD_KEYS = [
    "", "\n", "# none\n", ONE, f"{ONE}\n{OTHER}\n", f" {ONE}\t\r\n\n#\n{OTHER}",
    f"{ONE}\x85{OTHER}", f"{ONE}\u2028{OTHER}", f"\ufeff{ONE}", f"{ONE}\u200b", f"\u3000{ONE}\xa0",
    f"\x1f{ONE}",
    ONE.replace(ID, "00000000"), ONE.replace(ID, ID.upper()), ONE.replace(ID, ID[:7]),
    ONE.replace(NAME, f"{NAME}x"), ONE.replace(NAME, "a b"), ONE.replace(NAME, ""), ONE[:-1],
    f"{NAME}+{ID}+", f"{NAME}+{ID}+{to_base64(b'short')}", f"{NAME}+{ID}+{to_base64(bytes(33))}",
    f"{NAME}+{ID}+{to_base64(bytes([1]) + bytes(31))}", f"{NAME}+{ID}+{to_base64(bytes([1]))}",
    f"PRIVATE+KEY+{ONE}", f"{ONE}\n{ONE}", f"{OTHER}\n\nnonsense",
]  # fmt: skip


def test_keys_are_read_where_python_reads_them(scripts: Page) -> None:
    """Under the same names, or refused in the same words."""
    found = scripts.evaluate(
        """async texts => {
          const found = [];
          for (const text of texts) {
            try {
              const keys = await readKeys(text);
              found.push(keys.map(({ name, id }) => `${name}+${id}`).join(" "));
            } catch (error) {
              if (!(error instanceof NotVerified)) throw error;
              found.push(`refused: ${error.message}`);
            }
          }
          return found;
        }""",
        ODD_KEYS,
    )
    expected = []
    for text in ODD_KEYS:
        try:
            keys = read_keys(text)
            expected.append(" ".join(f"{key.name}+{key.key_id.hex()}" for key in keys))
        except VerificationError as error:
            expected.append(f"refused: {error}")
    assert found == expected
    assert sum(not told.startswith("refused") for told in found) > 5
