"""Where work runs: on the event loop if it is short and cannot wait, else on a thread.

A question to the embedded ledger is a few microseconds of SQLite and some Python, which a thread
would only delay: the two would hand the interpreter to and fro. What may wait, for a lock or for a
network, and what may take long, goes to a thread, so that the loop stays free for others. A request
that waits more than once does so on one thread.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from bootstrap.services import Services
from projections.current import Behind
from projections.questions import Questions

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


async def wait_for(work: Callable[Given, Answer], *args: Given.args, **kw: Given.kwargs) -> Answer:
    """What the work returns, which may wait: it is done on a thread, this one if it is one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work(*args, **kw)
    return await run_in_threadpool(work, *args, **kw)


async def on_one_thread(
    work: Callable[Given, Coroutine[Any, Any, Answer]], *args: Given.args, **kw: Given.kwargs
) -> Answer:
    """What the work returns, which waits for nothing but by `wait_for`."""

    def done() -> Answer:
        running = work(*args, **kw)
        try:
            running.send(None)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        running.close()
        raise RuntimeError("work on a thread waits for the event loop")

    return await run_in_threadpool(done)


def is_embedded(ledger: Services) -> bool:
    """Whether the ledger is in this process, so that nothing of it is waited for."""
    return ledger.database.dialect == "sqlite"


async def ask(ledger: Services, question: Callable[[Questions], Answer]) -> Answer:
    """The answer to a short question."""
    if is_embedded(ledger):
        with suppress(Behind):
            return question(ledger.questions.current)
    return await wait_for(question, ledger.questions)
