"""What a link to a host has to do in asyncio. Floor 8."""

from __future__ import annotations

from typing import Protocol

__all__ = ["AsyncLink"]


class AsyncLink(Protocol):
    """``posrefund.link.Link`` with waiting that lets others go on; one task at a time uses it."""

    async def open(self, timeout_s: float) -> None:
        """Begin an exchange.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """

    async def send(self, message: bytes) -> None:
        """Send one message (TPDU, header and body) once.

        Raises:
            LinkClosedError: ``effect`` says whether any byte may have left.
        """

    async def receive(self, timeout_s: float) -> bytes:
        """Return the next message.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The other side closed the line.
            FramingError: What came is no frame.
        """

    def close(self) -> None:
        """End the exchange at once; harmless when it is over already."""
