"""Proof at the terminal: packs for the other side, checking them, the log's keys, checkpoints."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from bootstrap import clock
from bootstrap.services import key_file
from bootstrap.settings import Settings
from cli.failures import Exit, Failed, Usage, complain
from cli.options import asset_key, chosen_book, opened, partner_id
from cli.times import as_of, period
from evidence.__main__ import check
from evidence.errors import VerificationError
from evidence.notes import MAX_NOTE_BYTES, read_note
from ledger.checkpoints import held_checkpoint
from ledger.keyring import KeysMissing, create_keyring, rotate_keyring
from ledger.self_check import check_and_note
from projections.packing import Wanted

Kind = Literal["who", "what", "line", "owner", "matrix", "offboard", "timeline"]


def evidence(
    question: Annotated[Kind, Parameter(help="The question that the pack answers.")],
    subject: Annotated[
        str | None, Parameter(help="The asset (TYPE:ID) or partner; none for the matrix.")
    ] = None,
    /,
    *,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="The file to write; it must not exist yet.")
    ],
    book: Annotated[str | None, Parameter(help="The book to ask: a portfolio id.")] = None,
    partner: Annotated[
        str | None,
        Parameter(help="For line: the partner whose access to the asset is asked about."),
    ] = None,
    at: Annotated[str | None, Parameter(help="The moment asked about; now by default.")] = None,
    known_at: Annotated[
        str | None, Parameter(help="As known at a moment or an entry number; now by default.")
    ] = None,
    during: Annotated[
        str | None, Parameter(help="A period FROM/TO, for who, what and line.")
    ] = None,
    since: Annotated[
        Path | None,
        Parameter(help="A checkpoint that the other side holds: the pack proves what grew since."),
    ] = None,
) -> int:
    """Write a pack: an answer with everything that proves it, to be checked by anybody."""
    now = clock.now()
    kind, asset, about = _subject(question, subject)
    if (partner is not None) is not (question == "line"):
        raise Usage(
            "line is about one partner's access to one asset: evidence line "
            "page:104857600219483 --partner 563920174410288"
            if question == "line"
            else f"--partner is for line alone; {question} is asked of {subject or 'the book'}"
        )
    _require_free(output)
    note = _read("--since", since) if since else None
    with opened(existing=True) as (settings, services):
        held = None if note is None else held_checkpoint(note, services.log.keyring())
        pack = services.packer.pack(
            Wanted(
                kind=kind,
                book=chosen_book(book, settings, services),
                asset=asset,
                partner=partner_id(partner) if partner else about,
                as_of=as_of(at, known_at, now),
                during=period(during, now) if during else None,
            ),
            since=held,
        )
        keys = services.log.keyring()
    _write(output, pack)
    print(f"{output}: {len(pack)} bytes, signed by {keys.origin}")
    print(f"to check it: access-ledger verify {output} --key KEYS")
    print("where KEYS is what access-ledger log key show prints; hand it over by another way")
    return Exit.OK


def _require_free(output: Path) -> None:
    """Raise Failed before any work where the pack could not be written."""
    if output.exists():
        raise Failed(f"{output} is there already; give another name with -o")
    if not output.parent.is_dir():
        raise Failed(f"there is no folder {output.parent}; make it, or give another name with -o")


def _write(output: Path, pack: bytes) -> None:
    """Put the pack there whole or not at all, and never over another file.

    Under its own name at once: a memory stick has no links to give a finished file its name by.
    """
    try:
        with output.open("xb") as file, _gone_unless_whole(output):
            file.write(pack)
            file.flush()
    except FileExistsError:
        raise Failed(f"{output} is there already; give another name with -o") from None
    except OSError as error:
        why = f"{output} cannot be written: {error.strerror}; nothing was left there"
        raise Failed(why) from error


@contextmanager
def _gone_unless_whole(output: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _subject(question: Kind, subject: str | None) -> tuple[str, tuple[str, str] | None, str | None]:
    """The kind of question that a pack knows, and what it is about."""
    if question == "matrix":
        if subject is not None:
            raise Usage(f"the matrix is about the whole book; leave {subject!r} out")
        return question, None, None
    if subject is None:
        raise Usage(f"say about what: evidence {question} page:104857600219483, or a partner's id")
    if question == "timeline":
        of_asset = ":" in subject
        kind = "asset-timeline" if of_asset else "partner-timeline"
    else:
        of_asset, kind = question in {"who", "owner", "line"}, question
    return (kind, asset_key(subject), None) if of_asset else (kind, None, partner_id(subject))


def verify(
    pack: Annotated[Path | None, Parameter(help="A pack; without one, this ledger itself.")] = None,
    /,
    *,
    key: Annotated[
        Path | None, Parameter(help="The verifier keys, from a place that you trust.")
    ] = None,
    since: Annotated[
        Path | None, Parameter(help="With a pack: a checkpoint of the ledger that you hold.")
    ] = None,
    against: Annotated[
        Path | None, Parameter(help="Without a pack: a checkpoint kept elsewhere.")
    ] = None,
) -> int:
    """Check a pack; or hash every entry of this ledger again and hold it to its checkpoints."""
    if pack is not None:
        if against is not None:
            raise Usage("--against is for the ledger itself; with a pack give --since")
        return check(pack, key=key, since=since, program="access-ledger verify")
    if key is not None or since is not None:
        raise Usage("--key and --since are for a pack; name the pack to check")
    held = _read("--against", against) if against else None
    with opened(existing=True) as (_, services):
        keyring = services.log.keyring()
        kept = None if held is None else held_checkpoint(held, keyring)
        done = check_and_note(
            services.log, services.database, clock.now, against=kept.checkpoint if kept else None
        )
    grown = f"; the log extends the checkpoint over {kept.checkpoint.size} entries" if kept else ""
    if kept is None and done.entries and not done.checkpoints:
        complain(
            "there was no checkpoint to hold the entries to: they are signed as they are now; if "
            "this ledger was sealed before, its checkpoints were taken out, and only one that was "
            "kept elsewhere shows more: access-ledger verify --against FILE"
        )
    elif kept is None:
        complain(
            "without --against this shows only that the ledger agrees with itself; keep what "
            "access-ledger log checkpoint prints where the ledger is not, and give it the next time"
        )
    newer = done.entries - done.sealed
    found = f"all {done.entries} entries are as they were sealed"
    if newer:
        found = f"{done.sealed} entries are as they were sealed (newer, and sealed now: {newer})"
    print(f"{found}; checkpoints of {keyring.origin} held: {done.checkpoints}{grown}")
    return Exit.OK


def checkpoint() -> int:
    """Sign and print a checkpoint over every entry; keep it where the ledger is not."""
    with opened(existing=True) as (_, services):
        print(services.log.seal().note.decode(), end="")
    return Exit.OK


def show_keys() -> int:
    """Print the verifier keys, current and former: what the other side is given."""
    with opened(existing=True) as (_, services):
        print(services.log.keyring().public_text, end="")
    return Exit.OK


def create_key(
    path: Path,
    /,
    *,
    if_missing: Annotated[
        bool, Parameter(help="Keep the file that is there already, and say nothing.")
    ] = False,
) -> int:
    """Make a secret file of signing keys, for ACCESS_LEDGER_LOG_KEY_FILE."""
    if path.exists():
        if if_missing:
            return Exit.OK
        raise Failed(f"{path} is there already; signing keys are never overwritten")
    print(create_keyring(path).public_text, end="")
    return Exit.OK


def rotate_key() -> int:
    """Replace the signing keys; what the old ones signed is verified by them for ever."""
    path = key_file(Settings())
    if path is None:
        raise KeysMissing(None)
    with opened(existing=True) as (_, services):
        services.log.seal()  # the last one of the old key
        rotate_keyring(path)
        services.log.seal()
        print(services.log.keyring().public_text, end="")
    complain("give these keys to whoever checks packs: the new ones sign from now on")
    return Exit.OK


def rebuild_tree() -> int:
    """Make the tree anew from the entries; it must fit the newest checkpoint."""
    with opened(existing=True) as (_, services):
        print(f"the tree is made anew over {services.log.rebuild()} entries")
    return Exit.OK


def _read(option: str, path: Path) -> bytes:
    """A checkpoint that is held. Raises Failed and Usage, naming the option and the file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_NOTE_BYTES + 1)
        read_note(data)
    except OSError as error:
        raise Failed(f"{option} {path} cannot be read: {error.strerror}") from None
    except VerificationError as error:
        raise Usage(
            f"{option} {path} is no checkpoint ({error}); give what access-ledger log checkpoint "
            "printed"
        ) from None
    return data


log = App(name="log", help="The signed log over all entries: checkpoint and keys.")
log.command(checkpoint)
log.command(rebuild_tree, name="rebuild")
_key = App(name="key", help="The keys that sign checkpoints and packs.")
_key.command(show_keys, name="show")
_key.command(rotate_key, name="rotate")
_key.command(create_key, name="create")
log.command(_key)
