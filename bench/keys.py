"""How long it takes to turn a key away: unknown ones, and wrong ones of every kind.

Each kind is compared with unknown keys in rounds, within which all take turns in an order that
changes. The first ratio is of unknown keys to unknown keys: what the others differ by more than
that would be a difference. There is one in process where a key has expired, whose hash is found:
a row more is read. Whoever sends it has had its secret, and so learns nothing.
"""

import random
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection

from bench.http import served
from bootstrap import clock
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from keys.key import NewKey, NotAuthenticated, Role
from keys.store import SECRET_PREFIX

OTHERS = 1_000
OF_A_KIND = 40
ROUNDS = 21
TURNS = 150
GOOD, UNKNOWN = "a good key", "an unknown key"
WRONG = (
    "another unknown key",
    "a key with one character wrong",
    "a revoked key",
    "an expired key",
    "a malformed key",
    "no key",
)

Kinds = Mapping[str, Sequence[str]]
Medians = dict[str, list[float]]
"""Seconds by kind, the median of each round."""


def lookups(
    settings: Settings, *, rounds: int = ROUNDS, turns: int = TURNS
) -> Iterator[tuple[str, str]]:
    """In this process, and over HTTP with one connection."""
    with open_services(settings) as services:
        kinds = _kinds(services)

        def look_up(secret: str) -> None:
            with suppress(NotAuthenticated):
                services.keys.authenticate(secret)

        yield from told("in process", _timed(look_up, kinds, rounds, turns))
    unlimited = {"ACCESS_LEDGER_FAILED_KEYS_PER_MINUTE": "0", "ACCESS_LEDGER_RATE_PER_SECOND": "0"}
    with served(settings, **unlimited) as address:
        connection = HTTPConnection(address.removeprefix("http://"))

        def ask(secret: str) -> None:
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            connection.request("GET", "/v1/portfolios", headers=headers)
            connection.getresponse().read()

        yield from told("over HTTP", _timed(ask, kinds, rounds, turns))
        connection.close()


def _kinds(services: Services) -> Kinds:
    """Secrets of every kind, among a thousand other keys."""

    def made(name: str, many: int, expires_at: datetime | None = None) -> list[tuple[str, str]]:
        books = frozenset({"506914307656634"})
        new = [
            NewKey(name=f"{name}-{n}", role=Role.READER, books=books, expires_at=expires_at)
            for n in range(many)
        ]
        return [(key.id, secret) for key, secret in map(services.keys.create, new)]

    good = [secret for _, secret in made("good", OTHERS)]
    revoked = made("revoked", OF_A_KIND)
    for name, _ in revoked:
        services.keys.revoke(name)
    soon = clock.now() + timedelta(seconds=5)
    expired = made("expired", OF_A_KIND, expires_at=soon)
    while clock.now() <= soon:
        time.sleep(0.1)
    return {
        GOOD: good[:OF_A_KIND],
        UNKNOWN: _unknown(),
        "another unknown key": _unknown(),
        "a key with one character wrong": [_one_wrong(secret) for secret in good[:OF_A_KIND]],
        "a revoked key": [secret for _, secret in revoked],
        "an expired key": [secret for _, secret in expired],
        "a malformed key": [f"al_test_{n}" for n in range(OF_A_KIND)],
        "no key": [""],
    }


def _unknown() -> list[str]:
    return [SECRET_PREFIX + secrets.token_urlsafe(32) for _ in range(OF_A_KIND)]


def _one_wrong(secret: str) -> str:
    place = random.randrange(len(SECRET_PREFIX), len(secret))
    return secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]


def _timed(ask: Callable[[str], None], kinds: Kinds, rounds: int, turns: int) -> Medians:
    medians: Medians = {kind: [] for kind in kinds}
    for _ in range(rounds):
        taken: Medians = {kind: [] for kind in kinds}
        for _ in range(turns):
            for kind in random.sample(list(kinds), len(kinds)):
                secret = random.choice(kinds[kind])
                start = time.perf_counter()
                ask(secret)
                taken[kind].append(time.perf_counter() - start)
        for kind, seconds in taken.items():
            medians[kind].append(statistics.median(seconds))
    return medians


def told(where: str, medians: Medians) -> Iterator[tuple[str, str]]:
    """The rows: two times, and of each kind of wrong key the ratio with its spread."""
    for kind in (GOOD, UNKNOWN):
        yield f"{where}: {kind}", f"{statistics.median(medians[kind]) * 1e6:.1f} microseconds"
    for kind in WRONG:
        pairs = zip(medians[kind], medians[UNKNOWN], strict=True)
        ratios = sorted(wrong / unknown for wrong, unknown in pairs)
        middle, rounds = statistics.median(ratios), len(ratios)
        low, high = ratios[rounds // 4], ratios[-1 - rounds // 4]
        yield (
            f"  {kind}, to an unknown key",
            f"{middle:.3f}; half of {rounds} rounds {low:.3f} to {high:.3f}, "
            f"all {ratios[0]:.3f} to {ratios[-1]:.3f}",
        )
