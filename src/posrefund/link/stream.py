"""What carries bytes to a host or a device, whatever it is made of: the only I/O there is. Floor 5.

A stream knows no message. It never opens itself again, never writes a byte twice, and never waits without
a deadline. One thread opens, writes and reads; ``cancel`` and ``close`` may come from any other.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Stream"]


class Stream(Protocol):
    """One conversation: opened, written to and read from, closed.

    Deadlines are moments of ``time.monotonic()``, so that a peer that trickles cannot stretch them.
    """

    @property
    def name(self) -> str:
        """What the stream leads to, for people."""

    def open(self, timeout_s: float) -> None:
        """Open it; one that is open already is closed first. What an older conversation left is gone.

        Raises:
            LinkOpenError: It did not work, and why; nothing was sent.
        """

    def write(self, data: bytes, deadline: float) -> None:
        """Write all of *data* once.

        Raises:
            LinkClosedError: Not all of it; ``effect`` is ``"nothing_sent"`` only if no byte of it was taken.
        """

    def read_some(self, deadline: float) -> bytes:
        """Return what is there, at least one byte, or nothing at the deadline.

        What is there already is returned even if the deadline has passed.

        Raises:
            LinkClosedError: The other side closed the line, it was unplugged, or somebody cancelled.
        """

    def peer_closed(self) -> bool:
        """Look, without writing and without waiting, whether the other side has closed the line.

        Raises:
            LinkClosedError: This side has; nothing was sent.
        """

    def cancel(self) -> None:
        """End the conversation from any thread: whoever reads or writes leaves within half a second.

        It stays ended until the stream is opened again; nothing is freed.
        """

    def close(self) -> None:
        """Cancel, and give back what the stream holds; harmless when it is closed already."""
