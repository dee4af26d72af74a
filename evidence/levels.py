"""The level rule: what the tasks that a partner holds on an asset amount to.

Full control is what the rule lists; any other tasks are partial; no tasks are none; and an app has
no tasks for partners, so that nothing can be said.
"""

from collections.abc import Iterable

LEVEL_RULE = "2026.1"
"""The version of the rule; every answer names the one it was given by."""

_ALONE_ENOUGH = {
    "page": {"MANAGE", "PROFILE_PLUS_FULL_CONTROL"},
    "ad_account": {"MANAGE"},
    "dataset": {"EDIT"},
    "catalog": {"MANAGE"},
    "whatsapp_account": {"MANAGE"},
    "offline_event_set": {"MANAGE"},
}
_TOGETHER_ENOUGH = {
    "instagram_account": {"ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "MESSAGES"},
}


def level_of(asset_type: str, tasks: Iterable[str]) -> str:
    """``full_control``, ``partial``, ``none`` or ``unspecified``."""
    held = set(tasks)
    if asset_type == "app":
        return "unspecified"
    if not held:
        return "none"
    together = _TOGETHER_ENOUGH.get(asset_type)
    if held & _ALONE_ENOUGH.get(asset_type, set()) or (together and together <= held):
        return "full_control"
    return "partial"
