"""Completeness: whether entries are exactly those that bear on a question, none left out.

For each subject that the answer rests on, the walk goes from its newest entry, which the statement
names, down through `touches` to the first. Entries after `known_at` are part of the walk and not
of the answer. One kind of entry bears on a question without touching its subjects: one that is
replaced by an entry which shares its moment with another, since it says which of the two is first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from evidence.entries import ACCESS_EVENTS, OWNERSHIP_EVENTS, Entry, asset_of, pair_of, subjects
from evidence.errors import Incomplete
from evidence.instants import microseconds
from evidence.questions import Question
from evidence.shapes import shown
from evidence.statements import Statement


def subjects_needed(question: Question, entries: Iterable[Entry], statement: Statement) -> set[str]:
    """The subjects that the answer rests on, as far as the entries and the statement show them.

    Whoever gathers the entries asks again when the chains of these have brought new entries.
    """
    pairs = {(owner, question.partner or "") for owner in statement.owners}
    if question.asset is not None:
        asset = ":".join(question.asset)
        if question.kind == "line":
            found = {s for pair in pairs for s in _subjects_of_line(pair, question.asset)}
            return found | {f"ownership:{asset}"}
        if question.kind == "owner":
            return {f"ownership:{asset}"}
        found = {f"asset:{asset}"}
        found |= {f"episode:{':'.join(pair)}" for pair in _pairs_on(entries, question.asset)}
        return found
    if question.partner is None:
        return set()
    assets = {
        asset_of(entry.event)
        for entry in entries
        if entry.type in ACCESS_EVENTS and pair_of(entry.event) in pairs
    }
    if question.kind == "offboard":
        assets |= set(statement.owned)
    found = {f"partner:{':'.join(pair)}" for pair in pairs}
    return found | {f"ownership:{':'.join(asset)}" for asset in assets}


def _subjects_of_line(pair: tuple[str, str], asset: tuple[str, str]) -> tuple[str, str]:
    return (f"episode:{':'.join(pair)}", f"line:{':'.join((*pair, *asset))}")


def _pairs_on(entries: Iterable[Entry], asset: tuple[str, str]) -> set[tuple[str, str]]:
    return {
        pair_of(entry.event)
        for entry in entries
        if entry.type in ACCESS_EVENTS and asset_of(entry.event) == asset
    }


def bearing(question: Question, entries: Sequence[Entry], statement: Statement) -> list[Entry]:
    """Those of the entries that touch a subject which the answer rests on."""
    if question.kind == "matrix":
        return list(entries)
    needed = subjects_needed(question, entries, statement)
    return [entry for entry in entries if not needed.isdisjoint(entry.touches)]


def replaced_needed(question: Question, entries: Sequence[Entry], statement: Statement) -> set[int]:
    """The entries that say where others stand, whether or not they touch a needed subject.

    An entry stands where the one stood that it replaces. That matters only where two entries have
    one effective time; then what is replaced is needed, and what that one replaces in turn.
    """
    read = [e for e in bearing(question, entries, statement) if e.number <= question.known_at]
    read = [entry for entry in read if not entry.is_void]
    moments = Counter(entry.effective_at for entry in read)
    by_number = {entry.number: entry for entry in entries}
    found: set[int] = set()
    for entry in read:
        number = entry.replaces if moments[entry.effective_at] > 1 else 0
        while number and number not in found:
            found.add(number)
            replaced = by_number.get(number)
            number = 0 if replaced is None or replaced.is_void else replaced.replaces
    return found


def check_complete(question: Question, entries: Sequence[Entry], statement: Statement) -> None:
    """Raise Incomplete unless the entries are exactly those that the question needs."""
    if (question.book, question.known_at) != (statement.book, statement.known_at):
        raise Incomplete(
            f"the statement is about book {statement.book} as known at entry "
            f"{statement.known_at}, and the question about book {question.book} as known at entry "
            f"{question.known_at}"
        )
    _check_claims(question, statement)
    _check_order(question.book, entries)
    _check_known_at(entries, statement)
    by_number = {entry.number: entry for entry in entries}
    if question.kind == "matrix":
        _check_whole(entries, question.known_at)
        _check_touches(entries, by_number)
        _check_steps(entries)
        _check_named(set(), statement)
        return
    needed = subjects_needed(question, entries, statement)
    _check_named(needed, statement)
    touching = _touching(needed, entries)
    in_chains: set[int] = set()
    for subject in sorted(needed):
        in_chains |= _check_chain(subject, touching[subject], by_number, statement)
    _check_owned(question, entries, statement)
    _check_touches([entry for entry in entries if entry.number in in_chains], by_number)
    _check_others(question, entries, statement, in_chains)


def _check_claims(question: Question, statement: Statement) -> None:
    """What only a question about a partner asks the signer to claim."""
    if statement.owners and question.partner is None:
        raise Incomplete("the statement names owners, and the question is about no partner")
    if statement.owned and question.kind != "offboard":
        raise Incomplete("the statement names owned assets, and the question asks for none")


def _check_order(book: str, entries: Sequence[Entry]) -> None:
    before: Entry | None = None
    for entry in entries:
        if entry.book != book:
            raise Incomplete(f"entry {entry.number} is one of book {entry.book}, not of {book}")
        if before is not None and entry.number <= before.number:
            raise Incomplete(f"entry {entry.number} comes after entry {before.number}")
        if before is not None and entry.recorded < before.recorded:
            raise Incomplete(
                f"entry {entry.number} was recorded before entry {before.number}, which is older"
            )
        before = entry


def _check_known_at(entries: Sequence[Entry], statement: Statement) -> None:
    """No entry shows that the append which was the newest one known ended elsewhere, or then."""
    known = statement.known_at
    recorded = microseconds(statement.recorded_at)
    for entry in entries:
        at = entry.recorded
        if entry.number == known and at != recorded:
            raise Incomplete(
                f"entry {known} was recorded at {entry.recorded_at}, "
                f"and the statement says {statement.recorded_at}"
            )
        if recorded is not None and entry.number < known and at > recorded:
            raise Incomplete(
                f"entry {entry.number} was recorded at {entry.recorded_at}, after the moment that "
                f"the statement gives to the later entry {known}"
            )
        if recorded is not None and entry.number > known and at <= recorded:
            raise Incomplete(
                f"entry {entry.number} was recorded at {entry.recorded_at}, so entry {known} is "
                "not the end of what was known then"
            )


def _check_whole(entries: Sequence[Entry], known_at: int) -> None:
    for number, entry in enumerate(entries, start=1):
        if number > known_at:
            raise Incomplete(f"entry {entry.number} does not bear on the question")
        if entry.number != number:
            raise Incomplete(f"entry {number} of the book is missing")
    if len(entries) < known_at:
        raise Incomplete(f"entry {len(entries) + 1} of the book is missing")


def _check_steps(entries: Sequence[Entry]) -> None:
    """Where all entries are there, `touches` is known."""
    newest: dict[str, int] = {}
    for entry in entries:
        for subject, before in entry.touches.items():
            if newest.get(subject, 0) != before:
                raise Incomplete(
                    f"entry {entry.number} says that entry {before} touched {subject} before it, "
                    f"and that was entry {newest.get(subject, 0)}"
                )
            newest[subject] = entry.number


def _check_named(needed: set[str], statement: Statement) -> None:
    """The statement names the newest entry of each subject needed, and of no other."""
    if missing := sorted(needed - statement.newest.keys()):
        raise Incomplete(f"the statement does not name the newest entry of {missing[0]}")
    if beyond := sorted(statement.newest.keys() - needed):
        raise Incomplete(f"the statement names {beyond[0]}, which the question does not need")


def _touching(needed: set[str], entries: Iterable[Entry]) -> Mapping[str, list[int]]:
    """The entries that touch each of these subjects: a partner may have thousands of them."""
    found: dict[str, list[int]] = {subject: [] for subject in needed}
    for entry in entries:
        for subject in entry.touches.keys() & needed:
            found[subject].append(entry.number)
    return found


def _check_chain(
    subject: str, touching: Iterable[int], by_number: Mapping[int, Entry], statement: Statement
) -> set[int]:
    """The numbers of a subject's entries, from the newest down to the first."""
    found: set[int] = set()
    number, above = statement.newest[subject], 0
    while number:
        entry = by_number.get(number)
        told = f"entry {above}" if above else "the statement"
        if entry is None:
            raise Incomplete(f"entry {number}, by which {told} goes on in {subject}, is missing")
        if subject not in entry.touches:
            raise Incomplete(f"entry {number}, by which {told} goes on in {subject}, is not of it")
        found.add(number)
        before = entry.touches[subject]
        if before >= number:
            raise Incomplete(f"entry {number} goes on in {subject} to entry {before}: not backward")
        number, above = before, number
    for number in touching:
        if number not in found:
            raise Incomplete(f"entry {number} touches {subject} and is not in its chain")
    return found


