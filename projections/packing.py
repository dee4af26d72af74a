"""Packing: an answer, the entries that bear on it, and their proofs to one checkpoint."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson

import evidence
from domain.instants import FAR, format_instant
from evidence.archive import MAX_ARCHIVE_BYTES, ArchiveTooLarge
from evidence.canonical import Json
from evidence.errors import VerificationError
from evidence.merkle import HASH_BYTES
from evidence.notes import MAX_NOTE_BYTES, sign
from evidence.packs import Proven, Since, build_pack
from evidence.questions import Question
from evidence.statements import Statement
from evidence.verifying import verify_pack
from ledger.book import Books, Clock
from ledger.checkpoints import Sealed
from ledger.database import Database, load_sql
from ledger.deadline import require_time
from ledger.keyring import Keyring
from ledger.log import Log
from projections import answers
from projections.claims import claims
from projections.gathering import Gathered, gather
from projections.moments import NOW, AsOf, BadQuestion, During, UnknownPartner
from projections.projector import Projector
from projections.questions import Questions
from projections.scope import concerns, speaks_of_others


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a pack is to prove: a kind of question, about whom or what, on both clocks."""

    kind: str
    book: str
    asset: tuple[str, str] | None = None
    partner: str | None = None
    as_of: AsOf = NOW
    during: During | None = None


class PackDiffers(Exception):
    """A pack that its receiver could not verify is not handed out."""

    def __init__(self, question: Question, error: VerificationError) -> None:
        super().__init__(
            f"no pack for {question.kind} of book {question.book} as known at entry "
            f"{question.known_at}: it would not verify ({error}); run: access-ledger verify, then "
            "access-ledger rebuild if the log is sound"
        )


class PackTooLarge(BadQuestion):
    """More bears on the answer than one pack can hold."""

    def __init__(self, question: Question, entries: int) -> None:
        super().__init__(
            f"no pack for {question.kind} of book {question.book}: {entries} entries bear on it, "
            "which are more than one pack can hold; ask about one asset, or about one partner's "
            "access to it (line)"
        )


