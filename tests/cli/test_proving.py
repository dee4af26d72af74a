"""Proof at the terminal: packs, their verification, the log's keys, checkpoints and self-check."""

import os
import re
import resource
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from bootstrap.logs import structured_log
from bootstrap.services import open_services
from bootstrap.settings import Settings
from cli.failures import Failed
from cli.proving import _write
from cli.worker import check_log, keep_current, schedule
from evidence.checkpoints import parse_checkpoint, sign_checkpoint
from evidence.notes import SignerKey, read_note
from ledger.store_errors import StoreUnavailable
from tests.cli.conftest import STORY, Program
from tests.evidence.recipes import followed, recipe_of

ASSET, PARTNER = "page:104857600219483", "563920174410288"
UNKNOWN_ASSET, UNKNOWN_PARTNER = "page:104857600219499", "563920174410299"


@pytest.fixture
def keys(told: Program, tmp_path: Path) -> Path:
    """The story's verifier keys, as the other side has them."""
    path = tmp_path / "keys.txt"
    path.write_text(told("log", "key", "show").out)
    return path


@pytest.mark.parametrize(
    "question",
    [
        ("who", ASSET),
        ("who", ASSET, "--at", "2026-03-15", "--known-at", "31"),
        ("who", ASSET, "--during", "2026-03-01/2026-04-01"),
        ("owner", ASSET),
        ("timeline", ASSET),
        ("what", PARTNER),
        ("line", ASSET, "--partner", PARTNER),
        ("line", ASSET, "--partner", PARTNER, "--during", "2026-03-01/2026-04-01"),
        ("offboard", PARTNER),
        ("timeline", PARTNER),
        ("matrix",),
        ("matrix", "--at", "2026-03-15"),
        ("matrix", "--known-at", "0"),
        ("who", UNKNOWN_ASSET),
        ("owner", UNKNOWN_ASSET),
        ("timeline", UNKNOWN_ASSET),
        ("line", UNKNOWN_ASSET, "--partner", UNKNOWN_PARTNER),
        ("what", UNKNOWN_PARTNER),
        ("timeline", UNKNOWN_PARTNER),
        ("offboard", UNKNOWN_PARTNER),
    ],
)
def test_each_question_of_the_story_comes_as_a_pack_that_verifies(
    told: Program, keys: Path, tmp_path: Path, question: tuple[str, ...]
) -> None:
    """By the program, and with openssl alone; also of what the book knows nothing of."""
    pack = str(tmp_path / "pack.zip")
    written = told("evidence", *question, "-o", pack)
    assert (written.code, written.err) == (0, "")
    assert re.match(rf"{pack}: \d+ bytes, signed by access-ledger/[0-9a-f]{{16}}\n", written.out)
    checked = told("verify", pack, "--key", str(keys))
    assert checked.code == 0
    assert checked.out.endswith("what was recorded is true.\n")
    said = followed(tmp_path, recipe_of(Path(pack).read_bytes()))
    empty = "entries: none in this pack, so there is no proof to check"
    nothing = "Entries: none. " in checked.out
    assert said[-1] == (empty if nothing else "entry on line 1: in the tree of the checkpoint")
    assert not [line for line in said if "NOT" in line or "CHANGED" in line]


