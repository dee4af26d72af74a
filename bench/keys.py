"""How long it takes to look a key up: good ones, and every kind of bad one, which must be alike."""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress

from bootstrap.services import open_services
from bootstrap.settings import Settings
from keys.key import NewKey, NotAuthenticated, Role

OTHERS = 1_000
ROUNDS = 3_000


def lookups(settings: Settings) -> Iterator[tuple[str, str]]:
    """The medians of many turns, in an order that changes, among a thousand other keys."""
    books = frozenset({"506914307656634"})
    with open_services(settings) as services:
        made = [
            services.keys.create(NewKey(name=f"bench-{nth}", role=Role.READER, books=books))[1]
            for nth in range(OTHERS)
        ]
        good, of_revoked = made[:2]
        services.keys.revoke("bench-1")
        secrets = {
            "a good key": good,
            "an unknown key": "al_live_" + "A" * 43,
            "a key with one character wrong": good[:-2] + ("A" if good[-2] != "A" else "B") + "A",
            "a revoked key": of_revoked,
            "no key": "",
        }
        taken: dict[str, list[int]] = {name: [] for name in secrets}
        for _ in range(ROUNDS):
            for name, secret in random.sample(list(secrets.items()), len(secrets)):
                start = time.perf_counter_ns()
                with suppress(NotAuthenticated):
                    services.keys.authenticate(secret)
                taken[name].append(time.perf_counter_ns() - start)
    for name, times in taken.items():
        yield f"looking up {name}", f"{statistics.median(times) / 1000:.1f} microseconds"
