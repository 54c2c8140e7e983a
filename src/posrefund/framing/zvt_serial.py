"""ZVT on a serial line: ``DLE STX command DLE ETX CRC``, each DLE of the command doubled. Floor 2.

Refuses a wrong CRC and a DLE before anything else. The CRC is KERMIT over the command and ETX, before doubling,
low byte first, itself not doubled. The body is the whole command (``CC II LL data``), as in ``zvt_tcp``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.framing.checks import crc_kermit
from posrefund.framing.contract import BODY_BYTES_MAX, Control, require, require_body
from posrefund.framing.serial import SerialFramer

if TYPE_CHECKING:
    from posrefund.framing.contract import Event, Reason

__all__ = ["ZVTSerial", "ZVTSerialFramer"]

_DLE, _STX, _ETX = 0x10, 0x02, 0x03
_START, _END, _DOUBLED, _ONE = b"\x10\x02", b"\x10\x03", b"\x10\x10", b"\x10"
_STUFFED = re.compile(rb"(?:[^\x10]++|\x10\x10)*+")
_CONTROLS = (Control.ACK, Control.NAK)
_MARK_BYTES, _CHECK_BYTES = 2, 2


@dataclass(frozen=True, slots=True)
class ZVTSerial:
    """How ZVT stands on a serial line.

    Attributes:
        body_bytes_max: Longest command with its head, 1 to 65 540 bytes.

    Raises:
        ConfigError: It is something else.

    Source:
        ZVT transport protocol PA00P016. Its text says CRC-XMODEM; its polynomial is KERMIT's.
    """

    body_bytes_max: int = BODY_BYTES_MAX

    def __post_init__(self) -> None:
        require(self.body_bytes_max in range(1, 65_541), "a bound of 1 to 65540 bytes")


class ZVTSerialFramer(SerialFramer):
    """Writes and finds such frames.

    Args:
        line: Its bound.

    Example:
        >>> from posrefund.framing import ZVTSerialFramer
        >>> ZVTSerialFramer().frame(bytes.fromhex("800000")).hex(" ", 1)
        '10 02 80 00 00 10 03 f5 1f'
    """

    def __init__(self, line: ZVTSerial | None = None) -> None:
        self.line = line or ZVTSerial()
        super().__init__(
            _ONE,
            _CONTROLS,
            mark_at_max=_MARK_BYTES + 2 * self.line.body_bytes_max,
            tail_bytes=_MARK_BYTES + _CHECK_BYTES,
        )
        self._broken = False

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* with every DLE doubled, between its marks, and its CRC.

        Raises:
            FramingError: It is empty or too long.
        """
        longest = self.line.body_bytes_max
        require_body(0 < len(body) <= longest, f"1 to {longest} bytes")
        check = crc_kermit(body + bytes((_ETX,)))
        return _START + body.replace(_ONE, _DOUBLED) + _END + check

    def _open(self, events: list[Event]) -> bool:
        code = self._held[0]
        if code != _DLE:
            return self._say(Control(code), 1, events)
        if len(self._held) < _MARK_BYTES:
            return False
        if self._held[1] == _STX:
            self._broken = False
            return self._begin(_MARK_BYTES, events)
        self._skip_noise(1, events)
        return True

    def _find_mark(self) -> int:
        """Step from DLE to DLE; one before anything else than itself, STX and ETX breaks the frame."""
        while self._seen_bytes <= self._mark_at_max:
            found = _STUFFED.match(self._held, self._seen_bytes, self._mark_at_max + 1)
            at = self._seen_bytes = found.end() if found else self._seen_bytes
            if at > self._mark_at_max or at + _MARK_BYTES > len(self._held):
                break
            after = self._held[at + 1]
            if after in (_STX, _ETX):
                return at
            self._broken |= after != _DLE  # doubled, but across the bound
            self._seen_bytes = at + _MARK_BYTES
        return -1

    def _restarts(self, mark_at: int) -> bool:
        return self._held[mark_at + 1] == _STX

    def _judge(self, mark_at: int, end: int) -> bytes | Reason:
        if self._broken:
            return "escape"
        body = bytes(self._held[_MARK_BYTES:mark_at]).replace(_DOUBLED, _ONE)
        if self._held[mark_at + _MARK_BYTES : end] != crc_kermit(body + bytes((_ETX,))):
            return "check"
        return (body or "empty") if len(body) <= self.line.body_bytes_max else "too long"
