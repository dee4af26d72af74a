"""How a command ends: exit codes, and messages on stderr instead of stack traces."""

import sys
from collections.abc import Callable
from enum import IntEnum

from cyclopts import CycloptsError
from pydantic import ValidationError

from domain.describing import describe
from domain.refusals import Refused
from evidence.errors import VerificationError
from keys.key import BadKey, KeyRefused
from ledger.keyring import KeysMissing, KeysUnreadable
from ledger.processes import ProcessLost
from ledger.store_errors import StoreError, StoreForbids
from ledger.stored_bytes import UnreadableEntry
from projections.moments import BadQuestion, UnknownBook
from projections.packing import PackDiffers
from projections.projector import ReadModelStale


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    """Also: some lines of an import were rejected."""
    USAGE = 2
    NO = 3
    """The answer is no, or unknown, or something is left."""
    NOT_AUTHORISED = 4
    NOT_VERIFIED = 5
    STORE_UNREACHABLE = 6
    INTERRUPTED = 130


class Failed(Exception):
    """What was asked cannot be done; the message says what stands in the way."""


class Usage(Exception):
    """What was asked cannot be understood; the message says how to write it."""


class Stopped(BaseException):
    """SIGTERM arrived: stop in order."""


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    print(f"access-ledger: {message}", file=sys.stderr)


def guarded(command: Callable[[], int | None]) -> int:
    """Run a command; whatever goes wrong becomes a message and an exit code."""
    try:
        return int(command() or Exit.OK)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Stopped:
        return Exit.OK
    except BrokenPipeError:
        sys.stdout = None  # the reader went away; nothing to flush
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - a user gets a message, never a stack trace
        code, message = explain(error)
        complain(message)
        return code


def explain(error: Exception) -> tuple[Exit, str]:
    """The exit code and the message for an error."""
    match error:
        case CycloptsError():
            return Exit.USAGE, f"{str(error).strip()} See access-ledger --help."
        case Usage() | BadQuestion() | BadKey():
            return Exit.USAGE, str(error)
        case ValidationError() if error.title == "Settings":
            return Exit.USAGE, _settings(error)
        case ValidationError():
            return Exit.FAILED, "; ".join(describe(error))
        case Refused():
            where = f"fact {error.fact_id}: " if error.fact_id else ""
            return Exit.FAILED, f"not recorded: {where}{error}"
        case Failed() | UnknownBook() | UnreadableEntry() | KeyRefused() | ProcessLost():
            return Exit.FAILED, str(error)
        case KeysMissing() | KeysUnreadable() | PackDiffers():
            return Exit.FAILED, str(error)
        case VerificationError():
            return Exit.NOT_VERIFIED, f"not verified: {error}"
        case StoreForbids():
            return Exit.NOT_AUTHORISED, str(error)
        case ReadModelStale():
            return Exit.NOT_VERIFIED, str(error)
        case StoreError():
            return Exit.STORE_UNREACHABLE, str(error)
        case OSError():
            return Exit.FAILED, _file(error)
        case _:
            return Exit.FAILED, (
                f"an error that was not foreseen: {type(error).__name__}: {error}; "
                "run access-ledger doctor, and report it if the ledger is in order"
            )


def _settings(error: ValidationError) -> str:
    problems = "; ".join(
        f"ACCESS_LEDGER_{'_'.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
        for detail in error.errors(include_url=False)
    )
    return f"the settings cannot be used: {problems}; correct the variable or unset it"


def _file(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}; check the path and its permissions"
