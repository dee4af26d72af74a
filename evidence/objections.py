"""Why an event has no effect: the sentences that timelines show."""

from evidence.entries import Entry, asset_of
from evidence.instants import instant

_MIDNIGHT = "T00:00:00.000000Z"


def already_a_partner(entry: Entry, blocker: int) -> str:
    """The pair's episode is open."""
    return f"{_partner(entry)} is already a partner of {_owner(entry)} {_on(entry, blocker)}"


def not_a_partner(entry: Entry) -> str:
    """The pair has no open episode."""
    return f"{_partner(entry)} is not a partner of {_owner(entry)} {_on(entry)}"


def already_the_owner(entry: Entry, blocker: int) -> str:
    """The asset has this owner."""
    return f"{_owner(entry)} is already the owner of {_asset(entry)} {_on(entry, blocker)}"


def not_the_owner(entry: Entry, actual: str | None, blocker: int) -> str:
    """The asset has another owner, or none that is known."""
    if actual is None:
        return f"{_owner(entry)} is not known to own {_asset(entry)} {_on(entry)}"
    by = f"{actual} is (entry {blocker})"
    return f"{_owner(entry)} is not the owner of {_asset(entry)} {_on(entry)}: {by}"


def access_already_held(entry: Entry, blocker: int) -> str:
    """The window is open."""
    return f"{_partner(entry)} already holds access to {_asset(entry)} {_on(entry, blocker)}"


def access_not_held(entry: Entry) -> str:
    """There is no window to change or close."""
    return f"{_partner(entry)} holds no access to {_asset(entry)} from {_owner(entry)} {_on(entry)}"


def _owner(entry: Entry) -> str:
    return f"{entry.event['owner']}"


def _partner(entry: Entry) -> str:
    return f"{entry.event['partner']}"


def _asset(entry: Entry) -> str:
    return ":".join(asset_of(entry.event))


def _on(entry: Entry, blocker: int = 0) -> str:
    """The effective time, short where it is a midnight, and the entry that stands in the way."""
    text = instant(entry.effective_at)
    return f"on {text.removesuffix(_MIDNIGHT)}{f' (entry {blocker})' if blocker else ''}"
