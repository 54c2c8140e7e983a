"""One task that waits until something happens on a connection, or for so long. Floor 8."""

from __future__ import annotations

import asyncio

__all__ = ["Waiter"]


class Waiter:
    """For one task at a time."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None

    async def wait(self, timeout_s: float) -> None:
        """Return when somebody wakes it, or after *timeout_s*."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(timeout_s, self.wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def wake(self) -> None:
        """Something happened; harmless where nobody waits."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
