"""The API without keys, limits and logs, for comparison: ``python -m bench.bare PORT BOOK``."""

import sys
from importlib import import_module

import uvicorn
from fastapi import Request

from api import doors
from bootstrap import clock
from bootstrap.settings import Settings
from cli.connections import config_for
from cli.serving import bound
from keys.key import Key, Role


def main() -> None:
    """Serve until killed; whoever asks reads the book."""
    port, book = sys.argv[1:]
    settings, books = Settings(), frozenset({book})
    anybody = Key("key_0", "bare", Role.READER, books, None, clock.now(), None, None, None)

    async def let_in(request: Request) -> None:
        request.state.key = anybody

    doors.authenticated = let_in  # type: ignore[assignment]
    # After that, since its routes are made with the door that is there.
    app = import_module("api.app").create_app(settings)
    app.user_middleware.clear()
    with bound("127.0.0.1", int(port)) as listener:
        uvicorn.Server(config_for(settings, app)).run(sockets=[listener])


if __name__ == "__main__":
    main()
