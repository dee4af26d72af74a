"""What proof costs: sealing, an inclusion proof, and a pack made and checked."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

from bench.world import book_of_rank
from bootstrap.services import open_services
from bootstrap.settings import Settings
from evidence.verifying import verify_pack
from ledger.keyring import create_keyring
from projections.packing import Wanted

Row = tuple[str, str]
TIMES = 200


def proofs(settings: Settings) -> Iterator[Row]:
    """Leaves a second, and milliseconds of a proof and of packs about one asset each."""
    if settings.log_key_file:
        create_keyring(settings.log_key_file)
    chance = random.Random(11)
    book = book_of_rank(1)
    with open_services(settings) as services:
        start = time.perf_counter()
        size = services.log.extend()
        sealing = size / (time.perf_counter() - start)
        block = b"x" * 600
        start = time.perf_counter()
        for _ in range(100_000):
            sha256(block).digest()
        hashing = 100_000 / (time.perf_counter() - start)
        yield (
            "sealing, leaves",
            f"{sealing:,.0f}/s; {sealing / hashing:.2f} of hashing 600 bytes alone",
        )
        services.log.seal()
        yield _row(
            "an inclusion proof",
            lambda: services.log.inclusion_of_leaf(chance.randrange(size), size),
        )
        keys = services.log.keyring().verifiers
        owned = services.questions.ownership_at(book).ownerships
        assets = [(own.asset.type, own.asset.id) for own in owned]
        made: list[bytes] = []

        def make() -> None:
            wanted = Wanted(kind="who", book=book, asset=chance.choice(assets))
            made.append(services.packer.pack(wanted))

        yield _row("a pack for one asset, made", make)
        packs = iter(made)
        yield _row("a pack for one asset, checked", lambda: verify_pack(next(packs), keys))


def _row(name: str, run: Callable[[], object]) -> Row:
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
    return name, f"p50 {p50 * 1000:8.3f} ms, p99 {p99 * 1000:8.3f} ms"
