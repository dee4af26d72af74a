"""The routers of the API: where its routes are, and what is asked of every request to them."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends

from api.doors import authenticated
from api.parameters import only_known
from api.plans import KeyedRoute, PlannedRoute


def open_router(**more: Any) -> APIRouter:
    """A router whose routes ask for no key."""
    return APIRouter(route_class=PlannedRoute, dependencies=[Depends(only_known)], **more)


def keyed_router(
    tag: str, *dependencies: Any, responses: Mapping[int | str, dict[str, Any]] | None = None
) -> APIRouter:
    """A router under /v1, where every route begins with the key that knocks."""
    return APIRouter(
        prefix="/v1",
        tags=[tag],
        route_class=KeyedRoute,
        dependencies=[Depends(authenticated), Depends(only_known), *dependencies],
        responses=dict(responses or {}),
    )
