"""Items of an answer as flat rows: text that is complete for programs, short columns for people."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cli.output import Column, Record, Sheet
from domain.instants import format_instant, parse_instant
from projections.answers import (
    AnomalyView,
    AssetRef,
    Change,
    EntryView,
    Episode,
    Holding,
    ListedEntry,
    OffboardedWindow,
    Ownership,
    TimelineEntry,
    Window,
)

_WINDOW = ("from", "from_earliest", "to", "to_earliest", "opened_by", "closed_by", "cause")
HOLDING_FIELDS = (
    "asset", "asset_name", "owner", "partner", "partner_name", "level", "tasks", "planned_end",
    "certainty", "access", *_WINDOW,
)  # fmt: skip
OWNERSHIP_FIELDS = ("asset", "asset_name", "owner", "detail", "certainty", *_WINDOW)
EPISODE_FIELDS = ("owner", "partner", "partner_name", "removed_by", "certainty", *_WINDOW)
ENTRY_FIELDS = (
    "entry", "position", "recorded_at", "recorded_by", "event", "id", "effective_at",
    "effective_after", "asset", "owner", "to_owner", "partner", "tasks", "target", "status",
    "voided_by", "why", "reason",
)  # fmt: skip
ANOMALY_FIELDS = ("entry", "why", "blocked_by")
CHANGE_FIELDS = (
    "kind", "asset", "asset_name", "owner", "partner", "partner_name", "level_before",
    "level_after", "tasks_before", "tasks_after", "certainty_before", "certainty_after", "entries",
)  # fmt: skip


def text(value: object) -> str:
    """A value as programs read it; what is not there is empty."""
    if value is None:
        return ""
    return format_instant(value) if isinstance(value, datetime) else str(value)


def short(moment: str) -> str:
    """A canonical moment without the microseconds, where they are zero."""
    return moment.removesuffix(".000000Z") + "Z" if moment.endswith(".000000Z") else moment


def asset_text(asset: AssetRef) -> str:
    """An asset as it is written at the terminal."""
    return f"{asset.type}:{asset.id}"


def _window(window: Window) -> Record:
    values = (
        window.from_, window.from_earliest, window.to, window.to_earliest, window.opened_by,
        window.closed_by, window.cause,
    )  # fmt: skip
    return dict(zip(_WINDOW, map(text, values), strict=True))


def holding_record(holding: Holding) -> Record:
    """One window of access."""
    return {
        "asset": asset_text(holding.asset),
        "asset_name": text(holding.asset.name),
        "owner": holding.owner,
        "partner": holding.partner,
        "partner_name": text(holding.partner_name),
        "level": holding.level,
        "tasks": ",".join(holding.tasks),
        "planned_end": text(holding.planned_end),
        "certainty": holding.certainty,
        "access": holding.access,
        **_window(holding.window),
    }


def ownership_record(ownership: Ownership) -> Record:
    """One span of ownership."""
    return {
        "asset": asset_text(ownership.asset),
        "asset_name": text(ownership.asset.name),
        "owner": text(ownership.owner),
        "detail": ownership.detail,
        "certainty": ownership.certainty,
        **_window(ownership.window),
    }


def episode_record(episode: Episode) -> Record:
    """One partnership."""
    return {
        "owner": episode.owner,
        "partner": episode.partner,
        "partner_name": text(episode.partner_name),
        "removed_by": text(episode.removed_by),
        "certainty": episode.certainty,
        **_window(episode.window),
    }


def entry_record(entry: EntryView) -> Record:
    """One entry, with what became of it where that is known."""
    event = entry.event
    asset, tasks = event.get("asset"), event.get("tasks")
    record = {
        "entry": text(entry.number),
        "recorded_at": text(entry.recorded_at),
        "recorded_by": entry.recorded_by,
        "event": text(event.get("type")).partition("/")[0],
        "asset": f"{asset['type']}:{asset['id']}" if isinstance(asset, dict) else "",
        "tasks": ",".join(map(str, tasks)) if isinstance(tasks, list | tuple) else "",
        "target": text(event.get("entry") or event.get("replaces")),
    }
    for name in ("id", "effective_at", "effective_after", "owner", "to_owner", "partner", "reason"):
        record[name] = text(event.get(name))
    if isinstance(entry, ListedEntry):
        record["position"] = text(entry.position)
    if isinstance(entry, TimelineEntry):
        record |= {
            "status": entry.status,
            "voided_by": text(entry.voided_by),
            "why": text(entry.why),
        }
    return record


def change_record(change: Change) -> Record:
    """One line of the matrix that differs."""
    one = (change.after or change.before)[0]
    sides = {"before": change.before, "after": change.after}
    return {
        "kind": change.kind,
        "asset": asset_text(one.asset),
        "asset_name": text(one.asset.name),
        "owner": one.owner,
        "partner": one.partner,
        "partner_name": text(one.partner_name),
        **{f"level_{side}": " or ".join(h.level for h in held) for side, held in sides.items()},
        **{
            f"tasks_{side}": " or ".join(",".join(h.tasks) for h in held)
            for side, held in sides.items()
        },
        **{
            f"certainty_{side}": " or ".join(h.certainty for h in held)
            for side, held in sides.items()
        },
        "entries": ",".join(map(str, change.entries)),
    }


# --- columns for people


def named(record: Record, what: str) -> str:
    """A name above its id; the id alone where there is no name."""
    name, key = record.get(f"{what}_name", ""), record[what]
    return f"{name}\n{key}" if name else key


def just_before(moment: str) -> str:
    """The last moment at which the old state was certain."""
    return short(format_instant(parse_instant(moment) - timedelta(microseconds=1)))


def _end(record: Record) -> str:
    return _edge(record, "to") if record["to"] else "open"


def _start(record: Record) -> str:
    return _edge(record, "from")


def _edge(record: Record, name: str) -> str:
    """The moment; where it lies between two looks, both of them."""
    moment, earliest = record[name], record[f"{name}_earliest"]
    if moment == earliest:
        return short(moment)
    return f"{short(moment)}\nor before, after\n{just_before(earliest)}"


def _span(record: Record) -> str:
    if not record["to"]:
        return f"{_start(record)}\nopen"
    cause = record["cause"].replace("_", " ")
    return f"{_start(record)}\nto {_end(record)}\n{cause}".rstrip()


def _granted(record: Record) -> str:
    tasks = record["tasks"].replace(",", ", ")
    return _stacked(record["level"].replace("_", " "), tasks)


def _entries(record: Record) -> str:
    return record["opened_by"] + (f", {record['closed_by']}" if record["closed_by"] else "")


ASSET: Column = ("asset", lambda r: named(r, "asset"))
PARTNER: Column = ("partner", lambda r: named(r, "partner"))
OWNER: Column = ("owner", lambda r: r["owner"] or f"nobody known ({r.get('detail', '')})")
LEVEL: Column = ("level", lambda r: r["level"].replace("_", " "))
GRANTED: Column = ("level and tasks", _granted)
CERTAINTY: Column = ("certainty", lambda r: r["certainty"])
SPAN: tuple[Column, ...] = (("from, to", _span), ("entries", _entries))


def plain(*names: str) -> tuple[Column, ...]:
    """Columns that show a field as it is, moments shortened."""

    def column(name: str) -> Column:
        return (name.replace("_", " "), lambda record: short(record.get(name, "")))

    return tuple(column(name) for name in names)


# --- sheets


def holdings_sheet(
    holdings: Sequence[Holding], columns: tuple[Column, ...], title: str | None = None
) -> Sheet:
    """Windows of access."""
    records = [holding_record(holding) for holding in holdings]
    return Sheet("access", holdings, HOLDING_FIELDS, records, columns, title)


def offboarded_sheet(name: str, title: str, windows: Sequence[OffboardedWindow]) -> Sheet:
    """Windows of access with how late they ended."""
    records = [
        {
            **holding_record(item.holding),
            "planned_end_at": text(item.planned_end_at),
            "days_late": text(item.days_late),
        }
        for item in windows
    ]
    span: tuple[Column, ...] = (
        (("since", _start), ("entry", lambda r: r["opened_by"]))
        if name == "still_open"
        else (("ended", _end), ("entry", lambda r: r["closed_by"]))
    )
    columns = (ASSET, LEVEL, *span, ("planned", lambda r: r["planned_end"]), ("days late", _late))
    fields = (*HOLDING_FIELDS, "planned_end_at", "days_late")
    return Sheet(name, windows, fields, records, columns, title)


def _side(record: Record, side: str) -> str:
    if not record[f"level_{side}"]:
        return "no access recorded"
    possible = "possible" if "possible" in record[f"certainty_{side}"] else ""
    tasks = record[f"tasks_{side}"].replace(",", ", ")
    return _stacked(record[f"level_{side}"].replace("_", " "), tasks, possible)


def _late(record: Record) -> str:
    if not record["days_late"]:
        return ""
    days = float(record["days_late"])
    if days < 0 and not record["to"]:
        return "not due"
    return f"{days:.1f}"


def ownerships_sheet(
    ownerships: Sequence[Ownership], title: str | None = None, name: str = "ownership"
) -> Sheet:
    """Spans of ownership."""
    records = [ownership_record(item) for item in ownerships]
    columns = (ASSET, OWNER, *plain("detail"), CERTAINTY, *SPAN)
    return Sheet(name, ownerships, OWNERSHIP_FIELDS, records, columns, title)


def episodes_sheet(episodes: Sequence[Episode], title: str) -> Sheet:
    """Partnerships."""
    records = [episode_record(item) for item in episodes]
    columns = (*plain("owner"), PARTNER, *SPAN, *plain("removed_by"))
    return Sheet("partnership", episodes, EPISODE_FIELDS, records, columns, title)


def entries_sheet(entries: Sequence[EntryView], title: str | None = None) -> Sheet:
    """Entries of the book."""
    columns: tuple[Column, ...] = (
        ("entry", lambda r: r["entry"]),
        ("event", lambda r: _stacked(r["event"], r.get("status", "").replace("_", " "))),
        ("effective; recorded, by", _moments),
        ("about", _about),
    )
    records = [entry_record(entry) for entry in entries]
    return Sheet("entry", entries, ENTRY_FIELDS, records, columns, title)


def _moments(record: Record) -> str:
    effective = short(record["effective_at"]) or "no moment of its own"
    return f"{effective}\n{short(record['recorded_at'])}\n{record['recorded_by']}"


def _about(record: Record) -> str:
    target = f"entry {record['target']}" if record["target"] else ""
    partner = f"partner {record['partner']}" if record["partner"] else ""
    return _stacked(record["asset"], partner, target, record.get("why") or record["reason"])


def _stacked(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def anomalies_sheet(anomalies: Sequence[AnomalyView]) -> Sheet:
    """Entries without effect."""
    records = [
        {"entry": text(item.entry), "why": item.why, "blocked_by": text(item.blocked_by)}
        for item in anomalies
    ]
    return Sheet("anomaly", anomalies, ANOMALY_FIELDS, records, plain(*ANOMALY_FIELDS))


def changes_sheet(changes: Sequence[Change]) -> Sheet:
    """Lines of the matrix that differ."""
    records = [change_record(change) for change in changes]
    columns: tuple[Column, ...] = (
        ("change", lambda r: r["kind"]), ASSET, PARTNER,
        ("before", lambda r: _side(r, "before")), ("after", lambda r: _side(r, "after")),
        ("entries", lambda r: r["entries"].replace(",", ", ")),
    )  # fmt: skip
    return Sheet("change", changes, CHANGE_FIELDS, records, columns)
