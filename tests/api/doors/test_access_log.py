"""The access log of a book tells its owner who looked, and of no other book."""

from keys.key import Role
from tests.api.doors.table import ROWS, Target
from tests.api.doors.world import A, B, World


def test_the_access_log_of_a_book_tells_its_owner_who_looked(world: World) -> None:
    """Partners, auditors, packs and changes of keys; not what the owner's own keys read."""
    about = ROWS["GET /v1/portfolios/{book}/partners"]
    for role in Role:
        world.ask(about, Target(A), world.keys[role, "a"])
    log = ROWS["GET /v1/portfolios/{book}/access-log"]
    answer = world.ask(log, Target(A), world.keys[Role.READER, "a"], query="?limit=2").json()
    seen = [(record["role"], record["action"], record["detail"]) for record in answer["records"]]
    path = f"/v1/portfolios/{A}/partners"
    assert seen == [("auditor", "asked", path), ("partner", "asked", path)]
    theirs = world.ask(log, Target(B), world.keys[Role.READER, "b"], query="?limit=1000")
    assert path not in theirs.text
    assert A not in theirs.text
