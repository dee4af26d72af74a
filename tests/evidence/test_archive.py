"""The archive of a pack has one form: every other ZIP is refused, each with its own reason."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import archive
from evidence.archive import (
    MEMBERS,
    OPTIONAL,
    ArchiveChanged,
    ArchiveCutOff,
    ArchiveTooLarge,
    BytesAfterEnd,
    CompressedMember,
    ForeignMember,
    MissingMember,
    NotAnArchive,
    WrongOrder,
    read_archive,
    write_archive,
)
from evidence.errors import VerificationError
from tests.evidence.shared import flipped

CONTENT = {name: f"what {name} holds\n".encode() for name in MEMBERS}
NEEDED = {name: content for name, content in CONTENT.items() if name not in OPTIONAL}
GOOD = write_archive(CONTENT)


def _zipped(
    members: list[tuple[str, bytes]], change: Callable[[zipfile.ZipInfo], None] = lambda _: None
) -> bytes:
    """An archive by Python's zipfile, in our form but for what is changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archived:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            change(info)
            archived.writestr(info, content)
    return made.getvalue()


@pytest.mark.parametrize("members", [CONTENT, NEEDED, {**NEEDED, "entries.jsonl": b""}])
def test_what_is_written_is_read(members: dict[str, bytes]) -> None:
    """With all members or the needed ones only, and with an empty one."""
    assert read_archive(write_archive(members)) == members
    assert list(read_archive(write_archive(members))) == [n for n in MEMBERS if n in members]


def test_the_order_in_which_members_are_given_does_not_matter() -> None:
    """There is one archive of the same members."""
    assert write_archive(dict(reversed(CONTENT.items()))) == GOOD


def test_other_programs_open_it(tmp_path: Path) -> None:
    """Python's zipfile, which also writes the same bytes when told to."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENT
    assert _zipped(list(CONTENT.items())) == GOOD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date_time", (2026, 1, 2, 3, 4, 6)),
        ("external_attr", 0o100600 << 16),
        ("internal_attr", 1),
        ("comment", b"for you"),
        ("extra", b"\x99\x99\x00\x00"),
        ("create_system", 0),
        ("create_version", 45),
        ("extract_version", 45),
    ],
)
def test_the_same_members_in_another_form_are_refused(field: str, value: object) -> None:
    """Dates, attributes, comments, extra fields and versions have one value each."""
    other = _zipped(list(CONTENT.items()), lambda info: setattr(info, field, value))
    with pytest.raises(ArchiveChanged, match="is not the one that its members make"):
        read_archive(other)


def test_compressed_members_are_refused_unread() -> None:
    """A megabyte of zeros in a kilobyte, under a name that is known."""

    def compress(info: zipfile.ZipInfo) -> None:
        info.compress_type = zipfile.ZIP_DEFLATED

    bomb = _zipped([("README.txt", b"read me"), ("question.json", bytes(2**20))], compress)
    assert len(bomb) < 3000
    with pytest.raises(CompressedMember, match=r"README.txt is compressed; a pack holds its"):
        read_archive(bomb)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("C:\\boot.ini", "C:\\\\boot.ini"),
        ("readme.txt", "readme.txt"),
        ("entries.jsonl/", "entries.jsonl/"),
        ("", ""),
        ("ä", "\\\\xc3\\\\xa4"),
    ],
)
def test_no_other_name_is_followed(name: str, shown: str) -> None:
    """However it is written."""
    with pytest.raises(ForeignMember) as refused:
        read_archive(_zipped([("README.txt", b""), (name, b"")]))
    assert str(refused.value) == f"the archive holds '{shown}', which is no member of a pack"


def test_members_out_of_order_are_refused() -> None:
    """Swapped, or one of them twice."""
    swapped = [*CONTENT.items()]
    swapped[2:4] = swapped[3], swapped[2]
    with pytest.raises(WrongOrder, match=r"holds question.json behind answer.json, where it does"):
        read_archive(_zipped(swapped))
    twice = [*CONTENT.items()]
    twice.insert(3, twice[3])
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        pytest.raises(WrongOrder, match=r"the archive holds answer.json twice"),
    ):
        read_archive(_zipped(twice))


@pytest.mark.parametrize("name", NEEDED)
def test_each_needed_member_is_missed(name: str) -> None:
    """By its name."""
    members = [(other, content) for other, content in CONTENT.items() if other != name]
    with pytest.raises(MissingMember, match=f"^the archive does not hold {name}$"):
        read_archive(_zipped(members))
    with pytest.raises(ValueError, match="a pack cannot have just the members"):
        write_archive(dict(members))


def test_an_archive_that_is_cut_off_is_refused_at_every_length() -> None:
    """And said to be cut off wherever a header or content was begun."""
    for length in range(len(GOOD)):
        with pytest.raises((ArchiveCutOff, NotAnArchive, MissingMember)):
            read_archive(GOOD[:length])
    with pytest.raises(ArchiveCutOff, match="is cut off in its directory; copy the file again"):
        read_archive(GOOD[:-1])


@pytest.mark.parametrize("more", [b"\n", bytes(22), GOOD])
def test_bytes_around_the_archive_are_refused(more: bytes) -> None:
    """Behind it, also a second archive, and before it, where other readers would not mind."""
    with pytest.raises(BytesAfterEnd, match=f"^{len(more)} bytes stand behind the end of"):
        read_archive(GOOD + more)
    if more != GOOD:
        with pytest.raises(NotAnArchive):
            read_archive(more + GOOD)


def test_an_archive_within_a_member_does_not_take_its_place() -> None:
    """What is read is what the headers say from the start on, never what is found by searching."""
    members = {**CONTENT, "answer.json": write_archive(NEEDED)}
    assert read_archive(write_archive(members)) == members


def test_every_flipped_bit_is_refused() -> None:
    """And a directory that names another size or place too."""
    for bit in range(len(GOOD) * 8):
        with pytest.raises(VerificationError):
            read_archive(flipped(GOOD, bit))


def test_what_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways, at one byte more than the limit."""
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", len(GOOD) - 1)
    with pytest.raises(ArchiveTooLarge, match="which is the most that a pack may be"):
        read_archive(GOOD)
    with pytest.raises(ArchiveTooLarge):
        write_archive(CONTENT)
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", len(GOOD))
    assert write_archive(read_archive(GOOD)) == GOOD


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x1f\x8b\x08", b"{}"])
def test_other_files_are_no_archives(data: bytes) -> None:
    """Also not the empty archive of ZIP."""
    with pytest.raises(NotAnArchive, match="it does not begin as a ZIP archive"):
        read_archive(data)
