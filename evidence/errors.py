"""Why something is not to be trusted: one family, each with a sentence that says what was wrong."""


class VerificationError(Exception):
    """Do not trust what was shown."""


class MalformedHash(VerificationError):
    """Bytes that stand where a SHA-256 hash belongs are not one."""

    def __init__(self, what: str, value: bytes) -> None:
        super().__init__(f"{what} is {len(value)} bytes long; a SHA-256 hash has 32")


class InclusionUnproven(VerificationError):
    """The proof does not lead from the leaf to the root."""


class ConsistencyUnproven(VerificationError):
    """The proof does not show that the newer tree only adds to the older one."""


class MalformedKey(VerificationError):
    """A text is not the key that it should be. The message never holds a private key."""


class MalformedNote(VerificationError):
    """Bytes are not a signed note."""


class SignatureInvalid(VerificationError):
    """A signature in the name of a known key was not made by that key over this text."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the signature of {name} does not fit the text and its known key")


class NotSigned(VerificationError):
    """No known key has signed the note."""

    def __init__(self, known: int, lines: int) -> None:
        super().__init__(
            f"no known key has signed the note (signature lines: {lines}, known keys: {known})"
        )


class MalformedCheckpoint(VerificationError):
    """A text is not a checkpoint, or not one of this log."""


class MalformedTile(VerificationError):
    """A path, a tile or a bundle is not as its log would write it."""


class MalformedProof(VerificationError):
    """Bytes are not a proof in the form that it claims."""


class MalformedEntry(VerificationError):
    """Bytes are not an entry as a ledger stores it."""


class MalformedQuestion(VerificationError):
    """A value is not a question that an answer can be derived for."""


class MalformedStatement(VerificationError):
    """A text is not a statement about the newest entries of a book."""


class Incomplete(VerificationError):
    """The entries are not exactly those that bear on the question."""


class NotCanonical(VerificationError):
    """Bytes are not the one canonical JSON text of a value."""
