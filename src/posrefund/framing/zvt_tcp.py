"""ZVT over TCP: commands one after another, each with its own length, nothing around them. Floor 2.

Refuses lengths beyond the bound. The body is the whole command (``CC II LL data``), as in ``zvt_serial``.
"""

from __future__ import annotations

from dataclasses import dataclass

from posrefund.closed import closed
from posrefund.framing.contract import BODY_BYTES_MAX, require, require_body
from posrefund.framing.stream import Bytes, StreamFramer

__all__ = ["ZVTTCP", "ZVTTCPFramer"]

_HEAD_BYTES, _LONG_HEAD_BYTES = 3, 5
_LONG = 0xFF


@dataclass(frozen=True, slots=True)
class ZVTTCP:
    """How ZVT stands on a stream.

    Attributes:
        body_bytes_max: Longest command with its head, 3 to 65 540 bytes.

    Raises:
        ConfigError: It is something else.

    Source:
        ZVT transport protocol PA00P016: ``LL``, or ``FF`` and two bytes, low byte first.
    """

    body_bytes_max: int = BODY_BYTES_MAX

    def __post_init__(self) -> None:
        longest = _LONG_HEAD_BYTES + 0xFFFF
        require(self.body_bytes_max in range(_HEAD_BYTES, longest + 1), f"3 to {longest} bytes")


class ZVTTCPFramer(StreamFramer):
    """Cuts a stream into ZVT commands.

    Args:
        line: Its bound.

    Example:
        >>> from posrefund.framing import ZVTTCPFramer
        >>> framer = ZVTTCPFramer()
        >>> [body.hex() for body in framer.feed(bytes.fromhex("800000060F00"))]
        ['800000', '060f00']
    """

    def __init__(self, line: ZVTTCP | None = None) -> None:
        self.line = line or ZVTTCP()
        super().__init__(_HEAD_BYTES)

    @property
    def held_bytes_max(self) -> int:
        """One byte less than the longest command."""
        return self.line.body_bytes_max - 1

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* as it is.

        Raises:
            FramingError: Its length is not what it says, or too much.
        """
        require_body(
            len(body) >= _HEAD_BYTES and len(body) == _size_bytes(body, 0), "CC II LL and LL bytes"
        )
        require_body(len(body) <= self.line.body_bytes_max, self._bound())
        return body

    def _cut(self, data: Bytes, bodies: list[Bytes]) -> int:
        at, have_bytes = 0, len(data)
        self._need_bytes = _HEAD_BYTES
        while have_bytes - at >= _HEAD_BYTES:
            size_bytes = _size_bytes(data, at)
            if size_bytes > self.line.body_bytes_max:
                self._refuse(self._bound(), at)
                break
            if at + size_bytes > have_bytes:
                self._need_bytes = size_bytes
                break
            bodies.append(data[at : at + size_bytes])
            at += size_bytes
        return at

    def _bound(self) -> str:
        return f"a command of at most {self.line.body_bytes_max} bytes"


def _size_bytes(data: bytes | bytearray, at: int) -> int:
    """How long the command is, as far as its head is there: never more than it will be."""
    if data[at + 2] != _LONG:
        return _HEAD_BYTES + data[at + 2]
    long = data[at + _HEAD_BYTES : at + _LONG_HEAD_BYTES]
    length = int.from_bytes(long, "little") if len(long) == _LONG_HEAD_BYTES - _HEAD_BYTES else 0
    return _LONG_HEAD_BYTES + length
