"""The one place that reads the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """This machine's clock, in UTC, to the microsecond."""
    return datetime.now(UTC)
