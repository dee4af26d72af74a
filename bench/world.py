"""A generated world: many books of Zipf-like sizes, the largest with a tenth of all entries."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

START = datetime(2015, 1, 1, tzinfo=UTC)
TASKS = (["ADVERTISE", "ANALYZE"], ["ANALYZE"], ["ADVERTISE", "ANALYZE", "MANAGE"])
SHARE_OF_LARGEST = 0.1


@dataclass(slots=True)
class _Book:
    owner: str
    size: int
    chance: random.Random
    written: int = 0
    assets: list[str] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    held: dict[tuple[str, str], None] = field(default_factory=dict)

    def next_fact(self) -> dict[str, object]:
        """A fact that applies to the book as it stands."""
        self.written += 1
        base = {"owner": self.owner, "id": f"{self.owner}-{self.written}"}
        if len(self.assets) <= self.written // 12:
            self.assets.append(str(10**14 + len(self.assets)))
            return {**base, "fact": "ownership-established", "asset": self.asset(self.assets[-1])}
        if len(self.partners) <= self.written // 250:
            self.partners.append(str(8 * 10**14 + len(self.partners)))
            return {**base, "fact": "partner-added", "partner": self.partners[-1]}
        line = (self.chance.choice(self.partners), self.chance.choice(self.assets))
        access = {**base, "partner": line[0], "asset": self.asset(line[1])}
        if line not in self.held:
            self.held[line] = None
            return {**access, "fact": "access-granted", "tasks": self.chance.choice(TASKS)}
        if self.chance.random() < 0.3:
            return {**access, "fact": "access-changed", "tasks": self.chance.choice(TASKS)}
        del self.held[line]
        return {**access, "fact": "access-revoked"}

    @staticmethod
    def asset(asset_id: str) -> dict[str, str]:
        return {"type": "page", "id": asset_id, "name": f"Page {asset_id[-6:]}"}


def sizes(entries: int) -> list[int]:
    """Book sizes that fall like 1/rank from a tenth of all entries until these are used up."""
    largest = int(entries * SHARE_OF_LARGEST)
    found, rank = [], 1
    while entries > 0:
        size = max(20, min(entries, largest // rank))
        found.append(size)
        entries -= size
        rank += 1
    return found


def fact_lines(entries: int, *, seed: int = 1) -> Iterator[bytes]:
    """That many fact lines in the order of time, the books mixed as their sizes have it."""
    chance = random.Random(seed)
    books = [
        _Book(str(5 * 10**14 + n), size, random.Random(seed + n))
        for n, size in enumerate(sizes(entries))
    ]
    order = [n for n, book in enumerate(books) for _ in range(book.size)]
    chance.shuffle(order)
    step = timedelta(days=3650) / max(entries, 1)
    for nth, n in enumerate(order):
        fact = books[n].next_fact()
        fact["effective_at"] = (START + nth * step).isoformat(timespec="microseconds")
        fact["source"] = {"kind": "imported", "reference": "generated"}
        yield orjson.dumps(fact)


def book_of_rank(rank: int) -> str:
    """The owner of the book of that rank by size, from 1."""
    return str(5 * 10**14 + rank - 1)
