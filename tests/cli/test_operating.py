"""Running the program: the demo, doctor and migrate, servers, and a store that is away."""

import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import cast

import psycopg
import pytest
from cyclopts import App
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bootstrap.logs import structured_log
from bootstrap.settings import Settings
from cli.worker import keep_current
from ledger.postgres import PostgresDatabase
from ledger.store_errors import StoreUnavailable
from projections.projector import Projector
from tests.cli.conftest import STORY, Program

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "postgresql://someone:secret@127.0.0.1:1/ledger"

PLAIN = (
    "access-ledger: keys and answers travel unencrypted on the way to this address; have a proxy "
    "that speaks TLS in front of it\n"
)


def _start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_the_demo_says_the_same_each_time(program: Program) -> None:
    first = program("demo", "--no-serve")
    assert (first.code, first.err) == (0, "")
    process = _start("demo", "--no-serve")
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, first.out)
    assert "as known then?" in out
    assert "Norrsken DACH" in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_transcript_of_the_demo_can_be_typed(told: Program, program: Program) -> None:
    """Each command that the demo shows is one that the program takes."""
    out = program("demo", "--no-serve").out
    commands = [line.split()[2:] for line in out.splitlines() if line.startswith("$ ")]
    assert len(commands) == 8
    for command in commands:
        # This ledger learned the story today, so what was known then is named by its entry.
        typed = ["31" if part == "2026-03-16" else part for part in command]
        assert told(*typed).code in (0, 3)


@pytest.mark.usefixtures("impatient")
def test_a_database_that_is_down_is_six(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", CLOSED)
    ran = program("matrix")
    assert (ran.code, ran.out) == (6, "")
    assert "the database at 127.0.0.1:1/ledger does not answer (Connection refused)" in ran.err
    assert "start the database, or check its address and name, the user" in ran.err
    assert "secret" not in ran.err


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"user": "nobody_here"}, 'FATAL: role "nobody_here" does not exist'),
        ({"dbname": "nothing_here"}, 'FATAL: database "nothing_here" does not exist'),
        ({"host": "ledger.invalid"}, "failed to resolve host 'ledger.invalid'"),
    ],
)
def test_what_the_server_says_against_a_connection_is_told(
    program: Program,
    postgres_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, str],
    said: str,
) -> None:
    url = make_conninfo(postgres_settings.database_url or "", **named)
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", url)
    ran = program("matrix")
    assert (ran.code, ran.out) == (6, "")
    assert f"does not answer ({said}" in ran.err


