"""Packs of whole books: a log that holds one book alone, and any question about it."""

from collections.abc import Sequence
from typing import Any

from domain.entry import Entry as LedgerEntry
from evidence.checkpoints import Checkpoint, sign_checkpoint
from evidence.deriving import derive
from evidence.merkle import inclusion_proof, leaf_hash, root_of
from evidence.packs import Proven
from evidence.questions import Question
from evidence.statements import Statement
from tests.evidence.books import Whole, stored
from tests.evidence.packs import LOG_KEY, ORIGIN, note_of, parts
from tests.evidence.shared import stored_over


def pack_of(written: Sequence[LedgerEntry], whole: Whole, question: Question, **more: Any) -> bytes:
    """The pack for a question about a book."""
    leaves = [stored(entry) for entry in written]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    root = root_of(hashes)
    claimed = whole.statement(question)
    fields = {name: getattr(claimed, name) for name in Statement.__slots__}
    statement = Statement(**{**fields, "origin": ORIGIN, "root": root})
    entries = whole.gathered(question, statement)
    in_tree = stored_over(hashes)
    return parts(
        question=question.as_json(),
        answer=derive(question, entries, statement),
        entries=[
            Proven(leaves[at], at, inclusion_proof(at, len(leaves), in_tree))
            for at in (entry.number - 1 for entry in entries)
        ],
        checkpoint=sign_checkpoint(Checkpoint(ORIGIN, len(leaves), root), LOG_KEY),
        statement=note_of(statement),
        **more,
    ).packed()
