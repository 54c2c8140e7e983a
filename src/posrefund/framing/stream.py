"""What the framings of a stream share: holding half a frame, and refusing for good. Floor 2: pure bytes.

Bytes are looked at again only when something can be complete: time is linear however small the pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

from posrefund.closed import closed
from posrefund.errors import FramingError

__all__ = ["Bytes", "StreamFramer"]

Bytes = TypeVar("Bytes", bytes, bytearray)
"""What is cut: a chunk as it came, or what was held with the chunk behind it."""


class StreamFramer(ABC):
    """Cuts a stream; after a ``FramingError`` it gives the same one again: close the line.

    Args:
        smallest_bytes: Fewer than this are nothing yet.
    """

    def __init__(self, smallest_bytes: int) -> None:
        self._held = bytearray()
        self._smallest_bytes = self._need_bytes = smallest_bytes
        self._consumed_bytes = 0
        self._refused: tuple[str, int] | None = None

    @closed
    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes as they come and return the bodies that are complete now.

        What was complete before a wrong byte is returned; the error comes with the next call.

        Raises:
            FramingError: What follows is no frame.
        """
        bodies: list[bytes] = []
        if self._refused is None:
            self._take(chunk, bodies)
        if self._refused and not bodies:
            self._raise(*self._refused)
        return bodies

    def _take(self, chunk: bytes, bodies: list[bytes]) -> None:
        held = self._held
        if held or len(chunk) < self._need_bytes:
            held += chunk
            if len(held) < self._need_bytes:
                return
            cut: list[bytearray] = []
            at = self._cut(held, cut)
            bodies.extend(map(bytes, cut))
            del held[:at]
        else:  # whole frames mostly: cut where they lie
            at = self._cut(chunk, bodies)
            held += chunk[at:]
        self._consumed_bytes += at
        if self._refused:
            held.clear()

    @closed
    def end(self) -> list[bytes]:
        """Nothing more comes; return nothing, for a stream ends between frames.

        Raises:
            FramingError: It ends inside a frame.
        """
        if self._held and self._refused is None:
            self._refuse("the rest of a frame", len(self._held))
            self._held.clear()
        if self._refused:
            self._raise(*self._refused)
        return []

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are waiting."""
        return len(self._held)

    @abstractmethod
    def _cut(self, data: Bytes, bodies: list[Bytes]) -> int:
        """Add the whole frames of *data* to *bodies*; return where the first unfinished one begins.

        Sets how many bytes that one needs, or refuses.
        """

    def _refuse(self, expected: str, at: int) -> None:
        """Nothing after byte *at* of what is being cut is worth reading."""
        self._refused = expected, self._consumed_bytes + at

    @staticmethod
    def _raise(expected: str, offset_bytes: int) -> None:
        raise FramingError(expected, offset_bytes=offset_bytes)
