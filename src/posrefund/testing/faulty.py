"""A stream on which things go wrong, at a byte that the test names. Floor 10.

Nothing is drawn by lot and nothing waits: the same faults give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import LinkClosedError
from posrefund.testing.wrapping import WrappingStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.errors import Effect
    from posrefund.link import Stream

__all__ = ["FaultyStream", "StreamFaults"]


@dataclass(frozen=True, slots=True)
class StreamFaults:
    """What goes wrong; positions count the bytes of one conversation.

    Attributes:
        read_bytes_at_most: Nothing comes in larger pieces.
        noise: Comes before the first byte from the other side.
        flips: Position of a byte that is read, and the bits that change in it.
        cut_read_at: The line breaks when so many bytes have been read.
        cut_write_at: It breaks when so many have been written.
        swallow_writes: It takes every byte and loses it, as a half-open line does.
    """

    read_bytes_at_most: int = 8192
    noise: bytes = b""
    flips: Mapping[int, int] = field(default_factory=dict)
    cut_read_at: int | None = None
    cut_write_at: int | None = None
    swallow_writes: bool = False


class FaultyStream(WrappingStream):
    """*inner* with *faults*; without any it is *inner*.

    Attributes:
        faults: What goes wrong; may be replaced between two calls.
    """

    def __init__(self, inner: Stream, faults: StreamFaults | None = None) -> None:
        super().__init__(inner)
        self.faults = faults or StreamFaults()
        self._ahead = bytearray()
        self._read_bytes = self._written_bytes = 0

    def open(self, timeout_s: float) -> None:
        """Open the inner stream; positions count from here.

        Raises:
            LinkOpenError: It did not work; nothing was sent.
        """
        self._ahead[:] = b""
        self._read_bytes = self._written_bytes = 0
        self._inner.open(timeout_s)
        self._ahead += self.faults.noise

    @closed
    def write(self, data: bytes, deadline: float) -> None:
        """Write *data* as far as the faults let it.

        Raises:
            LinkClosedError: The line broke; ``effect`` is ``"nothing_sent"`` only if no byte of it left.
        """
        left = bytes(data)
        cut_at = self.faults.cut_write_at
        if cut_at is not None:
            left = left[: max(0, cut_at - self._written_bytes)]
        if left and not self.faults.swallow_writes:
            self._inner.write(left, deadline)
        self._written_bytes += len(left)
        if len(left) < len(data):
            self._inner.cancel()
            effect: Effect = "in_doubt" if left else "nothing_sent"
            raise LinkClosedError("sending failed: cut by the test", effect=effect)

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, as the faults leave it, or nothing at the deadline.

        Raises:
            LinkClosedError: The line broke, or as the inner stream says.
        """
        if not self._ahead:
            self._ahead += self._inner.read_some(deadline)
        size = self.faults.read_bytes_at_most
        if self.faults.cut_read_at is not None:
            size = min(size, self.faults.cut_read_at - self._read_bytes)
            if size <= 0:
                self._inner.cancel()
                raise LinkClosedError("receiving failed: cut by the test", effect="in_doubt")
        found = bytes(
            byte ^ self.faults.flips.get(self._read_bytes + at, 0)
            for at, byte in enumerate(self._ahead[:size])
        )
        del self._ahead[:size]
        self._read_bytes += len(found)
        return found
