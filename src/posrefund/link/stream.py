"""What carries bytes to a host or a device, whatever it is made of: the only I/O there is. Floor 5.

A stream knows no message. It never opens itself again, never writes a byte twice, and never waits without
a deadline. One thread opens, writes and reads; ``cancel`` and ``close`` may come from any other.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Stream", "drop_stale"]

_STALE_READS_MAX = 64
"""A line that never falls silent is not drained; whatever comes next has to be recognised anyway."""


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


def drop_stale(stream: Stream) -> int:
    """Throw away what has come without a question; return how many bytes that was.

    A choice, not a habit: right before a question whose answer nothing else tells apart. A late answer that is
    still on its way is not dropped by it.

    Raises:
        LinkClosedError: The line is closed.

    Example:
        >>> from posrefund.link import drop_stale
        >>> from posrefund.testing import pipe
        >>> near, far = pipe()
        >>> near.open(1), far.open(1), far.write(b"late answer", 0)
        (None, None, None)
        >>> drop_stale(near), near.read_some(0)
        (11, b'')
        >>> near.close(), far.close()
        (None, None)
    """
    dropped_bytes = 0
    for _ in range(_STALE_READS_MAX):
        chunk = stream.read_some(0)
        dropped_bytes += len(chunk)
        if not chunk:
            break
    return dropped_bytes
