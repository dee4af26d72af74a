"""Names are answered as they were given, whatever stands in them."""

import pytest

from bootstrap.services import Services
from domain.facts import parse_fact
from tests.histories import OWNER, PORTFOLIOS

NAMES = (
    'said "so" \\ and \\u0041 / \\" more',
    "two\nlines\tand a tab",
    "\u2028\u2029\u200f\ufeff\ud7ff\ue000\uffff",
    "é and e\u0301, \U0001f600\U0010ffff",
    "</script> & <b>' -- ;",
    " ",
)
PAGE = ("page", "50001")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_answered_as_it_was_given(services: Services, name: str) -> None:
    partner, asset = PORTFOLIOS["A"], {"type": PAGE[0], "id": PAGE[1], "name": f"{name} page"}
    facts = (
        {"fact": "partner-added", "id": "1", "partner": partner, "partner_name": name},
        {"fact": "ownership-established", "id": "2", "asset": asset},
        {
            "fact": "access-granted", "id": "3", "partner": partner, "asset": asset,
            "tasks": ["ADVERTISE", '"]\\'],
        },
    )  # fmt: skip
    services.books.handle(
        OWNER, [parse_fact({"owner": OWNER, **fact}) for fact in facts], recorded_by="test"
    )
    whole = services.questions.who_had_access(OWNER, PAGE)
    for answer in (whole, services.questions.seen_by(partner).who_had_access(OWNER, PAGE)):
        [holder] = answer.holders
        assert (holder.partner_name, holder.asset.name) == (name, f"{name} page")
        assert holder.tasks == tuple(sorted(('"]\\', "ADVERTISE")))
    again = services.questions.what_could(OWNER, partner)
    assert again.holdings == whole.holders
