"""ABECS PIN pads: ``SYN data ETB CRC``, three bytes of the data written as escapes. Floor 2.

Refuses a wrong CRC and a wrong escape. The CRC is XMODEM over the data and ETB, before escaping, high byte first,
itself not escaped. SYN and ETB stand nowhere else in a frame, so a lost end is found at the next SYN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.framing.checks import crc_xmodem
from posrefund.framing.contract import Control, require, require_body
from posrefund.framing.serial import SerialFramer

if TYPE_CHECKING:
    from posrefund.framing.contract import Event, Reason

__all__ = ["ABECS", "ABECSFramer"]

_DC3, _SYN, _ETB = b"\x13", b"\x16", b"\x17"
_MARK = re.compile(rb"[\x16\x17]")
_SPECIAL = re.compile(rb"[\x13\x16\x17]")
_ESCAPED = re.compile(rb"\x13([\x33\x36\x37])")
_WRONG = re.compile(rb"\x13(?![\x33\x36\x37])")
_SHIFT = 0x20
_BODY_BYTES_MAX = 2049
_CONTROLS = (Control.ACK, Control.NAK, Control.CAN, Control.EOT)


@dataclass(frozen=True, slots=True)
class ABECS:
    """How a PIN pad is spoken to.

    Attributes:
        body_bytes_max: Longest data before escaping, 1 to 65 535 bytes.

    Raises:
        ConfigError: It is something else.

    Source:
        ABECS PIN pad protocol 2.12: frames, escapes, CRC and 2049 bytes.
    """

    body_bytes_max: int = _BODY_BYTES_MAX

    def __post_init__(self) -> None:
        require(self.body_bytes_max in range(1, 65_536), "a bound of 1 to 65535 bytes")


class ABECSFramer(SerialFramer):
    """Writes and finds such frames.

    Args:
        line: Its bound.

    Example:
        >>> from posrefund.framing import ABECSFramer
        >>> ABECSFramer().frame(b"OPN").hex()
        '164f504e17a8a9'
    """

    def __init__(self, line: ABECS | None = None) -> None:
        self.line = line or ABECS()
        longest = 1 + 2 * self.line.body_bytes_max
        super().__init__(_SYN, _CONTROLS, mark_at_max=longest, tail_bytes=3)

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* escaped between SYN and ETB, and its CRC.

        Raises:
            FramingError: It is empty or too long.
        """
        longest = self.line.body_bytes_max
        require_body(0 < len(body) <= longest, f"1 to {longest} bytes")
        return _SYN + _SPECIAL.sub(_escape, body) + _ETB + crc_xmodem(body + _ETB)

    def _open(self, events: list[Event]) -> bool:
        code = self._held[0]
        if code == _SYN[0]:
            return self._begin(1, events)
        return self._say(Control(code), 1, events)

    def _find_mark(self) -> int:
        window = self._mark_at_max + 1
        found = _MARK.search(self._held, self._seen_bytes, window)
        self._seen_bytes = found.start() if found else min(len(self._held), window)
        return found.start() if found else -1

    def _restarts(self, mark_at: int) -> bool:
        return self._held[mark_at] == _SYN[0]

    def _judge(self, mark_at: int, end: int) -> bytes | Reason:
        escaped = bytes(self._held[1:mark_at])
        if _WRONG.search(escaped):
            return "escape"
        body = _ESCAPED.sub(_restore, escaped)
        if self._held[mark_at + 1 : end] != crc_xmodem(body + _ETB):
            return "check"
        return (body or "empty") if len(body) <= self.line.body_bytes_max else "too long"


def _escape(found: re.Match[bytes]) -> bytes:
    return _DC3 + bytes((found[0][0] + _SHIFT,))


def _restore(found: re.Match[bytes]) -> bytes:
    return bytes((found[1][0] - _SHIFT,))
