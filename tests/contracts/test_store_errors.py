"""What is said of an SQLite file that cannot be used, from SQLite's own errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.database import store_errors
from ledger.sqlite import SQLiteDatabase
from ledger.store_errors import FileUnusable


@contextmanager
def _said(path: Path, message: str) -> Iterator[None]:
    with pytest.raises(FileUnusable, match=message), store_errors(str(path)):
        yield


def test_a_file_that_may_only_be_read_is_to_be_made_writable(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()
    readonly = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with _said(path, r"readonly.*file and its folder must be readable and w"):
        readonly.execute("INSERT INTO t VALUES (1)")
    readonly.close()


def test_a_full_disk_and_a_held_file_are_said(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    small = sqlite3.connect(path, timeout=0, isolation_level=None)
    small.execute("CREATE TABLE t (a)")
    small.execute("PRAGMA max_page_count = 2")
    with _said(path, r"is full.*; make room on the disk, then try again"):
        small.execute("INSERT INTO t VALUES (zeroblob(100000))")
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with _said(path, r"is locked.*; another program holds it: wait for that"):
        small.execute("INSERT INTO t VALUES (1)")
    other.close()
    small.close()


def test_a_damaged_file_is_one_to_restore(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    made = sqlite3.connect(path)
    with made:
        made.execute("CREATE TABLE t (a)")
        made.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(200)])
    made.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    database = SQLiteDatabase(path)
    with (
        pytest.raises(FileUnusable, match=r"malformed.*damaged: restore a backup"),
        database.reading() as connection,
    ):
        connection.execute("SELECT COUNT(*) FROM t WHERE a = 'y'").fetchall()
    database.close()
