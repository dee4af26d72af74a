"""`python -m evidence pack.zip --key keys.txt`: check a pack, and say in plain words what it shows.

It opens files, as in this room only the joining of the page does too. Exit codes: 0 verified,
1 a file cannot be read, 2 usage, 5 not to be trusted.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from evidence.archive import MAX_ARCHIVE_BYTES
from evidence.errors import MalformedKey, VerificationError
from evidence.notes import MAX_NOTE_BYTES, VerifierKey
from evidence.telling import printable, tell
from evidence.verifying import Verified, read_keys, verify_pack

OK, UNREADABLE, NOT_VERIFIED = 0, 1, 5
PROGRAM = "python -m evidence"
ADVICE = (
    "do not rely on this pack; keep the file as it came, and ask the ledger's owner for a new one"
)


class Unreadable(Exception):
    """A file cannot be read, or a file of keys holds none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    return check(options.pack, key=options.key, since=options.since)


def check(pack: Path, *, key: Path | None, since: Path | None, program: str = PROGRAM) -> int:
    """Check a pack and say what it shows; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter is no reason to fail.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        return _report(_verified(pack, key, since), program)
    except Unreadable as error:
        return _complain(program, str(error), UNREADABLE)
    except VerificationError as error:
        _complain(program, f"not verified: {error}", NOT_VERIFIED)
        return _complain(program, ADVICE, NOT_VERIFIED)
    except BrokenPipeError:
        sys.stdout = None  # the reader went away; nothing to flush
        return UNREADABLE
    except OSError as error:  # what is read has a sentence of its own
        return _complain(program, f"the report cannot be written: {error.strerror}", UNREADABLE)
    except Exception as error:  # noqa: BLE001 - whatever a pack holds, a sentence and no stack trace
        what = f"{type(error).__name__}: {error}"
        return _complain(
            program, f"not verified, by an error that was not foreseen: {what}", NOT_VERIFIED
        )


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog=PROGRAM,
        description="Check a pack of the Access Ledger and say what it shows.",
        epilog="Exit codes: 0 verified, 1 a file cannot be read, 2 usage, 5 not to be trusted.",
    )
    parser.add_argument("pack", type=Path, help="the pack, as it was handed over")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="the ledger's keys, one a line, from a place that you trust",
    )
    parser.add_argument(
        "--since",
        type=Path,
        metavar="CHECKPOINT",
        help="a checkpoint of the ledger that you hold already",
    )
    return parser


def _verified(pack: Path, key: Path | None, since: Path | None) -> Verified:
    keys = _keys(key) if key else None
    held = _bytes(since, MAX_NOTE_BYTES) if since else None
    return verify_pack(_bytes(pack, MAX_ARCHIVE_BYTES), keys, since=held)


def _keys(path: Path) -> list[VerifierKey]:
    try:
        return read_keys(_bytes(path, MAX_NOTE_BYTES).decode())
    except (MalformedKey, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} is not a file of keys: {error}") from None


def _bytes(path: Path, most: int) -> bytes:
    """The content of a file, and one byte too many where it is larger than allowed."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Unreadable(f"{path} cannot be read: {why}") from None


def _report(verified: Verified, program: str) -> int:
    for line in tell(verified):
        print(line)
    sys.stdout.flush()
    if verified.signer_known:
        print("Verified: the answer follows from what the ledger recorded. That is not to say that")
        print("what was recorded is true.", flush=True)
        return OK
    return _complain(
        program,
        "consistent in itself, signer not known; give the ledger's keys with --key to know "
        "who signed it",
        NOT_VERIFIED,
    )


def _complain(program: str, message: str, code: int) -> int:
    print(f"{program}: {printable(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
