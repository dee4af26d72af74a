"""Who asks."""

import ipaddress

from fastapi import Request

OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""What proxies add to a request that they pass on."""


def caller_of(request: Request) -> str:
    """The id of the key that the request came with, empty where it came without one."""
    key = getattr(request.state, "key", None)
    return "" if key is None else str(key.id)


def is_local(request: Request) -> bool:
    """Whether the client is on this machine, and no proxy on it speaks for another."""
    if request.client is None or any(name in request.headers for name in OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
