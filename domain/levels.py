"""The level rule: from an asset's type and a partner's tasks to the words that people use."""

from functools import lru_cache
from typing import Literal

Level = Literal["full_control", "partial", "none", "unspecified"]

LEVEL_RULE = "2026.1"
"""The version of this rule; every answer that holds a level names it."""

# Each set alone is enough for full control.
_FULL_CONTROL: dict[str, tuple[frozenset[str], ...]] = {
    "page": (
        frozenset({"MANAGE"}),  # documented by Meta
        frozenset({"PROFILE_PLUS_FULL_CONTROL"}),  # our assumption for the new Pages experience
    ),
    "ad_account": (frozenset({"MANAGE"}),),  # documented: also billing and permissions
    "dataset": (frozenset({"EDIT"}),),  # documented
    "catalog": (frozenset({"MANAGE"}),),  # documented
    "instagram_account": (  # our assumption: all five
        frozenset({"ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "MESSAGES"}),
    ),
    "whatsapp_account": (frozenset({"MANAGE"}),),  # our assumption
    "offline_event_set": (frozenset({"MANAGE"}),),  # our assumption
}


@lru_cache(maxsize=4096)
def level(asset_type: str, tasks: tuple[str, ...]) -> Level:
    """The level that these tasks amount to on an asset of this type, by `LEVEL_RULE`.

    An app has no tasks for partners, so its level is always ``unspecified``. A type that the rule
    does not know never has full control: ``partial`` if there are tasks.
    """
    if asset_type == "app":
        return "unspecified"
    if not tasks:
        return "none"
    held = set(tasks)
    if any(enough <= held for enough in _FULL_CONTROL.get(asset_type, ())):
        return "full_control"
    return "partial"
