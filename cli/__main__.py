"""The program `access-ledger`, which is also ``python -m cli``."""

import sys


def main() -> None:
    """Run a command; Ctrl-C leaves no trace, also while its parts are still being imported."""
    try:
        from cli.main import run  # noqa: PLC0415 - see above; and other processes need none of it
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