class Packer:
    """Makes packs. Raises what the questions raise, and KeysMissing without signing keys."""

    def __init__(
        self,
        database: Database,
        books: Books,
        projector: Projector,
        questions: Questions,
        log: Log,
        clock: Clock,
    ) -> None:
        self._database = database
        self._books = books
        self._projector = projector
        self._questions = questions
        self._log = log
        self._clock = clock
        self._sql = load_sql(Path(__file__).parent / "sql", database.dialect)

    def pack(
        self, wanted: Wanted, *, since: Sealed | None = None, seen_by: str | None = None
    ) -> bytes:
        """The pack for a question; `since` is a checkpoint that the other side holds.

        With `seen_by` it is for a partner, and holds nothing that does not concern it. Packs of one
        book are made one after the other: many large ones at once would take all memory.
        """
        with self._books.locked(f"packs of {wanted.book}"):
            return self._pack(wanted, since, seen_by)

    def _pack(self, wanted: Wanted, since: Sealed | None, seen_by: str | None) -> bytes:
        _check_subject(wanted)
        if seen_by is not None:
            _require_provable_to(seen_by, wanted)
        answer = self._ask(wanted)
        question = Question(
            kind=cast("Any", wanted.kind),
            book=wanted.book,
            at=format_instant(answer.at),
            known_at=answer.known_at.entry,
            asset=wanted.asset,
            partner=wanted.partner,
            during=_texts(wanted.during) if wanted.during else None,
        )
        if seen_by is not None:
            self._require_its_asset(seen_by, question)
        sealed, gathered, statement = self._sealed(question, answer.known_at.recorded_at)
        if seen_by is not None:
            self._require_its_entries(seen_by, question, gathered)
        _require_room(question, gathered, statement)
        told: Json = orjson.loads(answer.model_dump_json(by_alias=True))
        keyring = self._log.keyring()
        try:
            pack = self._build(question, told, gathered, statement, sealed, since, keyring)
        except ArchiveTooLarge as error:
            raise PackTooLarge(question, len(gathered.stored)) from error
        require_time()
        try:  # as the other side will
            verify_pack(pack, keyring.verifiers)
        except VerificationError as error:
            raise PackDiffers(question, error) from error
        return pack

    def _build(
        self,
        question: Question,
        answer: Json,
        gathered: Gathered,
        statement: Statement,
        sealed: Sealed,
        since: Sealed | None,
        keyring: Keyring,
    ) -> bytes:
        stored = [gathered.stored[number] for number in sorted(gathered.stored)]
        size = sealed.checkpoint.size
        proofs = self._log.inclusion([position for position, _ in stored], size)
        return build_pack(
            question=question.as_json(),
            answer=answer,
            entries=[
                Proven(state, leaf, hashes)
                for (_, state), (leaf, hashes) in zip(stored, proofs, strict=True)
            ],
            checkpoint=sealed.note,
            statement=sign(str(statement), [keyring.statements]),
            statement_key=keyring.statements,
            created_at=format_instant(self._clock()),
            verify_html=verify_page(),
            since=self._since(since, size) if since else None,
        )

    def _since(self, old: Sealed, size: int) -> Since:
        """The consistency proof from a checkpoint."""
        old_size = old.checkpoint.size
        if not 0 < old_size <= size:
            raise BadQuestion(
                f"the checkpoint to prove from is over {old_size} entries and the log has {size}; "
                "there is a proof only from a smaller tree that is not empty"
            )
        return Since(old.note, self._log.consistency(old_size, size))

    # --- for a partner

    def _require_its_asset(self, partner: str, question: Question) -> None:
        """Raise BadQuestion for an asset that is none of the partner's, recorded or not."""
        if question.asset is None:
            return
        touched, known = [f"ownership:{':'.join(question.asset)}"], question.known_at
        with self._database.reading() as connection:
            if not concerns(self._sql, connection, question.book, touched, partner, known):
                raise BadQuestion(
                    f"{':'.join(question.asset)} is not known to concern partner {partner} in book "
                    f"{question.book} as known at entry {known}; ask about an asset that it was "
                    "given access to"
                )

    def _require_its_entries(self, partner: str, question: Question, gathered: Gathered) -> None:
        """Raise BadQuestion where an entry of the pack would show something of others."""
        sql, book = self._sql, question.book
        with self._database.reading() as connection:
            for number, entry in gathered.entries.items():
                is_its_own = concerns(sql, connection, book, entry.touches, partner, FAR)
                if not is_its_own or (
                    entry.is_void and speaks_of_others(sql, connection, book, number, partner, FAR)
                ):
                    raise BadQuestion(
                        f"the pack would show partner {partner} what was recorded of others, for "
                        "an entry of its own was corrected together with one of theirs; the owner "
                        f"of book {book} can hand out the pack"
                    )

    # --- the answer

    def _ask(self, wanted: Wanted) -> answers.Answer:
        ask, book, as_of = self._questions, wanted.book, wanted.as_of
        asset, partner, during = wanted.asset, wanted.partner, wanted.during
        match wanted.kind:
            case "who" if asset:
                return ask.who_had_access(book, asset, as_of, during=during)
            case "what" if partner:
                return ask.what_could(book, partner, as_of, during=during)
            case "line" if asset and partner:
                return ask.what_could_on(book, asset, partner, as_of, during=during)
        if during:
            raise BadQuestion("a period is asked for only of who, what and line; give at instead")
        match wanted.kind:
            case "owner" if asset:
                return ask.owner_at(book, asset, as_of)
            case "asset-timeline" if asset:
                return ask.asset_timeline(book, asset, as_of)
            case "partner-timeline" if partner:
                return ask.partner_timeline(book, partner, as_of)
            case "offboard" if partner:
                return ask.offboarding_report(book, partner, as_of)
            case "matrix":
                return ask.matrix_at(book, as_of)
        raise BadQuestion(f"{wanted.kind} is not a question that a pack can prove")

    # --- the entries

    def _sealed(
        self, question: Question, recorded_at: datetime | None
    ) -> tuple[Sealed, Gathered, Statement]:
        """A checkpoint, the entries that bear on the question, and what is stated of the book.

        With the book to itself in this process: its state is then not past what is sealed.
        """
        with self._books.locked(question.book):
            sealed = self._log.seal()
            self._projector.catch_up()  # so that whatever is in the tree can be found
            return sealed, *self._gather(question, sealed, recorded_at)

    def _gather(
        self, question: Question, sealed: Sealed, recorded_at: datetime | None
    ) -> tuple[Gathered, Statement]:
        """The entries of the tree that bear on the question, and what is stated of them.

        What is stated, and signed, comes from the entries as the ledger judges by them, not from
        the read model, which may be damaged: then the pack does not verify, and is not handed out.
        """
        last = self._log.position_of(sealed.checkpoint.size - 1) if sealed.checkpoint.size else 0
        gathered, state = Gathered(question.book), None
        if question.kind != "matrix":
            state = self._books.state(question.book, upto=self._newest_sealed(question.book, last))
        with self._database.reading() as connection:
            owners, owned = claims(question, state) if state else ((), ())
            statement = Statement(
                sealed.checkpoint.origin,
                sealed.checkpoint.size,
                sealed.checkpoint.root,
                question.book,
                question.known_at,
                None if recorded_at is None else format_instant(recorded_at),
                {},
                owners,
                owned,
            )
            if state is None:
                known = question.known_at
                rows = self._sql.entries_up_to(connection, book=question.book, known=known)
                gathered.keep(rows, last)
                return gathered, statement
            needed = gather(self._sql, connection, question, statement, gathered, last)
        newest = {subject: state.newest_touching(subject) for subject in needed}
        return gathered, replace(statement, newest=newest)

    def _newest_sealed(self, book: str, last: int) -> int:
        """The newest entry of the tree's; other processes may have written more meanwhile."""
        with self._database.reading() as connection:
            row = self._sql.newest_up_to_position(connection, book=book, position=last)
        return row["number"] if row else 0


