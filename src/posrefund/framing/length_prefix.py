"""A two-byte big-endian length before every message, counting what follows it. Floor 2.

Source: verified on 26 published dumps of UnionPay terminals; jPOS calls it NACChannel.
"""

from __future__ import annotations

from posrefund.closed import closed
from posrefund.errors import FramingError

__all__ = ["LengthPrefixFramer", "frame"]

_PREFIX_BYTES = 2
_FRAME_BYTES_MAX = 4096
"""No POS message comes near it; a larger prefix is noise or an attack (decision 0008)."""


@closed
def frame(message: bytes) -> bytes:
    r"""Return *message* with its length before it.

    Raises:
        FramingError: It is empty or longer than 4096 bytes.

    Example:
        >>> from posrefund.framing import frame
        >>> frame(b"abc")
        b'\x00\x03abc'
    """
    if not 0 < len(message) <= _FRAME_BYTES_MAX:
        expected = f"1 to {_FRAME_BYTES_MAX} bytes"
        refusal = FramingError(expected, offset_bytes=0)
        refusal.effect = "nothing_sent"
        raise refusal
    return len(message).to_bytes(_PREFIX_BYTES, "big") + message


class LengthPrefixFramer:
    r"""Cuts a stream into messages.

    Zero-length frames are keep-alives and are dropped. After a ``FramingError`` the stream has no
    known boundary any more: close it.

    Example:
        >>> from posrefund.framing import LengthPrefixFramer
        >>> framer = LengthPrefixFramer()
        >>> framer.feed(b"\x00\x03ab"), framer.feed(b"c\x00\x01z")
        ([], [b'abc', b'z'])
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._consumed_bytes = 0

    @closed
    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes as they come and return the messages that are complete now.

        What was complete before a wrong prefix is returned; the error comes with the next call.

        Raises:
            FramingError: A prefix announces more than 4096 bytes.
        """
        self._buffer += chunk
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                if message:
                    messages.append(message)
        except FramingError:
            # No boundary is known any more: nothing behind the prefix is worth keeping.
            del self._buffer[_PREFIX_BYTES:]
            if not messages:
                raise
        return messages

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are waiting."""
        return len(self._buffer)

    def _next(self) -> bytes | None:
        if len(self._buffer) < _PREFIX_BYTES:
            return None
        length_bytes = int.from_bytes(self._buffer[:_PREFIX_BYTES], "big")
        if length_bytes > _FRAME_BYTES_MAX:
            expected = f"a length of at most {_FRAME_BYTES_MAX}"
            raise FramingError(expected, offset_bytes=self._consumed_bytes)
        end = _PREFIX_BYTES + length_bytes
        if len(self._buffer) < end:
            return None
        message = bytes(self._buffer[_PREFIX_BYTES:end])
        del self._buffer[:end]
        self._consumed_bytes += end
        return message
