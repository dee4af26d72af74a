"""Recording, importing and exporting at the terminal."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import STORY, Program
from tests.stories.real import path_of

GOOD = '{"fact":"partner-added","id":"a","owner":"11111","partner":"22222"}'
ALSO = '{"fact":"partner-added","id":"b","owner":"11111","partner":"33333"}'


def test_a_fact_is_recorded_once(program: Program) -> None:
    assert program("record", GOOD).out == "a: entry 1 of book 11111 (position 1)\n"
    again = program("record", GOOD)
    assert (again.code, again.out) == (
        0,
        "a: entry 1 of book 11111 (position 1), recorded before; nothing was written\n",
    )


def test_a_mark_of_byte_order_before_the_first_line_is_left_out(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "marked.jsonl"
    file.write_bytes(f"\ufeff{GOOD}\n{ALSO}".encode())
    assert "2 lines read: 2 recorded" in program("import", str(file)).out


def test_a_line_longer_than_a_chunk_of_the_file_is_one_line(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "long.jsonl"
    file.write_text(f"{GOOD[:-1]}{' ' * 600_000}}}\n\n{ALSO}\n")
    assert "2 lines read: 2 recorded" in program("import", str(file)).out


def test_why_too_long_an_array_is_refused_names_no_fact(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "array.jsonl"
    file.write_text(f"[{','.join([GOOD] * 1200)}]\n{{\n")
    assert program("import", str(file)).code == 1
    refused = [
        json.loads(line) for line in Path("array.jsonl.rejects.jsonl").read_text().splitlines()
    ]
    assert [line["line"] for line in refused] == [1, 2]
    assert refused[0]["reason"].startswith("an array of 1200 facts is more than one append")


def test_a_large_file_is_imported_by_several_processes(program: Program, tmp_path: Path) -> None:
    """It is told as any other; the number of processes can be said."""
    lines = [
        {
            "fact": "partner-added",
            "id": str(n),
            "owner": str(11_111 + n % 50),
            "partner": str(10**6 + n),
        }
        for n in range(20_100)
    ]
    lines[15_000]["partner"] = lines[15_000]["owner"]
    large = tmp_path / "large.jsonl"
    large.write_text("\n".join(map(json.dumps, lines)))
    ran = program("import", str(large), "--processes", "2")
    assert "20100 lines read: 20099 recorded as 20099 entries in 50 books" in ran.out
    assert (ran.code, ran.out[-13:]) == (1, ", 1 rejected\n")
    refused = json.loads(Path("large.jsonl.rejects.jsonl").read_text())
    assert refused["line"] == 15_001
    assert program("import", str(large)).code == 1
    assert program("import", str(large), "--processes", "0").code == 2


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("{", "not recorded: not JSON: "),
        ("[]", "not recorded: an empty array; an append holds at least one fact"),
        (GOOD.replace('"id"', '"idd"'), "idd is not a field of this fact"),
        (GOOD.replace('"22222"', "22222"), "partner: 22222 is a number; ids are strings"),
        (GOOD.replace("22222", "11111"), "partner 11111 is the owner itself"),
        (
            GOOD.replace("}", ',"effective_at":"2026-01-01T00:00:00"}'),
            "'2026-01-01T00:00:00' has no offset",
        ),
        (
            GOOD.replace("}", ',"effective_at":"2026-01-01T00:00:00.1234567Z"}'),
            "finer than a microsecond; give at most six fractional digits",
        ),
        (
            GOOD.replace("}", ',"effective_at":"2999-01-01T00:00:00Z"}'),
            "effective_at 2999-01-01T00:00:00.000000Z is later than",
        ),
    ],
)
def test_a_bad_fact_is_refused_in_words(program: Program, fact: str, message: str) -> None:
    ran = program("record", fact)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert program("matrix").code == 1, "nothing was recorded"


def test_a_refusal_says_what_stands_in_the_way(told: Program) -> None:
    ran = told(
        "record",
        '{"fact":"access-revoked","id":"r","owner":"506914307656634","partner":"402883915570146",'
        '"asset":{"type":"page","id":"104857600219483"},"effective_at":"2026-05-01T00:00:00Z"}',
    )
    assert ran.code == 1
    assert ran.err.startswith("access-ledger: not recorded: ")
    assert (
        "402883915570146 holds no access to page:104857600219483 from 506914307656634 on "
        "2026-05-01; record the grant first, or leave this fact out" in ran.err
    )


def test_a_fact_is_read_from_stdin(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"[{GOOD},{ALSO}]"))
    assert program("record", "-").out.count("entry") == 2


def test_a_file_is_read_from_stdin(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "cli", "import", "-"],
        env={**os.environ, "PYTHONPATH": str(STORY.parents[2])},
        input=f"{GOOD}\nnot json\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert "2 lines read: 1 recorded" in process.stdout
    assert (tmp_path / "stdin.rejects.jsonl").read_text().startswith('{"line": 2, "reason": ')


@pytest.mark.parametrize("command", ["import", "record"])
def test_an_unknown_option_is_not_taken_for_a_file(program: Program, command: str) -> None:
    ran = program(command, "--nonsense")
    assert (ran.code, "Unknown option: --nonsense." in ran.err) == (2, True)


def test_importing_twice_writes_nothing_and_says_so(told: Program) -> None:
    ran = told("import", str(STORY))
    assert (ran.code, ran.out) == (0, "nothing new: all 12 lines were recorded before\n")


def test_a_line_that_is_not_json_is_rejected_and_the_rest_recorded(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "facts.jsonl"
    file.write_text(f"{GOOD}\n{ALSO}\nnot json\n")
    ran = program("import", str(file))
    assert ran.code == 1
    assert ran.out == (
        "3 lines read: 2 recorded as 2 entries in 1 book, 0 recorded before, 1 rejected\n"
    )
    assert ran.err == (
        f"access-ledger: 1 rejected; each line is in {file}.rejects.jsonl with its reason: "
        "correct them, then import the file again\n"
    )
    (rejected,) = (tmp_path / "facts.jsonl.rejects.jsonl").read_text().splitlines()
    fields = json.loads(rejected)
    assert (fields["line"], fields["text"]) == (3, "not json")
    assert fields["reason"].startswith("not JSON: ")

    file.write_text(f"{GOOD}\n{ALSO}\n")
    assert program("import", str(file)).code == 0
    assert not (tmp_path / "facts.jsonl.rejects.jsonl").exists(), "it tells of the last import"


def test_a_dry_run_writes_nothing(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl"
    file.write_text(f"{GOOD}\n")
    ran = program("import", str(file), "--dry-run")
    assert ran.out == (
        "1 line read: 1 would be recorded as 1 entry in 1 book, 0 recorded before, 0 rejected\n"
        "dry run: nothing was written\n"
    )
    assert program("matrix").code == 1


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_a_truncated_gzip_gives_its_whole_lines(program: Program, tmp_path: Path, cut: int) -> None:
    file = tmp_path / "facts.jsonl.gz"
    lines = [
        GOOD.replace("22222", str(number)).replace('"a"', f'"f{number}"')
        for number in range(20000, 20400)
    ]
    whole = "\n".join(lines) + "\n"
    file.write_bytes(gzip.compress(whole.encode())[:-cut])
    ran = program("import", str(file))
    assert ran.code == 1
    assert "0 rejected" in ran.out
    recorded = int(ran.out.partition(" lines read")[0])
    assert 0 < recorded <= 400
    assert ran.err == (
        f"access-ledger: {file}: its gzip ends too early; the {recorded} whole lines before that "
        "were read, what comes after them was not: get the whole file, then import it again\n"
    )


def test_a_damaged_gzip_and_several_members(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl.gz"
    one, two = gzip.compress(f"{GOOD}\n".encode()), gzip.compress(f"{ALSO}\n".encode())
    file.write_bytes(one + b"garbage")
    ran = program("import", str(file))
    assert (ran.code, "its gzip is damaged" in ran.err) == (1, True)
    file.write_bytes(one + two)
    assert "2 lines read: 1 recorded" in program("import", str(file)).out


def test_a_missing_file_is_said(program: Program) -> None:
    ran = program("import", "missing.jsonl")
    assert (ran.code, ran.err) == (
        1,
        (
            "access-ledger: missing.jsonl: No such file or directory; "
            "check the path and its permissions\n"
        ),
    )


def _answers(program: Program, book: str, at: str) -> list[str]:
    questions: list[tuple[str, ...]] = [("matrix", "--at", at)]
    questions += [("matrix", "--at", at, "--known-at", str(n)) for n in (1, 10, 20, 31, 36)]
    questions += [("anomalies",), ("diff", "--from", "2020-01-01", "--to", at)]
    answers = []
    for question in questions:
        answer = json.loads(program(*question, "--book", book, "--format", "json").out)
        for known in ("known_at", "from_known_at", "to_known_at"):
            if known in answer:
                del answer[known]["recorded_at"]  # the other ledger learned it at another time
        answers.append(json.dumps(answer))
    return answers


def _round_trip(program: Program, monkeypatch: pytest.MonkeyPatch, book: str, at: str) -> None:
    assert program("export", "-o", "out.jsonl").code == 0
    before = _answers(program, book, at)
    monkeypatch.setenv("ACCESS_LEDGER_FILE", "other.db")
    ran = program("import", "out.jsonl")
    assert (ran.code, ran.err) == (0, "")
    assert _answers(program, book, at) == before
    assert program("export", "-o", "again.jsonl").code == 0
    assert Path("out.jsonl").read_bytes() == Path("again.jsonl").read_bytes()


def test_the_story_exported_and_imported_gives_the_same_answers(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = "506914307656634"
    voids = '{"fact":"entry-voided","id":"%s","book":"506914307656634","entry":%d,"reason":"r"}'
    assert told("record", voids % ("v1", 40)).code == 0
    assert told("record", voids % ("v2", 41)).code == 0, "a void of a void"
    _round_trip(told, monkeypatch, book, "2026-05-18")


def test_an_export_imports_into_its_own_ledger_as_nothing_new(told: Program) -> None:
    told("export", "-o", "out.jsonl")
    assert "nothing new" in told("import", "out.jsonl").out


def test_a_replacement_with_the_longest_id_is_exported_without_its_void(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("record", GOOD)
    longest = "x" * 200
    fact = {**json.loads(GOOD), "id": longest, "replaces": "a"}
    assert program("record", json.dumps(fact)).code == 0
    _round_trip_counts(program, monkeypatch)


def _round_trip_counts(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("export", "-o", "out.jsonl")
    before = program("entries", "--format", "jsonl").out.count("\n")
    monkeypatch.setenv("ACCESS_LEDGER_FILE", "other.db")
    assert program("import", "out.jsonl").code == 0
    assert program("entries", "--format", "jsonl").out.count("\n") == before == 3


def test_a_real_history_exported_and_imported_gives_the_same_answers(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "suppliers.facts.jsonl.gz"
    file.write_bytes(path_of("suppliers").read_bytes())
    ran = program("import", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert "0 rejected" in ran.out
    _round_trip(program, monkeypatch, "290337402766602", "2024-06-01")


def test_an_unknown_book_is_not_exported(told: Program) -> None:
    ran = told("export", "--book", "999999999999999")
    assert (ran.code, ran.err) == (
        1,
        "access-ledger: this ledger holds no book 999999999999999; check the portfolio id\n",
    )


def test_what_is_imported_from_no_file_has_its_rejects_in_the_working_folder(
    program: Program, tmp_path: Path
) -> None:
    """Such as a pipe, beside which nothing can be written."""
    pipe = tmp_path / "elsewhere" / "pipe"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(f"{GOOD}\nnot json\n",))
    writer.start()
    ran = program("import", str(pipe))
    writer.join()
    assert (ran.code, "1 rejected; each line is in pipe.rejects.jsonl" in ran.err) == (1, True)
    assert (tmp_path / "pipe.rejects.jsonl").exists()


def test_a_dry_run_leaves_the_rejects_of_the_import_alone(program: Program, tmp_path: Path) -> None:
    file, rejects = tmp_path / "facts.jsonl", tmp_path / "facts.jsonl.rejects.jsonl"
    file.write_text(f"{GOOD}\nnot json\n")
    program("import", str(file))
    before = rejects.read_text()
    file.write_text(f"{ALSO}\nnor this\n")
    ran = program("import", str(file), "--dry-run")
    assert f"{file}.dry-run.rejects.jsonl" in ran.err
    assert rejects.read_text() == before


def test_a_folder_is_not_imported(program: Program) -> None:
    ran = program("import", ".")
    assert (ran.code, ran.err) == (
        1,
        "access-ledger: . is a folder; name a file of fact lines, or - for stdin\n",
    )
