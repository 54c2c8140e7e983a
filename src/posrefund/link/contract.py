"""What a link to a host has to do, whatever it is made of. Floor 5."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Link"]


class Link(Protocol):
    """One conversation with a host: opened, used for one exchange or more, closed."""

    def open(self, timeout_s: float) -> None:
        """Connect.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """

    def send(self, message: bytes) -> None:
        """Send one message (TPDU, header and body) once.

        Raises:
            LinkClosedError: ``effect`` says whether any byte may have left.
        """

    def receive(self, timeout_s: float) -> bytes:
        """Return the next message.

        Raises:
            LinkTimeoutError: None came in time.
            LinkClosedError: The other side closed the line.
            FramingError: What came is no frame.
        """

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
