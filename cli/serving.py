"""Serving the API, and the one admin key that a ledger without keys begins with."""

import ipaddress
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import uvicorn
from cyclopts import Parameter

from bootstrap.logs import structured_log
from bootstrap.services import open_services
from bootstrap.settings import Settings
from cli.connections import config_for
from cli.failures import Exit, Failed, complain
from cli.signals import on_sigterm
from ledger.store_errors import StoreError


def serve(
    *,
    host: Annotated[
        str | None, Parameter(help="The address to bind to; ACCESS_LEDGER_HOST.")
    ] = None,
    port: Annotated[int | None, Parameter(help="The port; ACCESS_LEDGER_PORT.")] = None,
) -> int:
    """Serve the API until interrupted; a ledger without keys is given one admin key, printed."""
    settings = Settings()
    address = host or settings.host
    wanted = settings.port if port is None else port
    run(settings, address, wanted, before=lambda _: first_key(settings))
    return Exit.OK


def first_key(settings: Settings) -> None:
    """Print an admin key where there was never a key; of several servers one does so.

    A PostgreSQL database that does not answer yet is served all the same, once it does.
    """
    try:
        with open_services(settings) as services:
            made = services.keys.create_first()
    except StoreError as error:
        if not settings.database_url:
            raise
        complain(
            f"whether there is a key could not be looked up: {error}. If there is none, make one "
            "then: access-ledger keys create NAME --role admin"
        )
        return
    if made:
        key, secret = made
        print(f"the first admin key, {key.name}; keep it, it is not shown again:\n{secret}")
        sys.stdout.flush()


def application(settings: Settings) -> Any:
    """The API. The doors do not know each other: it is looked up by name, as uvicorn would do."""
    return import_module("api.app").create_app(settings)


def run(settings: Settings, host: str, port: int, *, before: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `before` is called with the address that is bound."""
    with bound(host, port) as listener:
        structured_log()
        config = config_for(settings, application(settings))
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        before(address)
        print(f"serving on {address}/v1, stop with Ctrl-C", file=sys.stderr, flush=True)
        if not _is_loopback(listener):
            complain(
                "keys and answers travel unencrypted on the way to this address; have a proxy that "
                "speaks TLS in front of it"
            )
        try:
            with on_sigterm():
                uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


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
