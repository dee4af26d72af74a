"""The program with a clock that is off by as many seconds as a file says at the moment."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bootstrap import clock


def main() -> None:
    """Put the clock in before anything takes the true one."""
    offset = Path(os.environ["FAULTS_OFFSET_FILE"])

    def off() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(offset.read_text()))

    clock.now = off
    from cli.main import run  # noqa: PLC0415 - from here on everybody gets the clock above

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
