"""Checkpoints as this ledger stores them, or as somebody else holds them, and what they say."""

from dataclasses import dataclass
from typing import Any

from evidence.checkpoints import Checkpoint, open_checkpoint, parse_checkpoint
from evidence.errors import NotSigned, VerificationError
from evidence.merkle import StoredHash, consistency_proof, verify_consistency
from evidence.notes import VerifierKey, open_note, read_note
from ledger.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed checkpoint and what it says."""

    note: bytes
    checkpoint: Checkpoint

    def is_by(self, key: VerifierKey) -> bool:
        """Whether this key signed it."""
        try:
            open_note(self.note, [key])
        except VerificationError:
            return False
        return True


REBUILD = "run: access-ledger log rebuild"
"""What to do where the entries are as they were signed, and the tree over them is not."""
RESTORE = "restore a backup"
LOOK = "run access-ledger verify, which names what differs and says what to do"


class LogDamaged(VerificationError):
    """What the log is made of was changed in the store."""

    def __init__(self, what: str, advice: str = LOOK) -> None:
        super().__init__(f"{what}: the store was changed from outside; {advice}")


class KeyUnknown(VerificationError):
    """None of the keys that are there signed a checkpoint of this log."""

    def __init__(self, nth: int) -> None:
        super().__init__(
            f"checkpoint {nth} of this ledger does not hold: no known key has signed it; put back "
            "the key file with its former keys"
        )


class CheckpointsMissing(VerificationError):
    """A checkpoint that was signed is not in the store any more."""

    def __init__(self, which: str) -> None:
        super().__init__(
            f"{which} of this ledger is missing: what was signed was taken out of the store; "
            "restore a backup, and hold the ledger to a checkpoint kept elsewhere: access-ledger "
            "verify --against FILE"
        )


class OtherLedger(VerificationError):
    """A checkpoint of another ledger's log."""

    def __init__(self, origin: str, ours: str) -> None:
        super().__init__(
            f"the checkpoint is one of {origin}, and this ledger's log is {ours}; give one that "
            "access-ledger log checkpoint printed for this ledger"
        )


class SignedByOthers(VerificationError):
    """A checkpoint in this log's name that none of its keys signed."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"the checkpoint is in the name of {origin}, and no key of this ledger, current or "
            "former, has signed it; if the key file was made anew, put the former keys back into "
            "it, and if not, whoever gave you the checkpoint did not have it from this ledger"
        )


def stored_checkpoint(row: Any, keyring: Keyring) -> Sealed:
    """A row of the table of checkpoints. Raises KeyUnknown and LogDamaged."""
    note = bytes(row["note"])
    try:
        return Sealed(note, open_checkpoint(note, keyring.verifiers, origin=keyring.origin))
    except NotSigned as error:
        raise KeyUnknown(row["nth"]) from error
    except VerificationError as error:
        raise LogDamaged(
            f"checkpoint {row['nth']} of this ledger does not hold: {error}"
        ) from error


def require_never_signed(last_check: Any) -> None:
    """Raise CheckpointsMissing if the last check, after which one is signed, found nothing wrong.

    The note of a check that found something keeps how many entries the last sound one went through.
    """
    if last_check and (last_check["problem"] is None or last_check["entries"]):
        raise CheckpointsMissing("every checkpoint")


def held_checkpoint(note: bytes, keyring: Keyring) -> Sealed:
    """A checkpoint that somebody holds. Raises VerificationError, also for another ledger's."""
    origin = parse_checkpoint(read_note(note).text).origin
    if origin != keyring.origin:
        raise OtherLedger(origin, keyring.origin)
    try:
        return Sealed(note, open_checkpoint(note, keyring.verifiers, origin=origin))
    except NotSigned:
        raise SignedByOthers(origin) from None


def origin_of(row: Any) -> str:
    """The log that a stored checkpoint is one of, whoever signed it. Raises LogDamaged."""
    try:
        return parse_checkpoint(read_note(bytes(row["note"])).text).origin
    except VerificationError as error:
        raise LogDamaged(
            f"checkpoint {row['nth']} of this ledger cannot be read: {error}"
        ) from error


def require_grown(old: Checkpoint, size: int, root: bytes, stored: StoredHash) -> None:
    """Raise LogDamaged unless a new root extends the one that was signed last."""
    try:
        verify_consistency(
            old_size=old.size,
            new_size=size,
            old_root=old.root,
            new_root=root,
            proof=consistency_proof(old.size, size, stored) if old.size <= size else [],
        )
    except VerificationError as error:
        raise LogDamaged(f"the tree does not extend its newest checkpoint ({error})") from error
