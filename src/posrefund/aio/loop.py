"""The loop of a task: it performs the steps of a procedure on an asynchronous link. Floor 8.

A task that is cancelled raises that in the procedure, where it stands: with a money message out, it leaves a doubt.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from posrefund.closed import closed
from posrefund.terminal.line import Close, Open, Receive, Send
from posrefund.terminal.loop import is_over

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor

    from posrefund.aio.contract import AsyncLink
    from posrefund.terminal.line import Steps

__all__ = ["call", "run"]

_Result = TypeVar("_Result")


@closed
async def run(  # noqa: C901, PLR0912, PLR0915 — a coroutine for each step would cost more than the step
    steps: Steps[_Result], link: AsyncLink, executor: Executor | None = None
) -> _Result:
    """Go through *steps* on *link* and return their result.

    Args:
        steps: The procedure.
        link: Where its steps are performed.
        executor: Goes on with the procedure between two steps, one call after the other; the loop itself if None.

    Raises:
        BaseException: Whatever the procedure raises; what a step raised, or a cancellation, it saw first.
    """
    answer: bytes | None = None
    error: BaseException | None = None
    procedure = _Procedure(steps)
    step: Open | Send | Receive | _Returned = _START
    try:
        while True:
            # Between a message that left and the wait for its answer nothing is done that could take long.
            is_light = isinstance(step, Send) and error is None
            try:
                if executor is None or is_light:
                    step, error = procedure.advance(answer, error), None
                else:
                    advance = partial(procedure.advance, answer, error)
                    step, error = await _in_executor(advance, executor)
            finally:
                if procedure.is_hung_up:
                    procedure.is_hung_up = False
                    link.close()
            if isinstance(step, _Returned):
                if error is not None:
                    raise error
                result: _Result = step.value
                return result
            answer = None
            if error is not None:  # cancelled while a thread was in it
                continue
            try:
                answer = await _begin(step, link)
            except GeneratorExit:  # nobody waits for this task any more
                raise
            except BaseException as raised:  # noqa: BLE001 — the procedure is told
                error = _below(raised)
    finally:
        if not is_over(steps):
            link.close()
            with suppress(ValueError):  # a thread is in it: it ends at its next step
                steps.close()


async def call(work: Callable[[], _Result], executor: Executor | None) -> _Result:
    """Return what *work* returns, done in *executor* or here; a cancellation waits for its end."""
    if executor is None:
        return work()
    result, cancellation = await _in_executor(work, executor)
    if cancellation is not None:
        raise cancellation
    return result


@dataclass(frozen=True, slots=True)
class _Returned:
    """What a procedure returned; no future takes a ``StopIteration``."""

    value: Any


class _Procedure:
    """A procedure, and whether it has hung up: nobody waits for that, so it goes on meanwhile.

    The link belongs to the loop, which closes it before anything else that follows.
    """

    def __init__(self, steps: Steps[Any]) -> None:
        self._steps = steps
        self.is_hung_up = False

    def advance(
        self, answer: bytes | None, error: BaseException | None
    ) -> Open | Send | Receive | _Returned:
        """Go on to the next step that has to be waited for, or to the end."""
        steps = self._steps
        try:
            step = steps.send(answer) if error is None else steps.throw(error)
            while isinstance(step, Close):
                self.is_hung_up = True
                step = steps.send(None)
        except StopIteration as done:
            return _Returned(done.value)
        return step


async def _in_executor(
    work: Callable[[], _Result], executor: Executor
) -> tuple[_Result, asyncio.CancelledError | None]:
    """Return what *work* returns, and whether this task was cancelled meanwhile: a thread cannot be stopped."""
    future = asyncio.get_running_loop().run_in_executor(executor, work)
    cancellation: asyncio.CancelledError | None = None
    while True:
        try:
            return await asyncio.shield(future), cancellation
        except asyncio.CancelledError as error:
            if future.cancelled() or (future.done() and future.exception() is not None):
                raise  # the procedure's own end
            cancellation = _below(error)


def _begin(step: Open | Send | Receive, link: AsyncLink) -> Awaitable[bytes | None]:
    """Begin to perform *step*; return what has to be waited for."""
    match step:
        case Receive():
            return link.receive(step.left_s())
        case Send():
            step.check()  # a thread may lie between the procedure's own look and this one
            return link.send(step.message)
        case Open():
            return link.open(step.timeout_s)


_START = Open(0.0)
"""What nobody performs: the step before the first."""

_Error = TypeVar("_Error", bound=BaseException)


def _below(error: _Error) -> _Error:
    """Return *error* without the frame that caught it: that one waits while others wipe what they find."""
    trace = error.__traceback__
    return error.with_traceback(trace.tb_next if trace else None)
