"""The times of keys: a ratio with its spread for every kind of key that opens nothing."""

import re

from bench.keys import WRONG, lookups, told
from bootstrap.settings import Settings


def test_every_kind_of_wrong_key_is_told_as_a_ratio_with_its_spread(settings: Settings) -> None:
    """In process and over HTTP, on either database; one round says nothing of the times."""
    rows = list(lookups(settings, rounds=2, turns=2))
    assert len(rows) == 2 * (2 + len(WRONG))
    for name, value in rows:
        ratio = r"[0-9.]+; half of 2 rounds [0-9.]+ to [0-9.]+, all [0-9.]+ to [0-9.]+"
        assert re.fullmatch(ratio if name.startswith(" ") else r"[0-9.]+ microseconds", value)


def test_a_difference_would_be_read_from_it() -> None:
    """The ratios are of rounds, so what slows a whole round down is no difference."""
    rounds = [1.0, 4.0, 2.0, 1.0]
    alike = dict.fromkeys((*WRONG, "a good key", "an unknown key"), rounds)
    slow = {**alike, "a revoked key": [2 * seconds for seconds in rounds]}
    rows = dict(told("here", slow))
    assert rows["  an expired key, to an unknown key"].startswith("1.000; half of 4 rounds 1.000")
    assert rows["  a revoked key, to an unknown key"].endswith("all 2.000 to 2.000")
