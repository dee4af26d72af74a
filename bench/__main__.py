"""``make bench``: the table of docs/performance.md, on both back ends."""

import argparse
import platform
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from bench.importing import write_world
from bench.keys import lookups
from bench.measures import appends, imports, over_http, questions, told
from bench.pages import pages
from bench.proof import proofs
from bench.world import book_of_rank
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
    parser.add_argument("only", nargs="?", choices=["pages"], help="a part of it, alone")
    wanted = parser.parse_args()
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _print("pages, 60 partners and 200 assets", pages(folder))
        if wanted.only:
            return
        worlds = {name: folder / f"{name}.jsonl" for name in ("small", "large")}
        write_world(worlds["small"], wanted.small)
        write_world(worlds["large"], wanted.entries)
        server = stack.enter_context(running_server())
        for dialect in ("sqlite", "postgresql"):

            def fresh(name: str, dialect: str = dialect) -> Settings:
                return _fresh(folder, server, dialect, name)

            _print(dialect, appends(fresh("appends"), runs=wanted.runs))
            _print(dialect, lookups(fresh("keys")))
            smaller = None
            for name, entries in (("small", wanted.small), ("large", wanted.entries)):
                title = f"{dialect}, {entries:,} entries"
                settings = fresh(name)
                _print(title, imports(settings, worlds[name]))
                if smaller:  # a book as large as the largest one there
                    rank = round(wanted.entries / wanted.small)
                    _print(f"{title}, book of rank {rank}",
                           told(*questions(settings, book_of_rank(rank)), smaller))  # fmt: skip
                latencies, replay = questions(settings, book_of_rank(1))
                _print(f"{title}, largest book", told(latencies, replay))
                smaller = latencies
                _print(title, proofs(settings))
            _print(title, over_http(settings, wanted.runs))


def _fresh(folder: Path, server: str, dialect: str, name: str) -> Settings:
    if dialect == "sqlite":
        settings = Settings(file=folder / f"{name}.db")
    else:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench_{name}")
        url = psycopg.conninfo.make_conninfo(server, dbname=f"bench_{name}")
        settings = Settings(database_url=url, log_key_file=folder / f"{name}.key")
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
