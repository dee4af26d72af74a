"""The Merkle log on both databases: its tree, its checkpoints, and what a self-check finds."""
# The names are sentences; a docstring says what a name cannot.

import re
import stat
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from domain.facts import parse_fact
from evidence.checkpoints import Checkpoint, open_checkpoint
from evidence.errors import VerificationError
from evidence.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from evidence.tiles import Tile, parse_path, read_entry_bundle, read_hash_tile
from ledger import log as keeping
from ledger.checkpoints import CheckpointsMissing, KeyUnknown, LogDamaged
from ledger.keyring import (
    Keyring,
    KeysMissing,
    KeysUnreadable,
    create_keyring,
    read_keyring,
    rotate_keyring,
)
from ledger.log import Log, NoSuchTile
from ledger.self_check import (
    Checked,
    CheckpointBroken,
    EntriesMissing,
    EntryChanged,
    check_and_note,
    check_log,
)
from tests.conftest import TestClock

pytestmark = pytest.mark.long

BOOK = "10001"


@pytest.fixture
def log(services: Services, clock: TestClock, tmp_path: Path) -> Log:
    """The log of a ledger, with a key file where one is needed."""
    key_file = tmp_path / "log.key"
    create_keyring(key_file)
    return Log(services.database, clock, key_file)


def _record(services: Services, first: int, last: int) -> None:
    for number in range(first, last + 1):
        fact = {
            "fact": "partner-added", "id": str(number), "owner": BOOK, "partner": f"3{number:05}",
        }  # fmt: skip
        services.books.handle(BOOK, [parse_fact(fact)], recorded_by="test")


def _leaves(services: Services) -> list[bytes]:
    with services.database.reading() as connection:
        rows = connection.execute("SELECT state FROM entry ORDER BY position").fetchall()
    return [leaf_hash(bytes(row["state"])) for row in rows]


def _check(services: Services, log: Log, against: Checkpoint | None = None) -> Checked:
    return check_log(services.database, log.keyring, against=against)


