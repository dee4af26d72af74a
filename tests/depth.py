"""How much a test tries: all that is promised in `make test-long`, a quarter for every change."""

import os

LONG = os.environ.get("ACCESS_LEDGER_TEST_LONG") == "1"
SHARE = 4


def tries(promised: int) -> int:
    """How many examples, instants or rounds to try, of those that are promised."""
    return promised if LONG else max(1, promised // SHARE)
