"""`python -m evidence`: what somebody outside does with a pack."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence import __main__ as command
from evidence.__main__ import main
from evidence.checkpoints import sign_checkpoint
from evidence.notes import SignerKey
from evidence.packs import read_pack
from evidence.telling import printable, tell
from evidence.verifying import verify_pack
from tests.evidence.packs import KEYS, LOG_KEY, ORIGIN, edited, parts, sample, since, tree, vkeys

ROOT = Path(__file__).resolve().parents[2]

REPORT = """\
Question: who had access to the asset, in the book 506914307656634.
  asset: page:104857600219483
  at 2025-03-20T12:00:00.000000Z, as known at entry 5
Answer:
  coverage: known
  holders: 2
    563920174410288 (Söder): ADVERTISE, ANALYZE on page:104857600219483, level partial, certain, \
from 2025-03-03T12:00:00.000000Z (entry 3), still open then
    563920174410299 (Söder): ANALYZE on page:104857600219483, level partial, certain, \
from 2025-03-05T12:00:00.000000Z (entry 5), still open then
  level rule: 2026.1
  owner: 506914307656634
Entries: 5, numbers 1 to 5, each proven to be in the ledger, none left out.
Checkpoint: ledger.example/norrsken, 7 entries, \
root b53944afa125d856cdd4c91d238da62841ea84c1f8459851fb355bbbd9668ea7.
Since: the ledger only grew from the checkpoint of 3 entries.
"""
SIGNED = """\
Signed by: ledger.example/norrsken/statements (0c505114), ledger.example/norrsken (c22e65fc); \
the pack was made at 2026-02-03T04:05:06.000007Z.
Verified: the answer follows from what the ledger recorded. That is not to say that
what was recorded is true.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pack, the keys, and the older checkpoint."""
    (tmp_path / "pack.zip").write_bytes(sample())
    (tmp_path / "keys.txt").write_text(vkeys(), encoding="utf-8")
    (tmp_path / "since.note").write_bytes(since(3).checkpoint)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_good_pack_is_told_in_plain_sentences(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole report, and exit code 0."""
    pack, keys, older = folder / "pack.zip", folder / "keys.txt", folder / "since.note"
    assert _run(capsys, pack, "--key", keys) == (0, REPORT + SIGNED, "")
    assert _run(capsys, pack, "--key", keys, "--since", older) == (0, REPORT + SIGNED, "")


