"""The loop of a thread: it performs the steps of a procedure on a link, one after the other. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from posrefund.closed import closed
from posrefund.terminal.line import Close, Open, Receive, Send

if TYPE_CHECKING:
    from posrefund.link import Link
    from posrefund.terminal.line import Step, Steps

__all__ = ["run"]

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
        if steps.gi_frame is None:  # it has seen it
            raise
        interrupt = error
    try:
        return _go_on(steps, link, interrupt)
    finally:
        if steps.gi_frame is not None:  # interrupted again
            link.close()
            steps.close()


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
