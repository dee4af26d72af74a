"""How much a test tries that has much to try: all of it in `make test-long`, else a quarter."""

import os

LONG = os.environ.get("ACCESS_LEDGER_TEST_LONG") == "1"
SHARE = 4


def tries(long: int) -> int:
    """How many examples, instants, moments or packs to try, of so many in a long run."""
    return long if LONG else max(1, long // SHARE)
