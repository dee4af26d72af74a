"""Roles in PostgreSQL with least rights: the API appends and reads, and can change no entry.

They are groups without a login, the same for every ledger of a cluster. Whoever runs the API, the
worker or a report gives its login one of them.
"""

from pathlib import Path

from ledger.database import Database, load_sql
from ledger.migrate import MIGRATION_LOCK

ROLES = {
    "access_ledger_api": "api",
    "access_ledger_worker": "worker",
    "access_ledger_reader": "reader",
}


def grant_roles(database: Database) -> str:
    """Create the roles where that is allowed, and give them their rights; says what was done."""
    sql = load_sql(Path(__file__).parent / "sql", "postgresql")
    with database.writing() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        missing = sorted(ROLES.keys() - {row["name"] for row in sql.existing_roles(connection)})
        if missing:
            user = sql.may_create_roles(connection)
            if not user["may"]:
                return _not_allowed(user["name"], missing)
        for role in missing:
            getattr(sql, f"create_{ROLES[role]}_role")(connection)
        sql.grant_rights(connection)
    return f"roles with their rights: {', '.join(ROLES)}"


def _not_allowed(user: str, missing: list[str]) -> str:
    statements = " ".join(f"CREATE ROLE {role} NOLOGIN;" for role in missing)
    return (
        f"no rights were given: {user} may not create the roles that are missing; "
        f"have somebody who may run: {statements} and then access-ledger migrate once more. "
        f"The ledger works without them, as {user}"
    )
