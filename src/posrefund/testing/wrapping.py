"""A stream around another one that changes nothing: what watches or breaks a stream begins with it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed

if TYPE_CHECKING:
    from posrefund.link import Stream

__all__ = ["WrappingStream"]


class WrappingStream:
    """*inner*, to the byte; override what has to be different.

    Args:
        inner: What carries the bytes; this stream opens and closes it.

    Example:
        >>> from posrefund.testing import WrappingStream, pipe
        >>> near, far = pipe()
        >>> WrappingStream(near).name
        'pipe'
    """

    def __init__(self, inner: Stream) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The inner stream's."""
        return self._inner.name

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
        self._inner.write(data, deadline)

    @closed
    def read_some(self, deadline: float) -> bytes:
        """Return what is there, at least one byte, or nothing at the deadline.

        Raises:
            LinkClosedError: As the inner stream says.
        """
        return self._inner.read_some(deadline)

    def peer_closed(self) -> bool:
        """Whether the inner stream's other side has closed it.

        Raises:
            LinkClosedError: This side has; nothing was sent.
        """
        return self._inner.peer_closed()

    def cancel(self) -> None:
        """End the conversation from any thread."""
        self._inner.cancel()

    def close(self) -> None:
        """Close the inner stream."""
        self._inner.close()