@pytest.mark.parametrize("batch", [1, 7, 10_000])
def test_the_tree_is_that_of_the_stored_bytes_however_it_was_extended(
    services: Services, log: Log, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(keeping, "BATCH", batch)
    for upto in (1, 2, 40, 300):
        _record(services, log.size() + 1, upto)
        sealed = log.seal()
        leaves = _leaves(services)
        assert (sealed.checkpoint.size, sealed.checkpoint.root) == (upto, root_of(leaves))
        for position, leaf in ((1, 0), (upto, upto - 1)):
            ((at, proof),) = log.inclusion([position], upto)
            assert at == leaf
            verify_inclusion(
                leaf=leaves[leaf], index=leaf, size=upto, root=sealed.checkpoint.root, proof=proof
            )
    verify_consistency(
        old_size=40, new_size=300, old_root=root_of(leaves[:40]), new_root=root_of(leaves),
        proof=log.consistency(40, 300),
    )  # fmt: skip
    assert _check(services, log) == Checked(300, 300, 4, root_of(leaves))


def test_a_gap_in_the_positions_is_none_among_the_leaves(
    postgres_settings: Settings, tmp_path: Path, clock: TestClock
) -> None:
    """A refused insert uses a position up on PostgreSQL."""
    create_keyring(tmp_path / "log.key")
    with open_services(postgres_settings) as services:
        log = Log(services.database, clock, tmp_path / "log.key")
        _record(services, 1, 3)
        with services.database.reading() as connection:
            connection.execute("SELECT nextval('stored_events_notification_id_seq')")
        _record(services, 4, 6)
        log.seal()
        assert [leaf for leaf, _ in log.inclusion((1, 3, 5, 7), 6)] == [0, 2, 3, 5]
        assert [log.position_of(leaf) for leaf in (0, 2, 3, 5)] == [1, 3, 5, 7]
        assert [leaf_hash(state) for state in log.leaves(2, 2)] == _leaves(services)[2:4]
        assert _check(services, log).entries == 6


def test_tiles_hold_hashes_and_entries_as_they_are_served(services: Services, log: Log) -> None:
    _record(services, 1, 260)
    log.seal()
    leaves = _leaves(services)
    assert read_hash_tile(log.tile(parse_path("tile/0/000")), 256) == leaves[:256]
    assert read_hash_tile(log.tile(parse_path("tile/0/001.p/4")), 4) == leaves[256:]
    assert read_hash_tile(log.tile(parse_path("tile/1/000.p/1")), 1) == [root_of(leaves[:256])]
    bundle = read_entry_bundle(log.tile(parse_path("tile/entries/001.p/4")), 4)
    assert [leaf_hash(entry) for entry in bundle] == leaves[256:]
    with pytest.raises(NoSuchTile, match="no tile tile/0/001; it has 260 leaves"):
        log.tile(Tile(0, 1))


def test_nothing_is_sealed_twice_and_a_rotated_key_signs_anew(
    services: Services, log: Log, tmp_path: Path
) -> None:
    _record(services, 1, 2)
    first = log.seal()
    assert log.seal() == first
    old = log.keyring()
    new = rotate_keyring(tmp_path / "log.key")
    assert new.verifiers[2:] == old.verifiers
    second = log.seal()
    assert second.checkpoint == first.checkpoint
    assert second.note != first.note
    assert log.seal() == second
    assert open_checkpoint(first.note, new.verifiers, origin=new.origin) == first.checkpoint
    with pytest.raises(VerificationError):
        open_checkpoint(second.note, old.verifiers, origin=old.origin)
    assert _check(services, log).checkpoints == 2


def test_an_empty_ledger_has_a_checkpoint_too(services: Services, log: Log) -> None:
    assert log.seal().checkpoint.size == 0
    assert _check(services, log).entries == 0


def test_keys_are_the_owners_alone_and_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    made = create_keyring(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert create_keyring(path) == made
    assert stat.S_IMODE((rotate_keyring(path), path)[1].stat().st_mode) == 0o600
    assert "PRIVATE" not in made.public_text
    assert str(made.log.seed) not in repr(made)


_KEYS = """\
# The signing keys of one ledger's log. Whoever has this file can sign in its name.
# Keep a copy of the verifier keys (access-ledger log key show) where the ledger is not.
PRIVATE+KEY+access-ledger/0123456789abcdef+36d12312+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
PRIVATE+KEY+access-ledger/0123456789abcdef/statements+940c3ed1+\
AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
access-ledger/0123456789abcdef+f932d8ea+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
access-ledger/0123456789abcdef/statements+af630a8d+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU
"""


def test_a_file_of_keys_is_read_and_written_as_it_ever_was(tmp_path: Path) -> None:
    (tmp_path / "log.key").write_text(_KEYS)
    keyring = read_keyring(tmp_path / "log.key")
    assert (keyring.origin, keyring.log.seed, keyring.statements.seed) == (
        "access-ledger/0123456789abcdef", bytes(32), bytes(range(32)),
    )  # fmt: skip
    assert [str(key) for key in keyring.former] == _KEYS.splitlines()[-2:]
    assert keyring.secret_text == _KEYS


@pytest.mark.parametrize("text", ["", "nonsense\n", "PRIVATE+KEY+a+00000000+AAAA\n"])
def test_a_damaged_file_of_keys_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.key"
    path.write_text(text)
    with pytest.raises(KeysUnreadable, match=r"log\.key cannot be used"):
        rotate_keyring(path)


def test_a_ledger_in_postgresql_is_given_its_keys(
    postgres_database: Any, clock: TestClock, tmp_path: Path
) -> None:
    with pytest.raises(KeysMissing, match="set ACCESS_LEDGER_LOG_KEY_FILE"):
        Log(postgres_database, clock, None).keyring()
    with pytest.raises(
        KeysMissing, match="the signing keys of this ledger are missing: there is no file"
    ):
        Log(postgres_database, clock, tmp_path / "none").keyring()


def test_several_may_extend_it_at_once(services: Services, log: Log) -> None:
    def work(first: int) -> None:
        _record(services, first, first + 24)
        log.seal()

    threads = [Thread(target=work, args=(1 + 25 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.seal().checkpoint.root == root_of(_leaves(services))
    assert _check(services, log).entries == 100


# --- what a self-check finds


def _tamper(services: Services, *statements: str) -> None:
    """As the owner of the tables, with the guards taken away."""
    sqlite = services.database.dialect == "sqlite"
    with services.database.reading() as connection:
        if sqlite:
            rows = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            for row in rows:
                connection.execute(f"DROP TRIGGER {row['name']}")
        else:
            connection.execute("ALTER TABLE stored_events DISABLE TRIGGER ALL")
            connection.execute("ALTER TABLE log_checkpoint DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(statement)


def _change_a_byte(services: Services, number: int) -> str:
    """Of partner 3000NN, one digit: it is still an entry that can be read."""
    if services.database.dialect == "sqlite":
        new = 'CAST(replace(CAST(state AS TEXT), \'"partner":"3\', \'"partner":"4\') AS BLOB)'
    else:
        new = (
            "convert_to(replace(convert_from(state, 'UTF8'), "
            "'\"partner\":\"3', '\"partner\":\"4'), 'UTF8')"
        )
    return f"UPDATE stored_events SET state = {new} WHERE originator_version = {number}"


@pytest.mark.parametrize("number", [1, 17, 30])
def test_one_changed_byte_is_found_and_its_entry_named(
    services: Services, log: Log, number: int
) -> None:
    _record(services, 1, 30)
    log.seal()
    _tamper(services, _change_a_byte(services, number))
    found = f"entry {number} of book {BOOK}, at position {number}, does not have the hash"
    with pytest.raises(EntryChanged, match=found):
        _check(services, log)


def test_entries_that_were_taken_out_are_found(services: Services, log: Log) -> None:
    _record(services, 1, 30)
    log.seal()
    _tamper(services, "DELETE FROM stored_events WHERE originator_version > 28")
    with pytest.raises(EntriesMissing, match="has 30 leaves and the store 28 entries"):
        _check(services, log)
    _tamper(services, "DELETE FROM stored_events WHERE originator_version = 5")
    with pytest.raises(EntriesMissing, match="sealed at position 5 is missing; entry 6 of book"):
        _check(services, log)


def test_no_part_of_a_bundle_passes_for_the_whole(services: Services, log: Log) -> None:
    _record(services, 1, 30)
    log.seal()
    _tamper(services, "DELETE FROM stored_events WHERE originator_version > 28")
    with pytest.raises(LogDamaged, match="of 30 entries from leaf 0 on 28 are there"):
        log.tile(Tile("entries", 0, 30))


def test_a_tree_that_was_made_to_fit_changed_entries_breaks_the_checkpoints(
    services: Services, log: Log
) -> None:
    """Whoever has the database but not the keys cannot hide a change."""
    _record(services, 1, 10)
    log.seal()
    _record(services, 11, 30)
    log.seal()
    _tamper(
        services,
        _change_a_byte(services, 17),
        "DELETE FROM log_hashes",
        "DELETE FROM log_run",
        "UPDATE log_state SET size = 0, position = 0",
    )
    log.extend()
    with pytest.raises(
        CheckpointBroken, match=r"the first 30 entries do not add up to checkpoint 2.* first 10 is"
    ):
        _check(services, log)


def test_an_older_copy_of_the_ledger_does_not_extend_a_later_checkpoint(
    services: Services, log: Log
) -> None:
    _record(services, 1, 20)
    log.seal()
    later = Checkpoint(log.keyring().origin, 25, b"\x01" * 32)
    with pytest.raises(EntriesMissing, match="the checkpoint given is over 25 entries, and the"):
        _check(services, log, later)
    _record(services, 21, 30)
    with pytest.raises(CheckpointBroken, match="do not add up to the checkpoint given"):
        _check(services, log, later)


def test_a_checkpoint_of_another_key_is_none_of_this_ledger(services: Services, log: Log) -> None:
    _record(services, 1, 3)
    log.seal()
    with pytest.raises(KeyUnknown, match="checkpoint 1 of this ledger does not hold: no known key"):
        check_log(services.database, lambda: Keyring.generate(log.keyring().origin))


def test_entries_that_nobody_signed_for_yet_are_said_to_be(services: Services, log: Log) -> None:
    _record(services, 1, 3)
    log.seal()
    _record(services, 4, 5)
    log.extend()
    checked = _check(services, log)
    assert (checked.entries, checked.sealed) == (5, 3)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_checkpoint SET size = 7",
        "DELETE FROM log_checkpoint",
        "TRUNCATE log_checkpoint",
        "INSERT OR REPLACE INTO log_checkpoint SELECT * FROM log_checkpoint",
    ],
)
def test_the_database_refuses_to_change_a_checkpoint(
    services: Services, log: Log, statement: str
) -> None:
    if statement.startswith("TRUNCATE" if services.database.dialect == "sqlite" else "INSERT OR"):
        statement = "DELETE FROM log_checkpoint WHERE nth = 1"  # what this database can say of it
    _record(services, 1, 3)
    log.seal()
    with services.database.reading() as connection, pytest.raises(Exception) as caught:  # noqa: PT011 - of either driver
        connection.execute(statement)
    assert re.search("checkpoints are immutable", str(caught.value))
    assert isinstance(caught.value, psycopg.Error) or services.database.dialect == "sqlite"


def test_a_checkpoint_over_the_empty_log_holds_for_ever(services: Services, log: Log) -> None:
    empty = log.seal().checkpoint
    assert empty.size == 0
    _record(services, 1, 3)
    assert _check(services, log, empty).checkpoints == 1
    log.seal()
    assert _check(services, log, empty).checkpoints == 2


def test_checkpoints_that_were_taken_out_are_missed(services: Services, log: Log) -> None:
    """A check signs one, and its note stays, also when the next ones find something."""
    _record(services, 1, 3)
    log.seal()
    _record(services, 4, 5)
    check_and_note(log, services.database, TestClock())
    _tamper(services, "DELETE FROM log_checkpoint WHERE nth = 1")
    with pytest.raises(CheckpointsMissing, match=r"^checkpoint 1 of this ledger is missing: what"):
        _check(services, log)
    _tamper(services, "DELETE FROM log_checkpoint")
    for _ in range(2):
        with pytest.raises(
            CheckpointsMissing, match=r"^every checkpoint of this ledger is missing"
        ):
            check_and_note(log, services.database, TestClock())
    _record(services, 6, 6)
    with pytest.raises(CheckpointsMissing, match="restore a backup, and hold the ledger to a chec"):
        log.seal()


def test_a_log_that_was_extended_and_never_signed_is_no_damage(
    services: Services, log: Log
) -> None:
    """A process may end between the two, or have no keys yet."""
    _record(services, 1, 3)
    log.extend()
    assert _check(services, log) == Checked(3, 0, 0, root_of(_leaves(services)))
    assert log.seal().checkpoint.size == 3


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_entry_that_became_text_is_named(services: Services, log: Log) -> None:
    """SQLite keeps what it is given, whatever the type of the column."""
    _record(services, 1, 3)
    log.seal()
    with services.database.writing() as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE stored_events SET state = CAST(state AS TEXT) WHERE rowid = 3")
    with pytest.raises(EntryChanged, match=r"^entry 3 of book .* is not stored as bytes any more"):
        _check(services, log)
    with pytest.raises(LogDamaged, match="the entry at position 3 is not the one that was sealed"):
        log.seal()


def test_keys_that_are_rotated_during_a_check_are_no_damage(services: Services, log: Log) -> None:
    _record(services, 1, 3)
    log.seal()

    def rotated() -> Keyring:
        assert log._key_file
        rotate_keyring(log._key_file)
        log.seal()
        return log.keyring()

    assert check_log(services.database, rotated).checkpoints == 1


_RESTORE, _REBUILD = "; restore a backup", "; run: access-ledger log rebuild"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["DELETE FROM log_state"], "how far the log has come is not stored: the store was"),
        (["DELETE FROM log_run"], "which positions are which leaves is not stored: the store"),
        (
            ["UPDATE log_run SET first_position = 2"],
            "position 2 is noted for leaf 0, whose entry is at 1: the store was changed",
        ),
        (
            ["UPDATE log_hashes SET digests = substr(digests, 1, 160) WHERE level = 0"],
            "the stored hash 5 of level 0 of the tree is not the one that the entries make, and",
        ),
        (
            ["DELETE FROM log_hashes WHERE level = 2"],
            "the stored hash 0 of level 2 of the tree is not the one that the entries make, and",
        ),
    ],
)
def test_a_tree_that_is_damaged_over_sound_entries_is_to_be_made_anew(
    services: Services, log: Log, statements: list[str], found: str
) -> None:
    _record(services, 1, 30)
    sealed = log.seal()
    _tamper(services, *statements)
    with pytest.raises(VerificationError) as caught:
        _check(services, log)
    assert str(caught.value).startswith(found)
    assert str(caught.value).endswith(_REBUILD)
    assert log.rebuild() == 30
    assert _check(services, log).sealed == 30
    assert log.seal() == sealed


def test_a_changed_entry_is_named_also_where_the_tree_is_damaged(
    services: Services, log: Log
) -> None:
    """The checkpoints tell which of the two it is; making the tree anew would not help."""
    _record(services, 1, 10)
    log.seal()
    _record(services, 11, 30)
    log.seal()
    _tamper(services, _change_a_byte(services, 17), "DELETE FROM log_hashes WHERE level = 2")
    with pytest.raises(EntryChanged, match=f"^entry 17 of book {BOOK}.*{_RESTORE}$"):
        _check(services, log)
    _tamper(services, "UPDATE log_hashes SET digests = substr(digests, 1, 160) WHERE level = 0")
    with pytest.raises(EntryChanged, match=r"^entry 11 of book"):
        _check(services, log)  # the first of those after the checkpoint over ten
    _tamper(services, "DELETE FROM log_state", "DELETE FROM log_run")
    with pytest.raises(CheckpointBroken, match=f"after the first 10 is not what.*{_RESTORE}$"):
        _check(services, log)
    with pytest.raises(LogDamaged, match=f"not add up to the newest checkpoint.*{_RESTORE}$"):
        log.rebuild()


def test_what_needs_a_lost_hash_says_how_to_make_it_anew(services: Services, log: Log) -> None:
    _record(services, 1, 30)
    log.seal()
    _tamper(services, "DELETE FROM log_hashes WHERE level = 3")
    _record(services, 31, 31)
    for ask in (lambda: log.inclusion([1], 30), lambda: log.consistency(8, 30), log.seal):
        with pytest.raises(LogDamaged, match=f"of level 3 of the tree is not stored.*{_REBUILD}$"):
            ask()


def test_a_key_file_without_its_former_keys_is_to_be_put_back(
    services: Services, log: Log, tmp_path: Path
) -> None:
    _record(services, 1, 3)
    log.seal()
    rotate_keyring(tmp_path / "log.key")
    log.seal()
    whole = (tmp_path / "log.key").read_text()
    lines = [line for line in whole.splitlines() if line.startswith(("#", "PRIVATE"))]
    (tmp_path / "log.key").write_text("\n".join(lines))
    with pytest.raises(KeyUnknown, match=r"put back the key file with its former keys$"):
        _check(services, log)
    (tmp_path / "log.key").write_text(whole)
    assert _check(services, log).checkpoints == 2
