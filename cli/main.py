"""The program `access-ledger`: its commands, and how each run ends."""

from collections.abc import Sequence

from cyclopts import App

from cli.failures import guarded

COMMANDS = {
    "Running": {
        "cli.demo": ["demo"],
        "cli.serving": ["serve"],
        "cli.worker": ["worker"],
        "cli.keys": ["keys"],
        "cli.operating": ["migrate", "doctor", "backup", "rebuild"],
    },
    "Recording": {"cli.recording": ["import_", "record"], "cli.exporting": ["export"]},
    "Asking": {
        "cli.asking": [
            "who", "what", "matrix", "owner", "timeline", "diff", "offboard", "entries", "anomalies"
        ]
    },
    "Proof": {"cli.proving": ["evidence", "verify", "log"]},
}  # fmt: skip
"""What of each module is a command, by the group that its help stands in."""


def program() -> App:
    """The commands; the module of one is imported when it is asked for."""
    app = App(
        name="access-ledger",
        help="Which partner could do what on which Meta asset at any moment, as known at any "
        "moment.",
        version="0.1.0",
        version_flags=["--version"],
    )
    for group, modules in COMMANDS.items():
        for module, names in modules.items():
            for name in names:
                app.command(f"{module}:{name}", group=group)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; messages go to stderr."""
    return guarded(lambda: _run(program(), list(arguments)))


def _run(app: App, arguments: list[str]) -> int | None:
    if not arguments or arguments[0].startswith("-") or arguments[0] not in app:
        app.resolved_commands()  # help tells of each, and a misspelled one is held to each
    answer: int | None = app(
        arguments, exit_on_error=False, print_error=False, result_action="return_value"
    )
    return answer
