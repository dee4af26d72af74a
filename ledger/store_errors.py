"""What can be wrong with the store itself."""

import sqlite3


class StoreError(Exception):
    """The store cannot answer."""

    def __init__(
        self, says: str, *, where: str = "", detail: str = "", called: str = "the database at"
    ) -> None:
        """`says` names the {database}, and in places the {detail}, for whoever operates it."""
        super().__init__(says.format(database=f"{called} {where}", detail=f" ({detail})"))
        self.to_others = says.format(database="the database", detail="")
        """What it comes to for those whom the database's address and words are no concern of."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or does not answer in time."""

    def __init__(self, where: str, detail: str) -> None:
        says = (
            "{database} does not answer{detail}; what was just asked of it was not recorded; "
            "start the database, or check its address and name, the user and the password, and "
            "whether it has connections left, then try again"
        )
        super().__init__(says, where=where, detail=detail)


class OutcomeUnknown(StoreError):
    """The database went away during a commit, before it said what became of it."""

    def __init__(self, where: str, detail: str) -> None:
        says = (
            "{database} went away during a commit{detail}; what was being recorded is there as a "
            "whole or not at all, which is not known here; start the database or check its "
            "address, then send the same again with the same ids or the same Idempotency-Key, "
            "which records nothing twice"
        )
        super().__init__(says, where=where, detail=detail)


class FileUnusable(StoreError):
    """The SQLite file of the ledger cannot be read or written."""

    def __init__(self, where: str, error: sqlite3.Error) -> None:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the kind alone
        advice = _ADVICE.get(code, "look at it with: access-ledger doctor")
        says = (
            f"{{database}} cannot be used{{detail}}; nothing was recorded by this request; {advice}"
        )
        super().__init__(says, where=where, detail=str(error), called="the SQLite file")


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
        names = ", ".join(pending)
        says = f"{{database}} is not migrated: {names} not applied; run: access-ledger migrate"
        super().__init__(says, where=where)


class StoreForbids(StoreError):
    """The database does not let its user do this."""

    def __init__(self, where: str, detail: str) -> None:
        says = (
            "{database} does not let its user do this{detail}; nothing was "
            "changed; run access-ledger migrate as the owner of the tables, and give the user "
            "the role access_ledger_api, access_ledger_worker or access_ledger_reader"
        )
        super().__init__(says, where=where, detail=detail)


class NewerSchema(StoreError):
    """The database was migrated by a newer version."""

    def __init__(self, where: str, unknown: list[str]) -> None:
        says = (
            f"{{database}} has {', '.join(unknown)}, which this version does not know; "
            "use the version that migrated it, or a newer one"
        )
        super().__init__(says, where=where)


class AlteredMigration(StoreError):
    """A migration that was applied differs from the one in this version."""

    def __init__(self, where: str, name: str) -> None:
        says = (
            f"{{database}} was migrated with another text of {name}; "
            "a migration is never edited: restore the file, and write a new migration"
        )
        super().__init__(says, where=where)
