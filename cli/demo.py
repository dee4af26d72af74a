"""The demo: a story of one brand and three agencies, its questions and their answers."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter

from bootstrap.services import open_services
from bootstrap.settings import Settings
from cli import serving, views
from cli.failures import Exit
from cli.output import View, plain_text
from cli.signals import on_sigterm
from cli.storytelling import (
    BLUEPINE,
    BRAND,
    CONTRACT_END,
    DISPUTED_DAY,
    FEBRUARY,
    HARBOUR,
    KESTREL,
    KNOWN_THEN,
    LAUNCHES,
    NOW,
    PAGE,
    ScriptedClock,
    tell,
)
from keys.key import NewKey, Role
from projections.moments import AsOf
from projections.questions import Questions


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the story, the command that asks it, and its answer."""

    question: str
    command: str
    view: View


def demo(
    *,
    no_serve: Annotated[
        bool, Parameter(name="--no-serve", negative="", help="Stop after printing.")
    ] = False,
    port: Annotated[int, Parameter(help="The port to serve the story on.")] = 8420,
) -> int:
    """Tell a sample story, print its questions with their answers, and serve it on loopback."""
    with on_sigterm(), TemporaryDirectory(prefix="access-ledger-demo-") as folder:
        settings = Settings(file=Path(folder) / "demo.db", database_url=None)
        sys.stdout.write(transcript(settings))
        sys.stdout.flush()
        if not no_serve:
            serving.run(settings, "127.0.0.1", port, before=partial(print_keys, settings))
    return Exit.OK


def print_keys(settings: Settings, address: str) -> None:
    """Make a key for the brand and one for its agency, and print what they are tried with."""
    books = frozenset({BRAND})
    with open_services(settings) as services:
        _, brand = services.keys.create(NewKey(name="brand", role=Role.RECORDER, books=books))
        _, agency = services.keys.create(
            NewKey(name="agency", role=Role.PARTNER, books=books, partner=BLUEPINE)
        )
    book = f"{address}/v1/portfolios/{BRAND}"
    print(
        f"""
Look at it in a browser, and sign in with one of these keys: {address}/pages/
Or ask it yourself. The brand sees its whole book, and may record in it:
curl -H 'Authorization: Bearer {brand}' {book}/partners
Its agency Bluepine Media sees what concerns Bluepine Media:
curl -H 'Authorization: Bearer {agency}' {book}/partners
The keys end with the demo.""",
        flush=True,
    )


def transcript(settings: Settings) -> str:
    """The story recorded in the ledger of the settings, then asked about."""
    clock = ScriptedClock()
    with open_services(settings, clock=clock) as services:
        entries = tell(services, clock)
        parts = [
            (
                f"Norrsken Outdoor ({BRAND}) and its three agencies: {entries} entries recorded.\n"
                f"Today is {NOW:%Y-%m-%d}. On 2026-03-15 a post went out on the Page "
                "that nobody owns up to.\n"
            )
        ]
        parts += [
            f"\n{asked.question}\n$ access-ledger {asked.command}\n{plain_text(asked.view)}"
            for asked in questions_of_the_story(services.questions)
        ]
    return "".join(parts)


def questions_of_the_story(questions: Questions) -> Iterator[Asked]:
    """The questions in the order in which the dispute brings them up."""
    yield from _about_the_page(questions)
    yield from _about_the_launches(questions)
    yield from _about_the_others(questions)


def _about_the_page(questions: Questions) -> Iterator[Asked]:
    page = ":".join(PAGE)
    at_disputed = f"who {page} --at 2026-03-15T12:00:00Z"
    yield Asked(
        "1. Who had access to the Page on the disputed day, as known then?",
        f"{at_disputed} --known-at 2026-03-16",
        views.who(questions.who_had_access(BRAND, PAGE, AsOf(DISPUTED_DAY, KNOWN_THEN))),
    )
    yield Asked(
        "2. And as known now? (The revoke of 6 March was recorded three weeks late.)",
        at_disputed,
        views.who(questions.who_had_access(BRAND, PAGE, AsOf(DISPUTED_DAY))),
    )
    yield Asked(
        "3. What could Bluepine Media do on the day its contract ended?",
        f"what {BLUEPINE} --at 2026-03-31T12:00:00Z",
        views.what(questions.what_could(BRAND, BLUEPINE, AsOf(CONTRACT_END))),
    )
    yield Asked(
        "4. Was Bluepine Media offboarded?",
        f"offboard {BLUEPINE} --at 2026-05-18T09:00:00Z",
        views.offboarding(questions.offboarding_report(BRAND, BLUEPINE, AsOf(NOW))),
    )


def _about_the_launches(questions: Questions) -> Iterator[Asked]:
    launches = ":".join(LAUNCHES)
    yield Asked(
        "5. Who owned the ad account of the launches?",
        f"owner {launches} --at 2026-03-15T12:00:00Z",
        views.owner(questions.owner_at(BRAND, LAUNCHES, AsOf(DISPUTED_DAY))),
    )
    yield Asked(
        "6. And what did we believe then?",
        f"owner {launches} --at 2026-03-15T12:00:00Z --known-at 2026-03-16",
        views.owner(questions.owner_at(BRAND, LAUNCHES, AsOf(DISPUTED_DAY, KNOWN_THEN))),
    )


def _about_the_others(questions: Questions) -> Iterator[Asked]:
    yield Asked(
        "7. What did Studio Kestrel hold in February? (One access was found gone by looking.)",
        f"what {KESTREL} --during 2026-02-01/2026-03-01",
        views.what(questions.what_could(BRAND, KESTREL, during=FEBRUARY)),
    )
    yield Asked(
        "8. What does Harbour & Reed still hold past its planned end?",
        f"offboard {HARBOUR} --at 2026-05-18T09:00:00Z",
        views.offboarding(questions.offboarding_report(BRAND, HARBOUR, AsOf(NOW))),
    )
