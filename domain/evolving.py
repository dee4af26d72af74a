"""The state of a book, one entry further: where an event goes, and which tails it leaves."""

from bisect import insort
from typing import NamedTuple

from domain.entry import Entry
from domain.events import AnyEffective, EntryVoided
from domain.folding import access_objection, read_episodes, read_ownership
from domain.state import AssetHistory, BookState, History, LineHistory, PairHistory, tail_after
from domain.windows import Anomaly, Placed


class Arrival(NamedTuple):
    """An event that comes last and has effect: its history, and its place there."""

    home: History
    placed: Placed


def evolve(state: BookState, entry: Entry, arrival: Arrival | None = None) -> BookState:
    """The state with one more entry. Every entry is accepted: the past is not judged.

    `arrival` is what judging found of this very entry on this very state, not to be found again.
    """
    if entry.number != state.newest + 1:
        raise ValueError(f"entry {entry.number} does not follow entry {state.newest}")
    event = entry.event
    if isinstance(event, EntryVoided):
        _void(state, entry.number, event.entry)
    else:
        _insert(state, event, entry.number, arrival)
    state.newest = entry.number
    state.newest_recorded_at = entry.recorded_at
    return state


def _insert(state: BookState, event: AnyEffective, number: int, arrival: Arrival | None) -> None:
    if arrival:
        home, placed = arrival
        _register(state, home)
        home.tail = tail_after(placed)
        home.events.append(placed)
    else:
        home, placed = state.history_of(event), state.placed(event, number)
        _register(state, home)
        in_order = comes_last(placed, home)
        if in_order and home.tail is not None:
            home.tail = _tail_with(state, home, placed)
        insort(home.events, placed)
        if not in_order:
            _distrust(state, home)
    if isinstance(home, LineHistory):
        for around in (home.pair, home.asset):
            around.latest_access = max(around.latest_access or placed, placed)
    state.homes.append(home)
    _touch(home, number)


def _register(state: BookState, home: History) -> None:
    """Put a history into the book if it is new."""
    match home:
        case PairHistory():
            state.pairs.setdefault(home.key, home)
        case AssetHistory():
            state.assets.setdefault(home.key, home)
        case LineHistory():
            key = (*home.pair.key, *home.asset.key)
            if key not in state.lines:
                state.pairs.setdefault(home.pair.key, home.pair)
                state.assets.setdefault(home.asset.key, home.asset)
                home.pair.lines.append(key)
                home.asset.lines.append(key)
                state.lines[key] = home


def comes_last(placed: Placed, home: History) -> bool:
    """Whether the event comes after all that it could bear on, or that could bear on it."""
    if home.events and placed < home.events[-1]:
        return False
    if isinstance(home, LineHistory):
        return not any(
            around.events and placed < around.events[-1] for around in (home.pair, home.asset)
        )
    return home.latest_access is None or home.latest_access < placed


def _tail_with(state: BookState, home: History, placed: Placed) -> tuple[Placed, ...] | None:
    """The tail of a history after an event that comes last."""
    anomaly = anomaly_at_tail(state, home, placed)
    return (home.tail or ()) if anomaly else tail_after(placed)


def anomaly_at_tail(state: BookState, home: History, placed: Placed) -> Anomaly | None:
    """Why an event that comes last would have no effect, from the tails alone."""
    found: list[Anomaly]
    match home:
        case PairHistory():
            found = read_episodes((*state.pair_tail(home), placed)).anomalies
        case AssetHistory():
            found = read_ownership((*state.asset_tail(home), placed)).anomalies
        case LineHistory():
            (episode,) = state.pair_tail(home.pair) or (None,)
            (holder,) = state.asset_tail(home.asset) or (None,)
            (opened,) = state.line_tail(home) or (None,)
            # What opened the window did so after the others, or the window closed with them.
            is_open = (
                opened is not None
                and episode is not None
                and holder is not None
                and max(episode, holder) < opened
                and holder.owner == home.owner
            )
            open_by = opened.number if opened and is_open else 0
            return access_objection(placed, home.owner, episode, holder, open_by)
    return found[-1] if found else None


def _void(state: BookState, number: int, target: int) -> None:
    home = state.homes[target - 1]
    state.voids.add(number, target)
    state.homes.append(home)
    _distrust(state, home)
    _touch(home, number)


def _distrust(state: BookState, home: History) -> None:
    """Have the tails that this history bears on read again."""
    home.tail = None
    if not isinstance(home, LineHistory):
        for line in state.lines_of(home):
            line.tail = None


def _touch(home: History, number: int) -> None:
    match home:
        case PairHistory():
            home.episode_touched = home.partner_touched = number
        case AssetHistory():
            home.ownership_touched = home.asset_touched = number
        case LineHistory():
            home.touched = home.pair.partner_touched = home.asset.asset_touched = number
