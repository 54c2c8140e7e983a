"""The loop of a thread: it performs the steps of a procedure on a link, one after the other. Floor 7."""

from __future__ import annotations

from inspect import GEN_CLOSED, getgeneratorstate
from typing import TYPE_CHECKING, Any, TypeVar

from posrefund.closed import closed
from posrefund.terminal.line import Close, Open, Receive, Send

if TYPE_CHECKING:
    from posrefund.link import Link
    from posrefund.terminal.line import Step, Steps

__all__ = ["is_over", "run"]

_Result = TypeVar("_Result")


@closed
def run(steps: Steps[_Result], link: Link) -> _Result:
    """Go through *steps* on *link* and return their result.

    Raises:
        BaseException: Whatever the procedure raises; what a step raised it saw first, and an interrupt
            between two steps as well.
    """
    try:
        return _go_on(steps, link, None)
    except BaseException as error:
        if is_over(steps):  # it has seen it
            raise
        interrupt = error
    try:
        return _go_on(steps, link, interrupt)
    finally:
        if not is_over(steps):  # interrupted again
            link.close()
            steps.close()


def is_over(steps: Steps[Any]) -> bool:
    """Whether a procedure has returned or raised."""
    return getgeneratorstate(steps) == GEN_CLOSED


def _go_on(steps: Steps[_Result], link: Link, error: BaseException | None) -> _Result:
    try:
        step = steps.send(None) if error is None else steps.throw(error)
        while True:
            try:
                answer = _perform(step, link)
            except BaseException as raised:  # noqa: BLE001 — the procedure is told
                step = steps.throw(raised)
            else:
                step = steps.send(answer)
    except StopIteration as done:
        result: _Result = done.value
        return result


def _perform(step: Step, link: Link) -> bytes | None:
    match step:
        case Receive():
            return link.receive(step.left_s())
        case Send():
            link.send(step.message)
        case Open():
            link.open(step.timeout_s)
        case Close():
            link.close()
    return None
