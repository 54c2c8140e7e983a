"""A stream that remembers what went over it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.testing.wrapping import WrappingStream

if TYPE_CHECKING:
    from posrefund.link import Stream

__all__ = ["RecordingStream"]

Direction = Literal["sent", "received"]


class RecordingStream(WrappingStream):
    """*inner*, and everything that passes it; that holds card data, so it is for tests only.

    Attributes:
        passed: ``("sent" or "received", bytes)``, oldest first, as the stream cut them. What a failed write
            took is not known, so all of it stands there.
    """

    def __init__(self, inner: Stream) -> None:
        super().__init__(inner)
        self.passed: list[tuple[Direction, bytes]] = []

    def bytes_of(self, direction: Direction) -> bytes:
        """Return everything that went in one direction."""
        return b"".join(data for way, data in self.passed if way == direction)

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
