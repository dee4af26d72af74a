"""Serving the API: on loopback, unless it is said aloud that there are no keys."""

import ipaddress
import socket
import sys
from importlib import import_module
from typing import Annotated, Any

import uvicorn
from cyclopts import App, Parameter

from bootstrap.logs import for_libraries, structured_log
from bootstrap.settings import Settings
from cli.failures import Exit, Failed, Usage
from cli.signals import on_sigterm


def serve(
    *,
    host: Annotated[
        str | None, Parameter(help="The address to bind to; ACCESS_LEDGER_HOST.")
    ] = None,
    port: Annotated[int | None, Parameter(help="The port; ACCESS_LEDGER_PORT.")] = None,
    without_keys: Annotated[
        bool,
        Parameter(help="Bind to an address that others reach, though nobody is asked for a key."),
    ] = False,
) -> int:
    """Serve the API until interrupted."""
    settings = Settings()
    address = host or settings.host
    if not is_loopback(address):
        if not without_keys:
            raise Usage(
                f"{address} can be reached from other machines, and there are no keys yet: whoever "
                "reaches it can read and record; bind to 127.0.0.1, or give --without-keys if "
                "something else guards it"
            )
        print(
            f"warning: serving on {address} without keys; "
            "whoever reaches this address can read and record",
            file=sys.stderr,
        )
    run(settings, address, settings.port if port is None else port)
    return Exit.OK


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def application(settings: Settings) -> Any:
    """The API. The doors do not know each other: it is looked up by name, as uvicorn would do."""
    return import_module("api.app").create_app(settings)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    with bound(host, port) as listener:
        structured_log()
        config = uvicorn.Config(
            application(settings),
            log_config=for_libraries(),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
        print(f"serving on http://{_shown(host)}:{listener.getsockname()[1]}/v1, stop with Ctrl-C",
              file=sys.stderr, flush=True)  # fmt: skip
        try:
            with on_sigterm():
                uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at the address. Raises Failed where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that name TCP: without it each answer
    # would wait 40 ms for the acknowledgement of its headers.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise Failed(
            f"cannot serve on {host}:{port}: {reason}; "
            "stop what uses the port, or give another with --port"
        ) from None
    return listener


def add_to(app: App) -> None:
    """Make serving a command of the program."""
    app.command(serve, group="Running")
