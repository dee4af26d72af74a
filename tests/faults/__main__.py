"""``make faults``: every fault, long; or those that are named, or all of them short."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.faults import clock_back, cut, damaged, disk_full, kill, mixed, restart

FAULTS = {
    module.__name__.rpartition(".")[2]: module.run
    for module in (kill, restart, cut, disk_full, clock_back, mixed, damaged)
}


def main() -> int:
    """Run them, and print facts acknowledged and facts found."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FAULTS))
    parser.add_argument("--short", action="store_true", help="a few seconds each")
    wanted = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("ACCESS_LEDGER_")]:
        if not name.startswith("ACCESS_LEDGER_TEST_"):
            del os.environ[name]  # the settings of whoever runs this are not the faults'
    sound = True
    for name in wanted.names or FAULTS:
        with tempfile.TemporaryDirectory(prefix="al-faults-") as folder:
            for report in FAULTS[name](Path(folder), long=not wanted.short):
                print(report, flush=True)
                sound &= report.sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
