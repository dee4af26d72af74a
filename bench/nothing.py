"""A route of FastAPI that does nothing, behind our server: ``python -m bench.nothing PORT``.

What it answers in a second is what machine, server and FastAPI cost alone.
"""

import sys

import uvicorn
from fastapi import FastAPI

from bootstrap.settings import Settings
from cli.connections import config_for
from cli.serving import bound

app = FastAPI()


@app.get("/")
async def nothing() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


if __name__ == "__main__":
    with bound("127.0.0.1", int(sys.argv[1])) as listener:
        uvicorn.Server(config_for(Settings(), app)).run(sockets=[listener])
