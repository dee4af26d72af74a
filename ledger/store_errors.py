"""What can be wrong with the store itself."""

import sqlite3


class StoreError(Exception):
    """The store cannot answer."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or does not answer in time."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"the database at {where} does not answer ({detail}); "
            "nothing was recorded by this request; start the database or check its address, "
            "then try again"
        )


class FileUnusable(StoreError):
    """The SQLite file of the ledger cannot be read or written."""

    def __init__(self, where: str, error: sqlite3.Error) -> None:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the kind alone
        super().__init__(
            f"the SQLite file {where} cannot be used ({error}); nothing was recorded by this "
            f"request; {_ADVICE.get(code, 'look at it with: access-ledger doctor')}"
        )


_FORBIDDEN = (
    "check ACCESS_LEDGER_FILE; the file and its folder must be readable and writable for the user "
    "who runs this"
)
_CHANGED = "it was changed from outside or damaged: restore a backup"
_ADVICE = {
    sqlite3.SQLITE_ERROR: _CHANGED,  # a table, view or column is missing
    sqlite3.SQLITE_CORRUPT: _CHANGED,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_NOTADB: "check ACCESS_LEDGER_FILE, which names a ledger or no file yet",
    sqlite3.SQLITE_BUSY: "another program holds it: wait for that program, then try again",
    sqlite3.SQLITE_FULL: "make room on the disk, then try again",
    sqlite3.SQLITE_IOERR: "look at the disk and the room on it, then try again",
}


class NotMigrated(StoreError):
    """The database does not have the tables that this version needs."""

    def __init__(self, where: str, pending: list[str]) -> None:
        super().__init__(
            f"the database at {where} is not migrated: {', '.join(pending)} "
            "not applied; run: access-ledger migrate"
        )


class StoreForbids(StoreError):
    """The database does not let its user do this."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"the database at {where} does not let its user do this ({detail}); nothing was "
            "changed; run access-ledger migrate as the owner of the tables, and give the user "
            "the role access_ledger_api, access_ledger_worker or access_ledger_reader"
        )


class NewerSchema(StoreError):
    """The database was migrated by a newer version."""

    def __init__(self, where: str, unknown: list[str]) -> None:
        super().__init__(
            f"the database at {where} has {', '.join(unknown)}, which this version does not know; "
            "use the version that migrated it, or a newer one"
        )


class AlteredMigration(StoreError):
    """A migration that was applied differs from the one in this version."""

    def __init__(self, where: str, name: str) -> None:
        super().__init__(
            f"the database at {where} was migrated with another text of {name}; "
            "a migration is never edited: restore the file, and write a new migration"
        )
