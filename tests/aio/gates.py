"""Links for tests: one that stops where it is told to, and one that goes straight to a host in the process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.aio import AsyncLink
    from posrefund.testing import MemoryLink


class Gate:
    """*inner*, but the step called *at* waits for ever before (or after) it is done."""

    def __init__(self, inner: AsyncLink, at: str = "", *, after: bool = False) -> None:
        self._inner, self.at, self._after = inner, at, after
        self.reached = asyncio.Event()

    async def open(self, timeout_s: float) -> None:
        await self._stop("open", after=False)
        await self._inner.open(timeout_s)
        await self._stop("open", after=True)

    async def send(self, message: bytes) -> None:
        await self._stop("send", after=False)
        await self._inner.send(message)
        await self._stop("send", after=True)

    async def receive(self, timeout_s: float) -> bytes:
        await self._stop("receive", after=False)
        found = await self._inner.receive(timeout_s)
        await self._stop("receive", after=True)
        return found

    def close(self) -> None:
        self._inner.close()

    async def _stop(self, step: str, *, after: bool) -> None:
        if (step, after) == (self.at, self._after):
            self.reached.set()
            await asyncio.Event().wait()


class InProcess:
    """A ``MemoryLink`` that lets others go on at each step."""

    def __init__(self, inner: MemoryLink) -> None:
        self._inner = inner

    async def open(self, timeout_s: float) -> None:
        await asyncio.sleep(0)
        self._inner.open(timeout_s)

    async def send(self, message: bytes) -> None:
        await asyncio.sleep(0)
        self._inner.send(message)

    async def receive(self, timeout_s: float) -> bytes:
        await asyncio.sleep(0)
        return self._inner.receive(timeout_s)

    def close(self) -> None:
        self._inner.close()
