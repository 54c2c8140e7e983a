"""The loop of a task: it performs the steps of a procedure on an asynchronous link. Floor 8.

A task that is cancelled raises that in the procedure, where it stands: with a money message out, it leaves a doubt.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from posrefund.closed import closed
from posrefund.terminal.line import Close, Open, Receive, Send
from posrefund.terminal.loop import is_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from posrefund.aio.contract import AsyncLink
    from posrefund.terminal.line import Step, Steps

__all__ = ["call", "run"]

_Result = TypeVar("_Result")


@closed
async def run(steps: Steps[_Result], link: AsyncLink, executor: Executor | None = None) -> _Result:
    """Go through *steps* on *link* and return their result.

    Args:
        steps: The procedure.
        link: Where its steps are performed.
        executor: Goes on with the procedure between two steps, one call after the other; the loop itself if None.

    Raises:
        BaseException: Whatever the procedure raises; what a step raised, or a cancellation, it saw first.
    """
    stretch = _Stretch(steps, executor)
    answer: bytes | None = None
    error: BaseException | None = None
    try:
        while True:
            step = await stretch.go_on(answer, error)
            if step is None:
                result: _Result = stretch.result
                return result
            answer, error = None, stretch.cancellation
            if error is None:
                try:
                    answer = await _perform(step, link)
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


class _Stretch:
    """A procedure from one step to the next."""

    def __init__(self, steps: Steps[Any], executor: Executor | None) -> None:
        self._steps, self._executor = steps, executor
        self.result: Any = None
        self.cancellation: asyncio.CancelledError | None = None

    async def go_on(self, answer: bytes | None, error: BaseException | None) -> Step | None:
        """Return the next step; None if there is none: then ``result`` is there."""
        if self._executor is None:
            return self._advance(answer, error)
        step, self.cancellation = await _in_executor(
            lambda: self._advance(answer, error), self._executor
        )
        if step is None and self.cancellation is not None:
            raise self.cancellation
        return step

    def _advance(self, answer: bytes | None, error: BaseException | None) -> Step | None:
        try:
            return self._steps.send(answer) if error is None else self._steps.throw(error)
        except StopIteration as done:
            self.result = done.value
            return None


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
            if future.cancelled():
                raise
            cancellation = _below(error)


async def _perform(step: Step, link: AsyncLink) -> bytes | None:
    match step:
        case Receive():
            return await link.receive(step.left_s())
        case Send():
            step.check()  # a thread may lie between the procedure's own look and this one
            await link.send(step.message)
        case Open():
            await link.open(step.timeout_s)
        case Close():
            link.close()
    return None


_Error = TypeVar("_Error", bound=BaseException)


def _below(error: _Error) -> _Error:
    """Return *error* without the frame that caught it: that one waits while others wipe what they find."""
    trace = error.__traceback__
    return error.with_traceback(trace.tb_next if trace else None)
