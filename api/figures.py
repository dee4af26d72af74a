"""The figures that Prometheus reads: counted in this process, and asked of the store."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bootstrap import clock
from bootstrap.services import Services
from domain.instants import parse_instant
from ledger.figures import log_figures
from ledger.store_errors import StoreError

REQUESTS = Histogram(
    "access_ledger_request_seconds",
    "How long requests took, by route and status.",
    ["method", "route", "status"],
)
REFUSALS = Counter(
    "access_ledger_refusals", "Appends that were refused, by the kind of refusal.", ["kind"]
)
FAILED_VERIFICATIONS = Counter(
    "access_ledger_failed_verifications",
    "Requests that met an entry, a tree or a checkpoint that is not as it was sealed.",
)


class _Store(Collector):
    """The figures that every process agrees on, since the store has them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What the store says now, or only that it does not answer."""
        try:
            figures = dict(_stored(self._services))
        except StoreError:
            yield _gauge("store_up", "Whether the store answers (1) or not (0).", 0)
            return
        yield _gauge("store_up", "Whether the store answers (1) or not (0).", 1)
        for (name, says), value in figures.items():
            yield _gauge(name, says, value)


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"access_ledger_{name}", says, value=value)


def _stored(services: Services) -> Iterator[tuple[tuple[str, str], float]]:
    newest, projected, fits = services.projector.progress()
    yield ("newest_position", "The position of the newest entry."), newest
    yield ("projection_lag", "Positions that the read model is behind."), max(0, newest - projected)
    yield (
        ("projection_fits", "Whether the entries it was made from are there (1) or not (0)."),
        fits,
    )
    found = log_figures(services.database)
    if found is None:
        return
    yield ("entries", "Entries in the ledger."), found.entries
    yield ("checkpoint_entries", "Entries under the newest checkpoint."), found.sealed
    if found.sealed_at:
        age = clock.now() - parse_instant(found.sealed_at)
        yield ("checkpoint_age_seconds", "Since the newest checkpoint."), age.total_seconds()
    if found.checked_at:
        checked = parse_instant(found.checked_at).timestamp()
        yield ("last_check_timestamp_seconds", "When the log was last checked."), checked
        yield ("last_check_failed", "Whether it then was not as sealed (1)."), bool(found.problem)


def exposition(services: Services) -> bytes:
    """All figures, in Prometheus's text format."""
    store = CollectorRegistry()
    store.register(_Store(services))
    return generate_latest(REGISTRY) + generate_latest(store)
