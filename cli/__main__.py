"""``python -m cli`` is the same as ``access-ledger``."""

from cli.main import main

main()
