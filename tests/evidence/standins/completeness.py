"""Completeness: no entry of a chain that the answer rests on was left out."""

from collections.abc import Sequence

from evidence.entries import Entry
from evidence.errors import VerificationError
from evidence.questions import Question
from evidence.statements import Statement


class EntryMissing(VerificationError):
    """An entry that the answer rests on is not in the pack."""


def check_complete(question: Question, entries: Sequence[Entry], statement: Statement) -> None:
    """Walk each chain from its newest entry to its first."""
    held = {entry.number: entry for entry in entries}
    for subject, newest in statement.newest.items():
        number = newest
        while number:
            if number not in held or subject not in held[number].touches:
                raise EntryMissing(f"entry {number} of {subject} is missing from the pack")
            number = held[number].touches[subject]
    if statement.known_at != question.known_at:
        raise EntryMissing("the statement is about another state of knowledge than the question")
