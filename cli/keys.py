"""Keys at the terminal: whoever reaches the database here manages who reaches it over HTTP."""

import re
from datetime import timedelta
from typing import Annotated

from cyclopts import App, Parameter
from pydantic import BaseModel

from bootstrap import clock
from cli.failures import Exit, Usage
from cli.options import opened
from cli.output import Column, Format, Record, Sheet, View, show
from cli.records import plain, short, text
from cli.times import instant
from keys.answers import KeyList, KeyView, NewSecret
from keys.key import NewKey, Role

FIELDS = (
    "id", "name", "role", "books", "partner", "created_at", "expires_at", "revoked_at",
    "last_used_at",
)  # fmt: skip
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

FormatOption = Annotated[
    Format | None, Parameter(help="A table on a terminal and TSV in a pipe by default.")
]
Wanted = Annotated[str, Parameter(help="The id of a key, or its name.")]


def create(
    name: Annotated[str, Parameter(help="Its name: entries are recorded by it.")],
    /,
    *,
    role: Annotated[
        Role, Parameter(help="admin, recorder, reader, partner or auditor.", show_choices=False)
    ],
    book: Annotated[
        tuple[str, ...], Parameter(help="A book that it reaches; give it again for more.")
    ] = (),
    partner: Annotated[str | None, Parameter(help="Whom a partner key is for.")] = None,
    expires: Annotated[
        str | None, Parameter(help="When it ends: RFC 3339, or a date. Never by default.")
    ] = None,
    format: FormatOption = None,
) -> int:
    """Make a key and print its secret, this once."""
    new = NewKey(
        name=name,
        role=role,
        books=frozenset(book),
        partner=partner,
        expires_at=instant(expires, clock.now()) if expires else None,
    )
    with opened() as (_, services):
        made = NewSecret.made(*services.keys.create(new))
    return show(_secret(made, f"made at {short(text(made.created_at))}"), format)


def list_(
    *,
    all: Annotated[bool, Parameter(help="Also those that were revoked.", negative="")] = False,
    format: FormatOption = None,
) -> int:
    """List the keys; secrets are not stored, so none is shown."""
    with opened(existing=True) as (_, services):
        found = [KeyView.of(key) for key in services.keys.listed() if all or not key.revoked_at]
    remarks = (
        [] if found else ["No keys; make one with: access-ledger keys create NAME --role ROLE"]
    )
    view = View(KeyList(keys=tuple(found)), ["Keys"], [_sheet(found)], remarks)
    return show(view, format)


def rotate(
    key: Wanted,
    /,
    *,
    grace: Annotated[
        str, Parameter(help="How long the former secret still opens: 30s, 15m, 2h, 7d.")
    ] = "0s",
    format: FormatOption = None,
) -> int:
    """Give a key a new secret and print it, this once; its name, role and books stay."""
    lasting = _duration(grace)
    with opened(existing=True) as (_, services):
        made = NewSecret.made(*services.keys.rotate(key, grace=lasting))
    former = f"ends in {grace}" if lasting else "opens nothing any more"
    return show(_secret(made, f"its former secret {former}"), format)


def revoke(key: Wanted, /, *, format: FormatOption = None) -> int:
    """End a key for good, from the next request on."""
    with opened(existing=True) as (_, services):
        ended = KeyView.of(services.keys.revoke(key))
    when = short(text(ended.revoked_at))
    return show(View(ended, [f"Key {ended.name}, revoked at {when}"], [_sheet([ended])]), format)


def _duration(written: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,7})([smhd])", written)
    if not match:
        raise Usage(f"{written!r} is not a length of time; write 30s, 15m, 2h or 7d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _record(key: KeyView) -> Record:
    fields = {name: text(getattr(key, name)) for name in FIELDS}
    return {**fields, "books": ",".join(key.books), "secret": getattr(key, "secret", "")}


def _reach(record: Record) -> str:
    partner = f"partner {record['partner']}" if record["partner"] else ""
    return "\n".join(filter(None, [*record["books"].split(","), partner]))


def _ends(record: Record) -> str:
    how, at = ("revoked ", record["revoked_at"]) if record["revoked_at"] else ("", None)
    return how + short(at or record["expires_at"])


_COLUMNS: tuple[Column, ...] = (
    ("key", lambda r: f"{r['name']}\n{r['id']}"),
    *plain("role"),
    ("books", _reach),
    ("last used", lambda r: short(r["last_used_at"])),
    ("ends", _ends),
)


def _sheet(keys: list[KeyView]) -> Sheet:
    items: list[BaseModel] = list(keys)
    return Sheet("key", items, FIELDS, [_record(key) for key in keys], _COLUMNS)


def _secret(made: NewSecret, how: str) -> View:
    """The secret, on a line of its own, so that no narrow terminal breaks it."""
    sheet = Sheet("key", [made], (*FIELDS, "secret"), [_record(made)], plain("secret"))
    return View(
        answer=made,
        heading=[f"Key {made.name} ({made.id}), {made.role}; {how}"],
        sheets=[sheet],
        remarks=["Keep the secret now: it is not stored, and is not shown again."],
        exit_code=Exit.OK,
    )


keys = App(name="keys", help="Who may reach the ledger over HTTP.")
keys.command(create)
keys.command(list_, name="list")
keys.command(rotate)
keys.command(revoke)
