"""The shop's link for an event loop: what it does is done at once, and awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.testing import MemoryLink

__all__ = ["Awaited"]


class Awaited:
    """A link of this process, awaited."""

    def __init__(self, link: MemoryLink) -> None:
        self._link = link
        self.close = link.close

    async def open(self, timeout_s: float) -> None:
        self._link.open(timeout_s)

    async def send(self, message: bytes) -> None:
        self._link.send(message)

    async def receive(self, timeout_s: float) -> bytes:
        return self._link.receive(timeout_s)
