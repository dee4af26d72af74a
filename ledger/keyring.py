"""The signing keys of a ledger's log: a secret file, made once beside an embedded ledger.

Two names sign: the log's own its checkpoints, and ORIGIN/statements what is said about books. A key
that was replaced is kept as a verifier key, so that what it signed can be verified for ever.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import VerificationError
from evidence.notes import SignerKey, VerifierKey
from evidence.statements import STATEMENTS

_PRIVATE = "PRIVATE+KEY+"
_HEAD = (
    "# The signing keys of one ledger's log. Whoever has this file can sign in its name.\n"
    "# Keep a copy of the verifier keys (access-ledger log key show) where the ledger is not.\n"
)


class KeysMissing(Exception):
    """The log has no signing keys."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(
            f"the signing keys of this ledger are missing: there is no file {path}; put it back, "
            "or check ACCESS_LEDGER_LOG_KEY_FILE"
            if path
            else "nothing says where the signing keys are; with PostgreSQL set "
            "ACCESS_LEDGER_LOG_KEY_FILE to a secret file that access-ledger log key create made"
        )


class KeysUnreadable(Exception):
    """A file of signing keys that cannot be used."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"the file of signing keys {path} cannot be used: {detail}")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that sign now, and those that did before."""

    log: SignerKey
    statements: SignerKey
    former: tuple[VerifierKey, ...] = ()

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.log.verifier.name

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key that verifies what this ledger signed, the current ones first."""
        return (self.log.verifier, self.statements.verifier, *self.former)

    @property
    def public_text(self) -> str:
        """The verifier keys, one a line: what the other side is given."""
        return "".join(f"{key}\n" for key in self.verifiers)

    @classmethod
    def generate(cls, origin: str | None = None) -> "Keyring":
        """Fresh keys, under a fresh name if none is given."""
        name = origin or f"access-ledger/{secrets.token_hex(8)}"
        return cls(SignerKey.generate(name), SignerKey.generate(name + STATEMENTS))

    def rotated(self) -> "Keyring":
        """Fresh keys under the same names; these become former ones."""
        fresh = Keyring.generate(self.origin)
        return Keyring(fresh.log, fresh.statements, self.verifiers)

    @property
    def secret_text(self) -> str:
        """The text of the secret file."""
        former = "".join(f"{key}\n" for key in self.former)
        return f"{_HEAD}{self.log.secret_text}\n{self.statements.secret_text}\n{former}"


def read_keyring(path: Path) -> Keyring:
    """The keys of a file. Raises KeysMissing and KeysUnreadable."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeysMissing(path) from None
    except OSError as error:
        raise KeysUnreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise KeysUnreadable(path, "it is not text") from error
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    try:
        signers = [SignerKey.parse(line) for line in lines if line.startswith(_PRIVATE)]
        former = tuple(VerifierKey.parse(line) for line in lines if not line.startswith(_PRIVATE))
    except VerificationError as error:
        raise KeysUnreadable(path, str(error)) from error
    named = [key.verifier.name for key in signers]
    if len(named) != 2 or named[1] != named[0] + STATEMENTS:  # noqa: PLR2004 - two names sign
        raise KeysUnreadable(path, "it needs two signing keys, that of the log and NAME/statements")
    return Keyring(signers[0], signers[1], former)


def create_keyring(path: Path) -> Keyring:
    """Make a file of fresh keys that only its owner reads; one that is there already is kept."""
    keyring = Keyring.generate()
    try:
        with _written(path, keyring) as fresh:
            os.link(fresh, path)  # whole, or not at all, and never over another
    except FileExistsError:
        return read_keyring(path)
    except OSError as error:
        raise KeysUnreadable(path, error.strerror or str(error)) from error
    return keyring


def rotate_keyring(path: Path) -> Keyring:
    """Replace the keys of a file, all at once; the old ones verify what they signed."""
    read_keyring(path)
    with _alone_with(path):
        keyring = read_keyring(path).rotated()
        with _written(path, keyring) as fresh:
            fresh.replace(path)
    return keyring


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Nobody else rotates meanwhile; a file that was replaced while waiting is locked anew."""
    while True:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


@contextmanager
def _written(path: Path, keyring: Keyring) -> Iterator[Path]:
    """The keys in a file of another name beside it, which is gone at the end."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(keyring.secret_text)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
