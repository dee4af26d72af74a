"""Who asks."""

from fastapi import Request


def caller_of(request: Request) -> str:
    """The id of the key that the request came with, empty where it came without one."""
    key = getattr(request.state, "key", None)
    return "" if key is None else str(key.id)