MAX_STATEMENT_BYTES = MAX_NOTE_BYTES - 1_000
"""There is room for the signature in what is left."""
_TO_PARTNERS = ("what", "partner-timeline", "offboard", "line", "owner")
"""The kinds of questions whose packs need not show others."""


def _require_provable_to(partner: str, wanted: Wanted) -> None:
    """Raise UnknownPartner or BadQuestion for what is not proven to this partner."""
    if wanted.kind not in _TO_PARTNERS:
        raise BadQuestion(
            f"a pack for {wanted.kind} would show what was recorded of others; a partner is given "
            f"packs for {', '.join(_TO_PARTNERS)}"
        )
    if wanted.partner not in {None, partner}:
        raise UnknownPartner(wanted.book, wanted.partner or "")


def _check_subject(wanted: Wanted) -> None:
    """Raise BadQuestion for an asset or a partner that the kind of question is not about."""
    asks_asset = wanted.kind in {"who", "owner", "line", "asset-timeline"}
    asks_partner = wanted.kind in {"what", "line", "offboard", "partner-timeline"}
    if (wanted.asset is not None) is not asks_asset:
        raise BadQuestion(
            f"{wanted.kind} is about an asset; give asset"
            if asks_asset
            else f"{wanted.kind} is not about an asset; leave asset out"
        )
    if (wanted.partner is not None) is not asks_partner:
        raise BadQuestion(
            f"{wanted.kind} is about a partner; give partner"
            if asks_partner
            else f"{wanted.kind} is not about a partner; leave partner out"
        )


def _require_room(question: Question, gathered: Gathered, statement: Statement) -> None:
    """Raise PackTooLarge before the proofs are made, which take longest."""
    stored = sum(len(state) for _, state in gathered.stored.values())
    proofs = len(gathered.stored) * statement.size.bit_length() * HASH_BYTES
    if stored + proofs > MAX_ARCHIVE_BYTES or len(str(statement)) > MAX_STATEMENT_BYTES:
        raise PackTooLarge(question, len(gathered.stored))


def _texts(during: During) -> tuple[str, str]:
    return format_instant(during[0]), format_instant(during[1])


@cache
def verify_page() -> bytes:
    """The page that checks packs in a browser, as it is published."""
    return (Path(evidence.__file__).parent / "verify.html").read_bytes()
