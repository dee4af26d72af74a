"""Keys at the terminal: secrets once, words for what cannot be, exit codes."""

import json
from pathlib import Path

import psycopg
import pytest

from bootstrap.settings import Settings
from tests.cli.conftest import Program

BOOK, PARTNER = "506914307656634", "563920174410288"


def test_a_key_is_made_listed_rotated_and_revoked(program: Program) -> None:
    made = program("keys", "create", "agency", "--role", "partner", "--book", BOOK,
                   "--partner", PARTNER, "--expires", "2999-01-01", "--format", "json")  # fmt: skip
    assert made.code == 0
    key = json.loads(made.out)
    assert (key["role"], key["books"], key["partner"]) == ("partner", [BOOK], PARTNER)
    assert key["expires_at"] == "2999-01-01T00:00:00.000000Z"
    assert key["secret"].startswith("al_live_")
    assert "Keep the secret now: it is not stored, and is not shown again." in made.err
    assert key["secret"] not in made.err
    listed = program("keys", "list")
    assert listed.out.splitlines()[0].startswith("id\tname\trole\tbooks\tpartner\tcreated_at")
    assert key["id"] in listed.out
    assert "al_live_" not in listed.out + listed.err
    rotated = program("keys", "rotate", "agency", "--grace", "1h", "--format", "json")
    assert rotated.code == 0
    assert json.loads(rotated.out)["id"] == key["id"]
    assert json.loads(rotated.out)["secret"] != key["secret"]
    assert "its former secret ends in 1h" in rotated.err
    revoked = program("keys", "revoke", key["id"], "--format", "json")
    assert (revoked.code, json.loads(revoked.out)["revoked_at"] is not None) == (0, True)
    assert program("keys", "list", "--format", "json").out == '{\n  "keys": []\n}\n'
    assert key["id"] in program("keys", "list", "--all").out


def test_a_table_has_the_secret_on_a_line_of_its_own(program: Program) -> None:
    ran = program("keys", "create", "boss", "--role", "admin", "--format", "table")
    lines = [line.strip() for line in ran.out.splitlines()]
    (secret,) = [line for line in lines if line.startswith("al_live_")]
    assert len(secret) == 51
    table = program("keys", "list", "--format", "table").out
    assert "boss" in table
    assert "al_live_" not in table


def test_without_keys_the_list_says_how_to_make_one(program: Program, own_ledger: Path) -> None:
    """Where there is no ledger it says so, and makes none."""
    ran = program("keys", "list")
    assert (ran.code, list(own_ledger.iterdir())) == (1, [])
    assert "there is no ledger at access-ledger.db yet" in ran.err
    program("migrate")
    ran = program("keys", "list")
    assert ran.code == 0
    assert "No keys; make one with: access-ledger keys create NAME --role ROLE" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("create", "x"), 2, "--role requires an argument"),
        (("create", "x", "--role", "owner"), 2, "owner"),
        (("create", "x", "--role", "reader"), 2, "a reader key needs a book"),
        (("create", "x", "--role", "admin", "--book", BOOK), 2, "admin has no books of its own"),
        (("create", "x", "--role", "reader", "--book", "page"), 2, "'page' is not a portfolio"),
        (("create", "Ann", "--role", "admin"), 2, "'Ann' cannot be the name of a key"),
        (("create", "x", "--role", "admin", "--expires", "2020-01-01"), 2, "is not later than now"),
        (("create", "x", "--role", "admin", "--expires", "soon"), 2, "write 2026-03-02T09:30:00Z"),
        (("create", "taken", "--role", "admin"), 1, "the name 'taken' is taken by key_"),
        (("rotate", "nobody"), 1, "there is no key 'nobody'; access-ledger keys list shows"),
        (("rotate", "taken", "--grace", "soon"), 2, "'soon' is not a length of time; write 30s"),
        (("rotate", "taken", "--grace", "400d"), 2, "seconds is not possible; give 0 to 7776000"),
        (("revoke", "nobody"), 1, "there is no key 'nobody'"),
        (("rotate", "ended"), 1, "(ended) was revoked at"),
    ],
)
def test_what_cannot_be_is_said(
    program: Program, words: tuple[str, ...], code: int, message: str
) -> None:
    assert program("keys", "create", "taken", "--role", "admin").code == 0
    made = program("keys", "create", "ended", "--role", "admin", "--format", "json")
    ended = json.loads(made.out)["id"]
    assert program("keys", "revoke", ended).code == 0
    ran = program("keys", *[ended if word == "ended" else word for word in words])
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_a_database_user_without_the_right_is_four(
    program: Program, postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(postgres_settings.database_url)
    user = f"al_looker_{url.rpartition('al_')[2].split()[0].strip(chr(39))}"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE USER {user}".encode())
        owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}".encode())
    try:
        looker = psycopg.conninfo.make_conninfo(url, user=user)
        monkeypatch.setenv("ACCESS_LEDGER_DATABASE_URL", looker)
        assert program("keys", "list").code == 0
        ran = program("keys", "create", "boss", "--role", "admin")
        assert (ran.code, ran.out) == (4, "")
        assert "does not let its user do this (permission denied for table" in ran.err
        assert (
            "run access-ledger migrate as the owner of the tables, and give the user the role"
            in ran.err
        )
    finally:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(f"DROP OWNED BY {user}".encode())
            owner.execute(f"DROP USER {user}".encode())
