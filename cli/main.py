"""The program `access-ledger`: its commands, and how each run ends."""

from collections.abc import Sequence

from cyclopts import App

from cli import asking, demo, exporting, keys, operating, proving, recording, serving, worker
from cli.failures import guarded

app = App(
    name="access-ledger",
    help="Which partner could do what on which Meta asset at any moment, as known at any moment.",
    version="0.1.0",
    version_flags=["--version"],
)
for room in (demo, serving, worker, keys, operating, recording, exporting, asking, proving):
    room.add_to(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; messages go to stderr."""
    return guarded(
        lambda: app(
            list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
    )
