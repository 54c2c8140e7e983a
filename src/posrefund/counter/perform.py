"""Whoever has a terminal performs what a dialogue wants: in a thread, or in a task. Floor 9."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.counter.contract import AtDesk, AtReader, Failed, OnLine
from posrefund.errors import PosRefundError

if TYPE_CHECKING:
    from posrefund.aio import AsyncTerminal
    from posrefund.counter.contract import Effect, Reader
    from posrefund.terminal import Terminal

__all__ = ["perform", "perform_async"]


@closed
def perform(effect: Effect, terminal: Terminal, reader: Reader) -> Any:
    """Perform *effect* and return what came of it, for ``Dialogue.resume``; a ``Failed`` where that is an error of ours."""
    try:
        match effect:
            case AtDesk():
                return effect.at_desk(terminal)
            case OnLine():
                return effect.on_line(terminal)
            case AtReader():
                return effect.at_reader(reader)
            case _:
                raise _unknown(effect)
    except PosRefundError as error:
        return Failed(error)


@closed
async def perform_async(effect: Effect, terminal: AsyncTerminal, reader: Reader) -> Any:
    """Perform *effect* in an event loop; what waits for a card waits in a thread of its own."""
    try:
        match effect:
            case AtDesk():
                return await terminal.at_desk(effect.at_desk)
            case OnLine():
                return await effect.on_line(terminal)
            case AtReader():
                return await _at_reader(effect, reader)
            case _:
                raise _unknown(effect)
    except PosRefundError as error:
        return Failed(error)


@closed
async def _at_reader(effect: AtReader, reader: Reader) -> Any:
    """In a thread of its own: many may wait for cards, and nothing else may wait for them."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, effect.at_reader, reader)
    finally:
        thread.shutdown(wait=False)


def _unknown(effect: Effect) -> TypeError:
    return TypeError(f"{type(effect).__name__} is no effect of any kind")