def test_without_keys_the_signer_is_not_known(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is given, and the exit code is not that of a verified pack."""
    assert _run(capsys, folder / "pack.zip") == (
        5,
        REPORT,
        "python -m evidence: consistent in itself, signer not known; give the ledger's keys with "
        "--key to know who signed it\n",
    )


def test_what_is_not_to_be_trusted_ends_with_5(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the reason in one sentence, and no report."""
    pack, keys = folder / "pack.zip", folder / "keys.txt"
    pack.write_bytes(edited(sample(), README_txt=b""))
    assert _run(capsys, pack, "--key", keys) == (
        5,
        "",
        "python -m evidence: not verified: manifest.note signs another manifest than the one in "
        "the pack\n",
    )
    pack.write_bytes(parts(since=since(3)).packed())
    (folder / "since.note").write_bytes(sign_checkpoint(tree(4), LOG_KEY))
    code, out, err = _run(capsys, pack, "--key", keys, "--since", folder / "since.note")
    assert (code, out) == (5, "")
    assert re.fullmatch(r"python -m evidence: not verified: you hold a checkpoint of 4 .*\n", err)
    (folder / "keys.txt").write_text(str(SignerKey("b.example", bytes(32)).verifier))
    code, out, err = _run(capsys, pack, "--key", keys)
    assert (code, out) == (5, "")
    assert "of whom no key is known (keys known: b.example)" in err


def test_what_cannot_be_read_ends_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, a folder, and keys that are none; a pack that is none is read."""
    keys = folder / "keys.txt"
    none, pack = folder / "none", folder / "pack.zip"
    said = f"python -m evidence: {none} cannot be read: No such file or directory\n"
    assert _run(capsys, none) == (1, "", said)
    assert _run(capsys, pack, "--key", none) == (1, "", said)
    assert _run(capsys, pack, "--key", keys, "--since", none) == (1, "", said)
    said = f"python -m evidence: {folder} cannot be read: Is a directory\n"
    assert _run(capsys, folder) == (1, "", said)
    code, _, err = _run(capsys, pack, "--key", pack)
    assert code == 1
    assert err.startswith(f"python -m evidence: {pack} is not a file of keys: ")
    code, _, err = _run(capsys, "a\0b")
    assert (code, err) == (1, "python -m evidence: a\\x00b cannot be read: embedded null byte\n")
    assert _run(capsys, keys) == (
        5,
        "",
        "python -m evidence: not verified: the file is not a pack: it does not begin as a ZIP "
        "archive\n",
    )


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--what"], ["pack", "--key"]])
def test_a_wrong_usage_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With how it is used."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m evidence [-h] [--key FILE]")


def test_texts_of_a_pack_cannot_move_the_cursor(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not those that are proven, nor those in a refusal."""
    pack = folder / "pack.zip"
    question = {**dict(parts().question), "at": "2025\x1b[2J\u202e\n"}  # type: ignore[arg-type]
    answer = {**dict(parts().answer), "at": question["at"]}  # type: ignore[arg-type]
    pack.write_bytes(parts(question=question, answer=answer).packed())
    _, out, err = _run(capsys, pack)
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err
    assert (
        printable("S\u00f6der\x1b[2J\u202e\n\U000e0001")
        == "S\u00f6der\\x1b[2J\\u202e\\n\\U000e0001"
    )


def test_an_error_that_was_not_foreseen_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No stack trace, and not the exit code of a verified pack."""

    def fail(*_: Any, **__: Any) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(command, "verify_pack", fail)
    assert _run(capsys, folder / "pack.zip") == (
        5,
        "",
        "python -m evidence: not verified, by an error that was not foreseen: RecursionError: "
        "too deep\n",
    )


def test_it_runs_as_a_module(folder: Path) -> None:
    """In a process of its own, on a terminal that knows ASCII only."""
    done = subprocess.run(
        [sys.executable, "-m", "evidence", folder / "pack.zip", "--key", folder / "keys.txt"],
        cwd=ROOT,
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    shown = (REPORT + SIGNED).replace("ö", "\\xf6")
    assert (done.returncode, done.stdout, done.stderr) == (0, shown, "")


def test_the_readme_names_the_log_and_the_ways_to_verify() -> None:
    """For somebody who has never seen a pack."""
    text = read_pack(sample()).readme.decode("ascii")
    for words in (f'"{ORIGIN}"', "access-ledger verify", "python -m evidence", "verify.html"):
        assert words in text
    assert "@" not in text


def test_an_answer_of_any_kind_is_told_by_its_fields() -> None:
    """Lists of objects a line each and not too many of them, and what has ended with its end."""
    window = {"from": "A", "to": "B", "opened_by": 1, "closed_by": 2, "cause": "access_revoked"}
    verified = verify_pack(sample(), KEYS)
    answer: dict[str, Any] = {
        "owners": [{"owner": "1", "certainty": "possible", "window": window, "name": None}],
        "not_seen": ["people", "apps"],
        "rows": [{"number": number} for number in range(25)],
        "empty": [],
        "yes": True,
    }
    lines = list(tell(replace(verified, answer=answer)))
    shown = lines[lines.index("Answer:") + 1 : -4]
    assert shown[:4] == [
        "  owners: 1",
        "    owner 1; certainty possible; window from A (entry 1) to B (entry 2, access_revoked)",
        "  not seen: people, apps",
        "  rows: 25",
    ]
    assert shown[-3:] == ["    and 5 more, in answer.json", "  empty: none", "  yes: yes"]
    assert len(shown) == 27
