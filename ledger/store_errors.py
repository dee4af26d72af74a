"""What can be wrong with the store itself."""


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
