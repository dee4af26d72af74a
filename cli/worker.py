"""The worker: keeps the read model warm. PostgreSQL wakes it; a poll stands beside the alarm."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import structlog

from bootstrap import clock
from bootstrap.logs import kind_and_place, structured_log
from bootstrap.services import Services, open_services
from bootstrap.settings import Settings
from cli.failures import Exit
from cli.signals import on_both
from evidence.errors import VerificationError
from ledger.keyring import KeysMissing, KeysUnreadable
from ledger.self_check import check_and_note
from ledger.store_errors import StoreError, StoreUnavailable
from projections.projector import Projector, ReadModelStale

Wait = Callable[[], None]


def worker() -> int:
    """Keep the read model current until stopped by SIGTERM or SIGINT."""
    settings, stop = Settings(), Event()

    def stopping(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with on_both(stopping), open_services(settings) as services, alarm(settings, stop) as wait:
        log = structured_log()
        log.info("worker started", poll_seconds=settings.poll_seconds)
        check = schedule(settings.check_hours, lambda: check_log(services, log))
        keep_current(services.projector, wait, stop, log, check)
        log.info("worker stopped")
    return Exit.OK


def schedule(hours: float, work: Callable[[], None]) -> Callable[[], None]:
    """Work that is done at once, and again each time that so many hours have passed; 0: never."""
    due = time.monotonic() if hours else math.inf

    def if_due() -> None:
        nonlocal due
        if time.monotonic() >= due:
            work()
            due = time.monotonic() + hours * 3600

    return if_due


def check_log(services: Services, log: structlog.stdlib.BoundLogger) -> None:
    """Hash every entry again; what is found goes to the log, and to doctor."""
    try:
        done = check_and_note(services.log, services.database, clock.now)
    except VerificationError as error:
        log.error("log check failed", reason=str(error))  # noqa: TRY400 - the sentence says it all
    except StoreUnavailable:
        raise  # it is waited for, and the check is still due
    except (KeysMissing, KeysUnreadable, StoreError) as error:
        log.error("log check impossible", reason=str(error))  # noqa: TRY400 - the same
    except Exception as error:  # noqa: BLE001 - what a check trips over stops no other work
        log.error("log check broke off", **kind_and_place(error))  # noqa: TRY400 - the same
    else:
        log.info("log checked", entries=done.entries, checkpoints=done.checkpoints)


def keep_current(
    projector: Projector,
    wait: Wait,
    stop: Event,
    log: structlog.stdlib.BoundLogger,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Catch up, check what is due, wait, and again; a store that is away is waited for.

    A read model that tells of entries that are gone is said once, and left for a rebuild.
    """
    away = stale = False
    while not stop.is_set():
        try:
            taken, stale = _caught_up(projector, log, told=stale)
            check()
        except StoreError as error:
            if not away:
                log.warning("store away", reason=str(error))
            away = True
        else:
            if away:
                log.info("store back")
            away = False
            if taken:
                log.info("caught up", entries=taken)
        wait()


def _caught_up(
    projector: Projector, log: structlog.stdlib.BoundLogger, *, told: bool
) -> tuple[int, bool]:
    """How many entries were taken in, and whether the read model is stale, which is told once."""
    try:
        return projector.catch_up(), False
    except ReadModelStale as error:
        if not told:
            log.error("read model stale", reason=str(error))  # noqa: TRY400 - the sentence says it
        return 0, True


@contextmanager
def alarm(settings: Settings, stop: Event) -> Iterator[Wait]:
    """A wait that ends after the poll, at a stop, or when PostgreSQL says that there is news."""
    if not settings.database_url:
        yield lambda: _wait(stop, settings.poll_seconds)
        return
    from cli.listening import Listener  # noqa: PLC0415 - SQLite needs no driver of PostgreSQL

    listening = Listener(settings.database_url, settings.poll_seconds, stop)
    try:
        yield listening.wait
    finally:
        listening.close()


def _wait(stop: Event, seconds: float) -> None:
    stop.wait(seconds)
