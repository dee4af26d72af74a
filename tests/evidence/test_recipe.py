"""The recipe in README.txt, run in a real shell with the openssl of this machine."""

import subprocess
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.deriving import derive
from evidence.merkle import EMPTY_ROOT
from evidence.notes import SignerKey
from evidence.pack_readme import readme
from evidence.packs import read_pack
from evidence.questions import Question
from evidence.verifying import verify_pack
from tests.evidence.packs import (
    BOOK,
    KEYS,
    LOG_KEY,
    ORIGIN,
    QUESTION,
    edited,
    note_of,
    parts,
    sample,
    statement,
    tree,
    vkeys,
)
from tests.evidence.recipes import followed, recipe_of

SIGNED = [
    f"checkpoint.note: signed by {ORIGIN}",
    f"statement.note: signed by {ORIGIN}/statements",
    f"manifest.note: signed by {ORIGIN}/statements",
]
SOUND = ["statement.note: about the tree of checkpoint.note", "manifest.json: as signed"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pack and the keys."""
    (tmp_path / "pack.zip").write_bytes(sample())
    (tmp_path / "keys.txt").write_text(vkeys(), encoding="utf-8")
    return tmp_path


def _names(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["unzip", "-Z1", "pack.zip"], cwd=folder, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split() if not name.startswith("manifest")]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_recipe_works_as_printed(folder: Path, shell: str) -> None:
    """Every signature, every member, and the first entry."""
    said = followed(folder, recipe_of(sample()), shell)
    assert said[:6] == [*SIGNED, f"since.note: signed by {ORIGIN}", *SOUND]
    assert sorted(said[6:-2]) == sorted(f"{name}: as listed" for name in _names(folder))
    assert said[-2:] == [
        "leaf 0: 31BTJDsczdjP4XrRewGo5WvGsRxHD+WbRPM05PG8LTc=",
        "entry on line 1: in the tree of the checkpoint",
    ]


@pytest.mark.parametrize("line", [2, 3, 4, 5])
def test_the_recipe_proves_each_entry(folder: Path, line: int) -> None:
    """With the number of the line changed, as it says."""
    assert _at_line(line, folder)[-1] == f"entry on line {line}: in the tree of the checkpoint"


def test_a_line_that_the_pack_does_not_have_is_said(folder: Path) -> None:
    """And how many it has."""
    assert _at_line(6, folder)[-1] == "entry on line 6: NOT there, the pack has 5"


def _at_line(line: int, folder: Path) -> list[str]:
    recipe = recipe_of(sample())
    assert recipe.count("line=1\n") == 1
    return followed(folder, recipe.replace("line=1\n", f"line={line}\n"))


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("size", [7, 0])
def test_a_pack_without_entries_is_no_fault(folder: Path, shell: str, size: int) -> None:
    """About an asset that no entry touches, and of a book and a log that are empty."""
    question = Question("who", BOOK, QUESTION.at, 5 if size else 0, ("page", "104857600219499"))
    sealed = tree() if size else Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    recorded = {} if size else {"known_at": 0, "recorded_at": None}
    newest = {"asset:page:104857600219499": 0}
    stated = statement(size=size, root=sealed.root, newest=newest, **recorded)
    pack = parts(
        question=question.as_json(),
        answer=derive(question, [], stated),
        entries=[],
        checkpoint=sign_checkpoint(sealed, LOG_KEY),
        statement=note_of(stated),
    ).packed()
    assert verify_pack(pack, KEYS).entries == ()
    (folder / "pack.zip").write_bytes(pack)
    said = followed(folder, recipe_of(pack), shell)
    assert said[:5] == [*SIGNED, *SOUND]
    assert sorted(said[5:-1]) == sorted(f"{name}: as listed" for name in _names(folder))
    assert said[-1] == "entries: none in this pack, so there is no proof to check"


WRONG_LEAF = "entry on line 1: NOT in the tree of the checkpoint, which has no such leaf"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"README_txt": b"Trust me.\n"}, "manifest.json: CHANGED"),
        ({"answer_json": b"{}", "manifest_json": b"="}, "answer.json: CHANGED"),
        ({"entries_jsonl": b"{}\n"}, "entries: 1, and NOT one proof for each"),
        ({"entries_jsonl": b"{}\n" * 5}, "entry on line 1: NOT in the tree of the checkpoint"),
        (
            {"entries_jsonl": b"", "manifest_json": b"="},
            "entries: 0, and NOT one proof for each",
        ),
        ({"proofs_jsonl": b'{"hashes":[],"index":0}\n' * 5}, "entry on line 1: NOT in the tree"),
        ({"proofs_jsonl": b'{"hashes":[],"index":7}\n' * 5}, WRONG_LEAF),
        ({"proofs_jsonl": b'{"hashes":[],"index":00}\n' * 5}, WRONG_LEAF),
        (
            {"checkpoint_note": sign_checkpoint(tree(3), SignerKey(ORIGIN, bytes(32)))},
            f"checkpoint.note: NOT SIGNED by {ORIGIN}",
        ),
        (
            {"checkpoint_note": sign_checkpoint(tree(3), LOG_KEY)},
            "statement.note: NOT about the tree of checkpoint.note",
        ),
        (
            {"since_note": sign_checkpoint(tree(3), SignerKey(ORIGIN, bytes(32)))},
            f"since.note: NOT SIGNED by {ORIGIN}",
        ),
    ],
)
def test_the_recipe_finds_what_is_wrong(folder: Path, changes: dict[str, bytes], why: str) -> None:
    """In capitals."""
    recipe = recipe_of(sample())
    if changes.get("manifest_json"):
        changes = {**changes, "manifest_json": read_pack(sample()).manifest}
    (folder / "pack.zip").write_bytes(edited(sample(), resign=False, **changes))
    assert any(line.startswith(why) for line in followed(folder, recipe))


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_nothing_in_a_pack_is_run_or_written_to(folder: Path, shell: str) -> None:
    """Not where a number belongs, and not through a link that lies where the steps write."""
    run = "x[$(touch ../hacked)]"
    notes = f"{ORIGIN}\n{run}\nroot\n"
    victim = folder / "victim"
    victim.write_text("as it was")
    with ZipFile(folder / "pack.zip", "w") as archive:
        archive.writestr("entries.jsonl", "{}\n")
        archive.writestr("proofs.jsonl", f'{{"hashes":[],"index":{run}}}\n')
        archive.writestr("manifest.json", f'{{"name":"{run}","sha256":"`touch ../hacked`",\n')
        for name in ("checkpoint.note", "statement.note", "manifest.note"):
            archive.writestr(name, notes)
        for name in ("text", "entry", "node", "list", "signatures"):
            link = ZipInfo(name)
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, str(victim))
    said = followed(folder, recipe_of(sample()), shell)
    assert said[-1] == WRONG_LEAF
    assert victim.read_text() == "as it was"
    assert not list(folder.rglob("hacked"))


def test_the_recipe_is_safe_whatever_the_log_is_called() -> None:
    """Its name is quoted for the shell."""
    assert "\n    check_note checkpoint.note 'a;id'\n" in readme("a;id")
    assert "\n    check_note manifest.note 'a;id/statements'\n" in readme("a;id")
