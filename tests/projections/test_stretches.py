"""A stretch of access: windows that follow one another by changes."""

from bootstrap.services import Services
from domain.instants import Microseconds, from_microseconds, to_microseconds
from projections.moments import AsOf
from tests.histories import OWNER, add, change, grant, moment, own

HOUR: Microseconds = 3_600_000_000


def test_changes_of_one_moment_are_a_stretch_whatever_their_numbers(services: Services) -> None:
    """A replaced change stands before one with a lower number; there was access all the time."""
    bounded = {"at": 6, "after": 3}
    facts = (
        add("A", at=1),
        own("page1", at=1),
        grant("A", "page1", "ANALYZE", at=2),
        change("A", "page1", "ADVERTISE", id="first", **bounded),  # type: ignore[arg-type]
        change("A", "page1", "MANAGE", id="second", **bounded),  # type: ignore[arg-type]
        change("A", "page1", "ADVERTISE", "ANALYZE", id="third", replaces="first", **bounded),  # type: ignore[arg-type]
    )
    for fact in facts:
        services.books.handle(OWNER, [fact], recorded_by="test")
    inside = from_microseconds(to_microseconds(moment(5)) + HOUR)
    answer = services.questions.who_had_access(OWNER, ("page", "50001"), AsOf(at=inside))
    assert [holder.window.opened_by for holder in answer.holders] == [3, 5, 7]
    assert {holder.certainty for holder in answer.holders} == {"possible"}
    assert {holder.access for holder in answer.holders} == {"certain"}