def _check_owned(question: Question, entries: Sequence[Entry], statement: Statement) -> None:
    """What the signer claims of a partner stands in entries; that it is all cannot be shown."""
    for owner in statement.owners:
        pair = (owner, question.partner or "")
        of_pair = (
            (f"partner:{':'.join(pair)}",)
            if question.asset is None
            else _subjects_of_line(pair, question.asset)
        )
        if not any(statement.newest[subject] for subject in of_pair):
            raise Incomplete(f"the statement names the owner {owner}, of whom there is no entry")
    named = {
        asset_of(entry.event)
        for entry in entries
        if entry.type in OWNERSHIP_EVENTS
        and question.partner in {entry.event["owner"], entry.event.get("to_owner")}
    }
    for asset in statement.owned:
        if asset not in named:
            raise Incomplete(
                f"the statement says that {question.partner} was recorded as the owner of "
                f"{':'.join(asset)}, and no entry does"
            )


def _check_touches(entries: Iterable[Entry], by_number: Mapping[int, Entry]) -> None:
    """An entry touches the subjects of its event; a void those of the entry that it voids."""
    for entry in entries:
        wanted = set(subjects(entry.event))
        if entry.is_void:
            voided = by_number.get(entry.voids)
            if voided is None or voided.number >= entry.number:
                raise Incomplete(
                    f"entry {entry.voids}, which entry {entry.number} voids, is missing"
                )
            wanted = set(voided.touches)
        if wrong := sorted(wanted.symmetric_difference(entry.touches)):
            does = "touches" if wrong[0] in entry.touches else "does not touch"
            raise Incomplete(
                f"entry {entry.number} {does} {shown(wrong[0])}, against what its event says"
            )


def _check_others(
    question: Question, entries: Sequence[Entry], statement: Statement, in_chains: set[int]
) -> None:
    """Beside the chains there is what says where an entry stands, and nothing else."""
    wanted = replaced_needed(question, entries, statement)
    present = {entry.number for entry in entries}
    if missing := sorted(wanted - present):
        raise Incomplete(
            f"entry {missing[0]} is missing, which another replaces that shares its moment: "
            "without it their order is open"
        )
    if beyond := sorted(present - in_chains - wanted):
        raise Incomplete(f"entry {beyond[0]} does not bear on the question")
    others = [e for e in entries if e.number not in in_chains and not e.is_void]
    _check_touches(others, {})
