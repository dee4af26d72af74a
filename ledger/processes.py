"""Another process that does a part of large work: it answers one question after another.

It ends when whoever asks is gone, however that one ended, since its pipe ends then.
"""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Self

MOST_PROCESSES = 4
"""More than these would wait for the one that writes."""


class ProcessLost(Exception):
    """A process that did a part of the work is gone."""

    def __init__(self) -> None:
        super().__init__(
            "a process that did a part of this was ended from outside, or had too little memory; "
            "what was recorded stays: do the same again, which records nothing twice"
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it travels: one with a constructor of its own cannot be pickled."""

    kind: type[Exception]
    args: tuple[Any, ...]
    fields: dict[str, Any]

    @classmethod
    def of(cls, error: Exception) -> Self:
        """An error, to travel."""
        return cls(type(error), error.args, vars(error))

    def error(self) -> Exception:
        """The error, arrived."""
        error = self.kind.__new__(self.kind, *self.args)
        vars(error).update(self.fields)
        return error


@dataclass(frozen=True, slots=True)
class _Back:
    """A question that is asked back before the answer."""

    question: Any


def _answered(answer: Callable[[Any], Any], question: Any) -> Any:
    try:
        return answer(question)
    except Exception as error:  # noqa: BLE001 - it is raised by whoever asked
        return Failure.of(error)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is begun meanwhile never hears of Ctrl-C: who started the work stops it in order."""
    resource_tracker.ensure_running()  # which would end this for the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class OtherProcess:
    """A process, and the thread that speaks with it."""

    def __init__(
        self, work: Callable[..., None], *how: Any, back: Callable[[Any], Any] | None = None
    ) -> None:
        """Start `work(pipe, *how)`, which calls `answer_all`; `back` answers what it asks back."""
        context = get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=work, args=(there, *how), daemon=True)
        with _without_interrupts():
            self._process.start()
        there.close()
        self._back = back
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        """To be closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, once it has answered what it is at."""
        self._thread.shutdown(cancel_futures=True)
        self._pipe.close()
        self._process.join()

    def ask(self, question: Any) -> Future[Any]:
        """Its answer, after those to earlier questions; or what it raised, or ProcessLost."""
        return self._thread.submit(self._ask, question)

    def _ask(self, question: Any) -> Any:
        try:
            self._pipe.send(question)
            while isinstance(said := self._pipe.recv(), _Back):
                assert self._back
                self._pipe.send(_answered(self._back, said.question))
        except (EOFError, OSError):
            raise ProcessLost from None
        if isinstance(said, Failure):
            raise said.error()
        return said


def answer_all(pipe: Connection, answer: Callable[[Any], Any]) -> None:
    """In the other process: answer until whoever asks is gone."""
    try:
        while True:
            pipe.send(_answered(answer, pipe.recv()))
    except (EOFError, OSError):
        return


def ask_back(pipe: Connection, question: Any) -> Any:
    """In the other process: what has to be done where the work was started."""
    pipe.send(_Back(question))
    said = pipe.recv()
    if isinstance(said, Failure):
        raise said.error()
    return said