def test_a_pack_without_keys_or_with_a_change_is_five(
    told: Program, keys: Path, tmp_path: Path
) -> None:
    pack = tmp_path / "pack.zip"
    told("evidence", "who", ASSET, "-o", str(pack))
    unknown = told("verify", str(pack))
    assert (unknown.code, unknown.err) == (
        5,
        "access-ledger verify: consistent in itself, signer not known; give the ledger's keys with "
        "--key to know who signed it\n",
    )
    data = pack.read_bytes()
    pack.write_bytes(data[:700] + bytes([data[700] ^ 1]) + data[701:])
    changed = told("verify", str(pack), "--key", str(keys))
    assert changed.code == 5
    assert changed.err.startswith("access-ledger verify: not verified: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("evidence", "who", "-o", "x.zip"), 2, "say about what: evidence who page:10"),
        (("evidence", "matrix", ASSET, "-o", "x.zip"), 2, "the matrix is about the whole book"),
        (("evidence", "who", PARTNER, "-o", "x.zip"), 2, "is not an asset"),
        (("evidence", "why", ASSET, "-o", "x.zip"), 2, "why"),
        (("evidence", "line", ASSET, "-o", "x.zip"), 2, "--partner 563920174410288"),
        (("evidence", "line", PARTNER, "--partner", PARTNER, "-o", "x.zip"), 2, "is not an asset"),
        (("evidence", "line", ASSET, "--partner", "he", "-o", "x.zip"), 2, "'he'"),
        (("evidence", "who", ASSET, "--partner", PARTNER, "-o", "x"), 2, "is for line alone"),
        (("evidence", "who", ASSET, "-o", "there.zip"), 1, "there.zip is there already"),
        (("evidence", "who", ASSET, "-o", "no/where.zip"), 1, "there is no folder no; make"),
        (("evidence", "who", ASSET, "--since", "none", "-o", "x.zip"), 1, "No such file"),
        (
            ("evidence", "who", ASSET, "--since", "there.zip", "-o", "x.zip"),
            2,
            "there.zip is no ch",
        ),
        (("verify", "none.zip"), 1, "none.zip cannot be read"),
        (("verify", "there.zip", "--against", "c"), 2, "with a pack give --since"),
        (("verify", "--key", "k"), 2, "name the pack to check"),
        (("verify", "--against", "there.zip"), 2, "--against there.zip is no checkpoint ("),
        (("log", "key", "create", "there.zip"), 1, "signing keys are never overwritten"),
    ],
)
def test_what_cannot_be_proven_is_said(
    told: Program, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "there.zip").write_bytes(b"something")
    ran = told(*arguments)
    assert (ran.code, message in ran.err) == (code, True), ran.err
    assert not (tmp_path / "x.zip").exists()
    assert (tmp_path / "there.zip").read_bytes() == b"something"


