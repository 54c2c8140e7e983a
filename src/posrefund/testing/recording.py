"""A stream that remembers what went over it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed

if TYPE_CHECKING:
    from posrefund.link import Stream

__all__ = ["RecordingStream"]

Direction = Literal["sent", "received"]


class RecordingStream:
    """*inner*, and everything that passes it; that holds card data, so it is for tests only.

    Attributes:
        passed: ``("sent" or "received", bytes)``, oldest first, as the stream cut them. What a failed write
            took is not known, so all of it stands there.
    """

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self.passed: list[tuple[Direction, bytes]] = []

    @property
    def name(self) -> str:
        """The inner stream's."""
        return self._inner.name

    def bytes_of(self, direction: Direction) -> bytes:
        """Return everything that went in one direction."""
        return b"".join(data for way, data in self.passed if way == direction)

    def open(self, timeout_s: float) -> None:
        """Open the inner stream.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """
        self._inner.open(timeout_s)

    @closed
    def write(self, data: bytes, deadline: float) -> None:
        """Write all of *data* once.

        Raises:
            LinkClosedError: Not all of it; ``effect`` as the inner stream says.
        """
        self.passed.append(("sent", bytes(data)))
        self._inner.write(data, deadline)

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, or nothing at the deadline.

        Raises:
            LinkClosedError: As the inner stream says.
        """
        found = self._inner.read_some(deadline)
        if found:
            self.passed.append(("received", found))
        return found

    def peer_closed(self) -> bool:
        """Whether the inner stream's other side has closed it.

        Raises:
            LinkClosedError: This side has; nothing was sent.
        """
        return self._inner.peer_closed()

    def cancel(self) -> None:
        """End the conversation."""
        self._inner.cancel()

    def close(self) -> None:
        """Close the inner stream; the record stays."""
        self._inner.close()
