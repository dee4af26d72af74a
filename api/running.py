"""Where a question runs: on the event loop if it is short and cannot wait, else on a thread.

A question to the embedded ledger is a few microseconds of SQLite and some Python, which a thread
would only delay: the two would hand the interpreter to and fro. What may wait, for a lock or for a
network, and what may take long, goes to a thread, so that the loop stays free for others.
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from bootstrap.services import Services
from projections.questions import Questions

Answer = TypeVar("Answer")


async def ask(ledger: Services, question: Callable[[Questions], Answer]) -> Answer:
    """The answer to a short question."""
    if ledger.database.dialect == "sqlite" and ledger.projector.is_current():
        return question(ledger.questions.as_it_stands)
    return await run_in_threadpool(question, ledger.questions)