@pytest.mark.parametrize("password", ["top@secret", "top/secret", "top%zzsecret", "top secret"])
def test_a_password_that_breaks_the_url_is_not_told(
    program: Program, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    url = f"postgresql://ledger:{password}@127.0.0.1:1/ledger"
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", url)
    ran = program("matrix")
    assert (ran.code, ran.out) == (2, "")
    assert "ACCESS_LEDGER_DATABASE_URL: it cannot be read as postgresql://" in ran.err
    assert "in the password write @ as %40" in ran.err
    assert "secret" not in ran.err


@pytest.mark.usefixtures("impatient")
def test_what_a_server_says_comes_before_what_is_said_of_another_address(
    program: Program, monkeypatch: pytest.MonkeyPatch, postgres_settings: Settings
) -> None:
    folder = conninfo_to_dict(postgres_settings.database_url or "")["host"]
    url = f"postgresql://nobody_here@/ledger?host={folder},127.0.0.1&port=5432,1"
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", url)
    assert 'does not answer (FATAL: role "nobody_here" does not exist)' in program("matrix").err


def test_a_question_imports_no_other_command() -> None:
    """A misspelled one is held to all of them."""
    loaded = "import sys; from cli.main import run; run(sys.argv[1:]); print(*sys.modules)"
    told = [
        subprocess.run(
            [sys.executable, "-c", loaded, command, "page:1"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split()
        for command in ("who", "whoo")
    ]  # fmt: skip
    assert {"cli.asking", "cli.serving", "uvicorn"} & set(told[0]) == {"cli.asking"}
    assert {"cli.asking", "cli.serving", "uvicorn"} <= set(told[1])


def test_an_interrupt_while_a_misspelled_command_is_held_to_all_leaves_no_trace(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: App) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(App, "resolved_commands", interrupted)
    ran = program("whoo")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


@pytest.mark.usefixtures("impatient")
def test_a_database_without_room_for_a_connection_says_so(postgres_settings: Settings) -> None:
    """The one that was given back is used again."""
    url = postgres_settings.database_url or ""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS crowded")
        owner.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
        try:
            with closing(PostgresDatabase(make_conninfo(url, user="crowded"))) as database:
                full = pytest.raises(StoreUnavailable, match="too many connections for role")
                with database.reading(), full, database.reading():
                    pass
                with database.reading() as connection:
                    assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
        finally:
            owner.execute("DROP ROLE crowded")


def test_a_file_that_is_no_ledger_is_six(program: Program, tmp_path: Path) -> None:
    (tmp_path / "access-ledger.db").write_text("this is not a database, but a long enough text")
    ran = program("matrix")
    assert ran.code == 6
    assert ran.err == (
        "access-ledger: the SQLite file access-ledger.db cannot be used (file is not a database); "
        "nothing was recorded by this request; check ACCESS_LEDGER_FILE, which names a ledger or "
        "no file yet\n"
    )


def test_a_folder_in_place_of_the_file_is_six(program: Program, tmp_path: Path) -> None:
    (tmp_path / "access-ledger.db").mkdir()
    for command in ("matrix", "verify", "doctor"):
        ran = program(command)
        assert ran.code == 6
        assert "unable to open database file" in ran.err
        assert "check ACCESS_LEDGER_FILE; the file and its folder must be readable and" in ran.err


def test_a_folder_that_cannot_be_written_to_is_six(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In /proc not even root makes a file; where there is no such folder, it is the same."""
    monkeypatch.setenv("ACCESS_LEDGER_FILE", "/proc/access-ledger.db")
    ran = told("matrix")
    assert (ran.code, "must be readable and writable" in ran.err) == (6, True), ran.err


def test_a_ledger_that_lacks_a_table_is_one_to_restore(told: Program, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "access-ledger.db") as file:
        file.execute("DROP VIEW entry")
    file.close()
    for command in ("matrix", "verify", "doctor", "entries"):
        ran = told(command)
        # A statement that asks a view of the table names the file's part too.
        assert (ran.code, ran.err.replace("main.entry", "entry")) == (
            6,
            "access-ledger: the SQLite file access-ledger.db cannot be used (no such table: "
            "entry); nothing was recorded by this request; it was changed from outside or "
            "damaged: restore a backup\n",
        )


@pytest.mark.parametrize("empty_settings", ["postgresql"], indirect=True)
def test_a_postgresql_that_is_not_migrated_says_so(
    program: Program, empty_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", empty_settings.database_url or "")
    ran = program("matrix")
    assert ran.code == 6
    assert "is not migrated: ledger/0001_entries" in ran.err
    assert ran.err.endswith("not applied; run: access-ledger migrate\n")
    doctor = program("doctor")
    assert doctor.code == 1
    assert "run: access-ledger migrate" in doctor.out
    assert program("migrate").out.startswith("applied ledger/0001_entries\n")
    assert program("migrate").out.startswith("nothing to apply")
    assert program("import", str(STORY)).code == 0
    doctor = program("doctor")
    assert (doctor.code, "40 positions behind" in doctor.out) == (0, True)
    assert "s between the database's and this machine's" in doctor.out
    assert program("matrix").code == 0
    assert "read model: up to date" in program("doctor").out


def test_doctor_finds_nothing_wrong_with_a_sound_ledger(told: Program) -> None:
    told("matrix")
    ran = told("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[2:] == [
        "ok     integrity: quick_check finds nothing",
        "ok     schema: migrated",
        "ok     entries: newest position 40",
        "ok     read model: up to date",
        "ok     log: the newest checkpoint is over nothing yet",
        "ok     log check: never; run: access-ledger verify",
        "ok     books: 1, with 40 entries",
        "all in order",
    ]


def test_doctor_creates_no_ledger(program: Program, tmp_path: Path) -> None:
    ran = program("doctor")
    assert (ran.code, ran.err) == (
        1,
        (
            "access-ledger: there is no ledger at access-ledger.db yet; check ACCESS_LEDGER_FILE, "
            "or import a file, which creates it\n"
        ),
    )
    assert not (tmp_path / "access-ledger.db").exists()


def test_rebuild_changes_no_answer(told: Program) -> None:
    before = told("matrix", "--at", "2026-05-01").out
    assert told("rebuild").out == "rebuilt from 40 entries\n"
    assert told("matrix", "--at", "2026-05-01").out == before


def test_a_setting_that_cannot_be_is_said(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LEDGER_PORT", "abc")
    ran = program("matrix")
    assert ran.code == 2
    assert "the settings cannot be used: ACCESS_LEDGER_PORT: Input should be a valid i" in ran.err


def test_a_port_that_is_taken_is_said(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = program("serve", "--port", str(port))
    assert ran.code == 1
    assert f"cannot serve on 127.0.0.1:{port}: Address already in use" in ran.err


def test_the_program_runs_by_itself_and_says_what_it_can() -> None:
    process = _start("--help")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    for command in (
        "demo", "serve", "worker", "migrate", "doctor", "import", "record", "who", "what",
        "matrix", "owner", "timeline", "diff", "offboard", "entries", "anomalies", "rebuild",
        "export", "keys",
    ):  # fmt: skip
        assert f"│ {command} " in out
    process = _start("who", "page:104857600219483", ACCESS_LEDGER_DATABASE_URL=CLOSED)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (6, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_keeps_the_read_model_warm_until_it_is_stopped(
    program: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals
) -> None:
    where = (
        {"ACCESS_LEDGER_DATABASE_URL": settings.database_url}
        if settings.database_url
        else {"ACCESS_LEDGER_FILE": str(settings.file), "ACCESS_LEDGER_POLL_SECONDS": "0.05"}
    )
    for name, value in where.items():
        monkeypatch.setenv(name, value)
    process = _start("worker")
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "worker started"
    assert program("import", str(STORY)).code == 0
    deadline = time.monotonic() + 20
    while "read model: up to date" not in program("doctor").out:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(stop)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in err.splitlines()][-1] == "worker stopped"


def test_postgresql_wakes_the_worker_long_before_its_poll(
    program: Program, postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", str(postgres_settings.database_url))
    process = _start("worker", ACCESS_LEDGER_POLL_SECONDS="600")
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "worker started"
    assert program("import", str(STORY)).code == 0
    assert json.loads(process.stderr.readline())["event"] == "caught up"  # listening from here on
    fact = {"fact": "partner-added", "owner": "506914307656634"}
    for number in range(3):
        fact |= {"id": f"woken-{number}", "partner": f"9999{number}"}
        assert program("record", json.dumps(fact)).code == 0
        assert json.loads(process.stderr.readline())["entries"] == 1
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


class _Projector:
    """A projector whose store is away at first."""

    def __init__(self) -> None:
        self.calls = 0

    def catch_up(self) -> int:
        """Fail once, then take in one entry."""
        self.calls += 1
        if self.calls == 1:
            raise StoreUnavailable("somewhere", "gone")
        return 1


def test_the_worker_waits_for_a_store_that_is_away(capfd: pytest.CaptureFixture[str]) -> None:
    projector, stop = _Projector(), Event()

    def wait() -> None:
        if projector.calls == 2:
            stop.set()

    keep_current(cast("Projector", projector), wait, stop, structured_log())
    events = [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()]
    assert events == ["store away", "store back", "caught up"]


@pytest.mark.parametrize("command", [("demo", "--port", "0"), ("serve", "--port", "0")])
def test_the_api_is_served_on_loopback_until_stopped(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    process = _start(*command, TMPDIR=str(tmp_path))
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("serving on http://127.0.0.1:")
    address = line.split()[2].removesuffix("/v1,")
    _wait_for(address)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert not list(tmp_path.glob("access-ledger-demo-*")), "the demo leaves nothing behind"


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{address}/livez", timeout=5) as answer:  # noqa: S310
                assert answer.status == 200
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _asked(address: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    request = urllib.request.Request(f"{address}/v1/keys", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - on loopback
        return int(answer.status)


def test_the_first_server_on_a_ledger_prints_an_admin_key_once(settings: Settings) -> None:
    """Also where two start at once, and on every interface; it stands nowhere else."""
    store = (
        {"ACCESS_LEDGER_DATABASE_URL": settings.database_url}
        if settings.database_url
        else {"ACCESS_LEDGER_FILE": str(settings.file)}
    )
    serve = ("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - keys are asked for
    servers = [_start(*serve, **store) for _ in range(2)]
    addresses = []
    for server in servers:
        assert server.stderr is not None
        port = server.stderr.readline().split()[2].removesuffix("/v1,").rpartition(":")[2]
        addresses.append(f"http://127.0.0.1:{port}")
        assert server.stderr.readline() == PLAIN
        _wait_for(addresses[-1])
    for server in servers:
        server.send_signal(signal.SIGTERM)
    said = [server.communicate(timeout=20) for server in servers]
    assert [err for _, err in said] == ["", ""]
    (told,) = [out for out, _ in said if out]
    head, secret = told.splitlines()
    assert head == "the first admin key, first-admin; keep it, it is not shown again:"
    again = _start(*serve, **store)
    assert again.stderr is not None
    port = again.stderr.readline().split()[2].removesuffix("/v1,").rpartition(":")[2]
    _wait_for(f"http://127.0.0.1:{port}")
    assert _asked(f"http://127.0.0.1:{port}", secret) == 200
    again.send_signal(signal.SIGTERM)
    out, log = again.communicate(timeout=20)
    assert out == ""
    assert secret not in log


def test_a_server_starts_before_its_database(tmp_path: Path) -> None:
    """It cannot look for keys then, and says how to make one."""
    server = _start("serve", "--port", "0", ACCESS_LEDGER_DATABASE_URL=CLOSED, TMPDIR=str(tmp_path))
    assert server.stderr is not None
    line = server.stderr.readline()
    assert "whether there is a key could not be looked up: the database at 127.0.0.1:1" in line
    assert "access-ledger keys create NAME --role admin" in line
    assert "secret" not in line
    assert server.stderr.readline().startswith("serving on ")
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=20)


def test_what_the_demo_says_to_try_works() -> None:
    """Each printed curl line, as it stands; the agency sees itself alone."""
    demo = _start("demo", "--port", "0")
    assert demo.stderr is not None
    assert demo.stdout is not None
    _wait_for(demo.stderr.readline().split()[2].removesuffix("/v1,"))
    lines: list[str] = []
    while not lines or not lines[-1].startswith("The keys end"):
        lines.append(demo.stdout.readline())
    answers = []
    for line in lines:
        if line.startswith("curl "):
            _, option, header, url = shlex.split(line)
            assert option == "-H"
            name, _, value = header.partition(": ")
            request = urllib.request.Request(url, headers={name: value})  # noqa: S310
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - on loopback
                answers.append({e["partner"] for e in json.load(answer)["episodes"]})
    whole, own = answers
    assert own == {"563920174410288"}
    assert own < whole
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=20)