def test_the_ledger_is_held_to_its_checkpoints_and_to_one_kept_elsewhere(
    told: Program, tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(told("log", "checkpoint").out)
    assert told("record", _fact(1)).code == 0
    ran = told("verify", "--against", str(kept))
    assert ran.code == 0
    newer = "40 entries are as they were sealed (newer, and sealed now: 1); checkpoints of acc"
    assert ran.out.startswith(newer)
    assert ran.out.endswith("held: 1; the log extends the checkpoint over 40 entries\n")
    sealed = "all 41 entries are as they were sealed; checkpoints of access-ledger/"
    assert told("verify", "--against", str(kept)).out.startswith(sealed)


def test_a_changed_entry_is_named(told: Program, tmp_path: Path) -> None:
    assert told("verify").code == 0
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP TRIGGER stored_events_refuse_update")
        file.execute(
            "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), '2026', '2025') "
            "AS BLOB) WHERE originator_version = 22"
        )
    file.close()
    ran = told("verify")
    assert ran.code == 5
    assert ran.err.startswith(
        "access-ledger: not verified: entry 22 of book 506914307656634, at position 22, does not "
        "have the hash that was sealed"
    )


def test_an_older_copy_of_the_ledger_does_not_pass_for_the_newer(
    told: Program, tmp_path: Path
) -> None:
    backup = sqlite3.connect(tmp_path / "backup.db")
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.backup(backup)
    file.close()
    assert told("record", _fact(1)).code == 0
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(told("log", "checkpoint").out)
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        backup.backup(file)
    file.close()
    backup.close()
    ran = told("verify", "--against", str(kept))
    assert ran.code == 5
    assert "the checkpoint given is over 41 entries, and the store holds 40" in ran.err


def test_keys_are_made_once_beside_the_ledger_and_rotated(
    told: Program, keys: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "access-ledger.db.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    pack = str(tmp_path / "old.zip")
    told("evidence", "matrix", "-o", pack)
    rotated = told("log", "key", "rotate")
    assert rotated.out.splitlines()[2:] == keys.read_text().splitlines()
    newer = str(tmp_path / "new.zip")
    told("evidence", "matrix", "-o", newer)
    assert told("verify", newer, "--key", str(keys)).code == 5
    (tmp_path / "both.txt").write_text(rotated.out)
    for name in (pack, newer):
        assert told("verify", name, "--key", str(tmp_path / "both.txt")).code == 0
    assert told("verify").code == 0


def _fact(number: int) -> str:
    return (
        f'{{"fact":"partner-added","id":"more-{number}","owner":"506914307656634",'
        f'"partner":"7000{number}"}}'
    )


def test_the_worker_checks_the_log_and_doctor_tells_what_it_found(
    told: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert "log check: never; run: access-ledger verify" in told("doctor").out
    with open_services(Settings()) as services:
        check_log(services, structured_log())
        assert '"event":"log checked"' in capfd.readouterr().err
    assert re.search(r"ok +log check: at .*: all 40 entries as sealed", told("doctor").out)
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP TRIGGER stored_events_refuse_delete")
        file.execute("DELETE FROM stored_events WHERE rowid = 40")
    file.close()
    with open_services(Settings()) as services:
        done: list[int] = []

        def work() -> None:
            check_log(services, structured_log())
            done.append(1)

        check = schedule(1, work)
        check()
        check()
        assert done == [1]
        assert '"event":"log check failed"' in capfd.readouterr().err
    ran = told("doctor")
    assert ran.code == 1
    assert re.search(r"WRONG +log check: at .*: the log has 40 leaves and the store 39", ran.out)
    monkeypatch.setenv("ACCESS_LEDGER_LOG_KEY_FILE", str(tmp_path / "there.zip"))
    (tmp_path / "there.zip").write_text("x")
    assert re.search(r"WRONG +log: the file of signing keys .* cannot be used", told("doctor").out)


def test_a_check_that_breaks_off_stops_no_worker(
    told: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only a store that is away is left to the worker, which waits for it; then it is due still."""
    assert told("verify").code == 0
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("UPDATE log_state SET size = 'many'")
    file.close()
    with open_services(Settings()) as services:
        check_log(services, structured_log())
        said = capfd.readouterr().err
        assert '"event":"log check broke off"' in said
        assert '"error":"TypeError"' in said
        assert "Traceback" not in said

        def away() -> None:
            calls.append(1)
            if len(calls) == 1:
                raise StoreUnavailable("somewhere", "gone")

        calls: list[int] = []
        check = schedule(1, away)
        with pytest.raises(StoreUnavailable):
            check()
        check()
        check()
        assert len(calls) == 2


def test_lost_keys_are_said_to_be_lost_and_not_replaced(told: Program, tmp_path: Path) -> None:
    """Fresh ones would sign another log."""
    assert told("log", "checkpoint").code == 0
    secret = tmp_path / "access-ledger.db.key"
    kept = secret.read_bytes()
    secret.unlink()
    for command in (("doctor",), ("log", "checkpoint"), ("verify",), ("log", "key", "show")):
        ran = told(*command)
        assert ran.code == 1
        assert "the signing keys of this ledger are missing" in ran.out + ran.err
    assert not secret.exists()
    secret.write_bytes(kept)
    assert told("verify").code == 0


def test_the_keys_of_another_ledger_sign_nothing_here(told: Program, tmp_path: Path) -> None:
    assert told("log", "checkpoint").code == 0
    assert told("log", "key", "create", str(tmp_path / "other.key")).code == 0
    secret = tmp_path / "access-ledger.db.key"
    kept = secret.read_bytes()
    secret.write_bytes((tmp_path / "other.key").read_bytes())
    ran = told("log", "checkpoint")
    assert ran.code == 1
    assert "and this ledger's log is access-ledger/" in ran.err
    secret.write_bytes(kept)
    assert told("verify").code == 0


def test_an_empty_file_is_no_checkpoint(told: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert told("verify", "--against", str(tmp_path / "empty")).code == 2
    assert told("evidence", "matrix", "--since", "empty", "-o", "x.zip").code == 2
    assert not (tmp_path / "x.zip").exists()


def test_nothing_is_signed_over_missing_entries(told: Program, tmp_path: Path) -> None:
    """Also where others took their places since."""
    assert told("log", "checkpoint").code == 0
    assert told("who", ASSET).code == 0
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP TRIGGER stored_events_refuse_delete")
        file.execute("DELETE FROM stored_events WHERE rowid > 37")
    file.close()
    assert "WRONG  log: the log goes up to position 40, the store to 37" in told("doctor").out
    stale = (
        "the read model, from which questions are answered, was made from an entry at position 40"
    )
    assert f"WRONG  read model: {stale} that is not there any more" in told("doctor").out
    asked = told("who", ASSET)
    assert (asked.code, asked.out) == (5, "")
    assert asked.err.startswith(f"access-ledger: {stale} that is not there any more: ")
    assert asked.err.endswith("then run: access-ledger rebuild\n")
    assert told("log", "checkpoint").code == 5
    assert told("rebuild").code == 0
    for number in range(5):
        told("record", _fact(number))
    ran = told("log", "checkpoint")
    assert ran.code == 5
    assert "the entry at position 40 is not the one that was sealed" in ran.err
    assert told("evidence", "matrix", "-o", "x.zip").code == 5
    assert told("verify").code == 5


def test_a_worker_tells_of_a_stale_read_model_once_and_goes_on(
    told: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What else is due is done each time."""
    assert told("who", ASSET).code == 0
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP TRIGGER stored_events_refuse_delete")
        file.execute("DELETE FROM stored_events WHERE rowid = 40")
    file.close()
    rounds, checks, stop = [], [], Event()

    def wait() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()

    with open_services(Settings()) as services:
        capfd.readouterr()
        log = structured_log()
        keep_current(services.projector, wait, stop, log, lambda: checks.append(1))
    said = capfd.readouterr().err
    assert (said.count('"event":"read model stale"'), "store away" in said) == (1, False)
    assert len(checks) == 3


def test_a_checkpoint_that_others_made_is_told_from_one_of_this_ledger(
    told: Program, tmp_path: Path
) -> None:
    """In the name of another log, and in the name of this one without its key."""
    own = told("log", "checkpoint").out
    ours = parse_checkpoint(read_note(own.encode()).text)
    for origin, why in (
        ("other.example/log", "the checkpoint is one of other.example/log, and this ledger's log"),
        (ours.origin, f"in the name of {ours.origin}, and no key of this ledger, current or"),
    ):
        forged = sign_checkpoint(replace(ours, origin=origin), SignerKey(origin, bytes(32)))
        (tmp_path / "held.note").write_bytes(forged)
        for ran in (
            told("verify", "--against", "held.note"),
            told("evidence", "matrix", "--since", "held.note", "-o", "x.zip"),
        ):
            assert (ran.code, why in ran.err) == (5, True), ran.err
    assert not (tmp_path / "x.zip").exists()


def test_a_damaged_tree_is_found_and_made_anew(told: Program, tmp_path: Path) -> None:
    before = told("log", "checkpoint").out
    for damage in (
        "UPDATE log_hashes SET digests = CAST(zeroblob(32) AS BLOB) WHERE level = 3",
        "DELETE FROM log_run",
        "DELETE FROM log_state",
    ):
        with sqlite3.connect(tmp_path / "access-ledger.db") as file:
            file.execute(damage)
        file.close()
        assert told("verify").code == 5
        assert told("evidence", "matrix", "-o", "x.zip").code in {1, 5}
        assert not (tmp_path / "x.zip").exists()
        assert told("log", "rebuild").out == "the tree is made anew over 40 entries\n"
        assert told("verify").code == 0
        assert told("log", "checkpoint").out == before


def test_checkpoints_that_are_gone_are_told_from_those_that_never_were(
    told: Program, tmp_path: Path
) -> None:
    never = "there was no checkpoint to hold the entries to: they are signed as they are now"
    gone = "not verified: every checkpoint of this ledger is missing"
    told("log", "key", "show")  # the keys alone say nothing
    first = told("verify")
    assert (first.code, never in first.err) == (0, True)
    assert "agrees with itself" in told("verify").err
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP TRIGGER log_checkpoint_refuse_delete")
        file.execute("DELETE FROM log_checkpoint")
    file.close()
    for command in (
        ("verify",),
        ("verify",),
        ("log", "checkpoint"),
        ("evidence", "matrix", "-o", "x"),
    ):
        ran = told(*command)
        assert (ran.code, gone in ran.err) == (5, True), ran.err
    assert "WRONG  log check" in told("doctor").out
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DELETE FROM log_check")
    file.close()
    ran = told("verify")
    assert (ran.code, never in ran.err) == (0, True)


@pytest.mark.parametrize(
    "command",
    [
        ("verify",),
        ("log", "checkpoint"),
        ("log", "key", "show"),
        ("log", "rebuild"),
        ("evidence", "who", ASSET, "-o", "x.zip"),
    ],
)
def test_what_is_asked_of_a_ledger_that_is_not_there_makes_none(
    program: Program, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """In the wrong folder nothing looks as if it were in order."""
    ran = program(*command)
    assert ran.code == 1
    assert "there is no ledger at access-ledger.db yet; check ACCESS_LEDGER_FILE" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_pack_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where there is no room for all of it, nothing is left that looks like a pack."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(Failed, match=r"x\.zip cannot be written: File too large; nothing was"):
            _write(tmp_path / "x.zip", bytes(1001))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_is_no_verdict(told: Program, keys: Path) -> None:
    told("evidence", "who", ASSET, "-o", "x.zip")
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "evidence", "x.zip", "--key", str(keys)],
            env={**os.environ, "PYTHONPATH": str(STORY.parents[2])},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (ran.returncode, "the report cannot be written: No space left" in ran.stderr) == (
        1,
        True,
    )
