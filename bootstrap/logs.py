"""How the program logs: JSON lines on stderr, unless somebody is watching.

Entries say what happened, never what was asked: no secret, no query, no body, no name of a person.
"""

import sys
import traceback
from typing import Any

import orjson
import structlog


def _json(fields: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(fields, default=str).decode()


def _stderr(*_: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer() -> structlog.typing.Processor:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(serializer=_json)


def structured_log() -> structlog.stdlib.BoundLogger:
    """Set up the log of this process, and give it."""
    structlog.configure(
        processors=[*_shared(), _renderer()],
        logger_factory=_stderr,
        cache_logger_on_first_use=False,
    )
    log: structlog.stdlib.BoundLogger = structlog.get_logger()
    return log


def kind_and_place(failure: BaseException) -> dict[str, Any]:
    """What the log tells of an error that was not foreseen: its message may hold what was asked."""
    frames = traceback.extract_tb(failure.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    return {"error": type(failure).__name__, "places": places}


def _without_trace(_: object, __: str, fields: structlog.typing.EventDict) -> dict[str, Any]:
    """What a library tells of an error, by its kind and place too."""
    told = dict(fields)
    failure = (told.pop("exc_info", None) or (None, None, None))[1]
    return told if failure is None else told | kind_and_place(failure)


def for_libraries() -> dict[str, Any]:
    """The same for what libraries log, from warnings on: a configuration for logging.config."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _without_trace,
                    _renderer(),
                ],
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    }
