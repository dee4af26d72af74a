"""``make bench``: the table of docs/performance.md, on both back ends."""

import argparse
import platform
import resource
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from bench.measures import appends, imports, questions
from bootstrap.services import all_migrations, open_database
from bootstrap.settings import Settings
from ledger.migrate import migrate
from tests.postgres import running_server

Row = tuple[str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large ledger")
    parser.add_argument("--small", type=int, default=100_000, help="entries of the small ledger")
    parser.add_argument("--runs", type=int, default=3, help="of each short measure")
    wanted = parser.parse_args()
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_server())
        for dialect in ("sqlite", "postgresql"):

            def fresh(name: str, dialect: str = dialect) -> Settings:
                return _fresh(folder, server, dialect, name)

            _print(dialect, appends(fresh("appends"), runs=wanted.runs))
            small, large = fresh("small"), fresh("large")
            _print(f"{dialect}, {wanted.small:,} entries", imports(small, wanted.small))
            rows = list(questions(small))
            _print(f"{dialect}, {wanted.small:,} entries", rows)
            _print(f"{dialect}, {wanted.entries:,} entries", imports(large, wanted.entries))
            _print(f"{dialect}, {wanted.entries:,} entries", questions(large))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the whole run: {peak:.0f} MiB")


def _fresh(folder: Path, server: str, dialect: str, name: str) -> Settings:
    if dialect == "sqlite":
        settings = Settings(file=folder / f"{name}.db")
    else:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench_{name}")
        url = psycopg.conninfo.make_conninfo(server, dbname=f"bench_{name}")
        settings = Settings(database_url=url)
    database = open_database(settings)
    migrate(database, all_migrations(database))
    database.close()
    return settings


def _print(title: str, rows: Iterable[Row]) -> None:
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<58} {value}", flush=True)


if __name__ == "__main__":
    main()
