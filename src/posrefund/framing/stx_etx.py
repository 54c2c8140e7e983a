"""``STX body ETX LRC``: the family of Concert, Transbank, ECR17, PAX and the Chinese MIS tills. Floor 2.

Refuses a wrong LRC, a body that no such line can carry, and lengths that do not lead to ETX. The LRC may be any
byte, ``03`` and ``06`` too: it is consumed by count. A text holds no control codes but separators, blanks and
escape, for an XOR cannot see what they would hide: with LRC ``03`` one flipped bit in ETX makes a longer
frame that checks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.framing.checks import lrc
from posrefund.framing.contract import (
    BODY_BYTES_MAX,
    Control,
    Damaged,
    Progress,
    require,
    require_body,
)
from posrefund.framing.serial import SerialFramer

if TYPE_CHECKING:
    from posrefund.framing.contract import Event, Reason

__all__ = ["STXETX", "STXETXFramer"]

_SOH, _STX, _ETX, _EOT = b"\x01", b"\x02", b"\x03", b"\x04"
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1a]")
_BCD_BYTES = 2
_BCD_MAX = 9999
_ACK_FRAME_BYTES = 3


@dataclass(frozen=True, slots=True)
class STXETX:
    """How such a line is spoken.

    Attributes:
        check: An ``xor`` byte after ETX, or ``none``.
        base: What the XOR begins with; ECR17 has ``7F``.
        covers_stx: Whether the XOR covers STX.
        covers_etx: Whether it covers ETX.
        length: ``bcd``: two bytes after STX say how long the body is, and it may hold any byte.
        text: Whether the body is text; one with control codes is then refused. Not with a length.
        controls: What is said between frames.
        control_frames: Whether ACK and NAK are frames: the code, ETX and the check byte.
        progress_bytes: Length of the text between SOH and EOT; 0 where there is none.
        body_bytes_max: 1 to 65 535; at most 9999 with a length.

    Raises:
        ConfigError: One of them is something else, or they do not go together.

    Source:
        Transbank POS Integrado and Nexi ECR17 as published, Concert and a Chinese MIS till as public
        drivers speak them.

    Example:
        >>> from posrefund.framing import STXETX, STXETXFramer
        >>> STXETXFramer(STXETX()).frame(b"0100").hex()
        '02303130300302'
    """

    check: Literal["xor", "none"] = "xor"
    base: int = 0
    covers_stx: bool = False
    covers_etx: bool = True
    length: Literal["none", "bcd"] = "none"
    text: bool = True
    controls: frozenset[Control] = frozenset(Control)
    control_frames: bool = False
    progress_bytes: int = 0
    body_bytes_max: int = BODY_BYTES_MAX

    def __post_init__(self) -> None:
        require(self.check in ("xor", "none"), "a check xor or none")
        require(self.length in ("none", "bcd"), "a length none or bcd")
        require(self.base in range(256), "a base of one byte")
        require(not (self.text and self.length == "bcd"), "no text rule where there is a length")
        require(self.controls <= frozenset(Control), "controls")
        require(self.check == "xor" or not self.control_frames, "a check where controls are frames")
        require(self.progress_bytes in range(BODY_BYTES_MAX), "0 to 4095 bytes of progress")
        longest = _BCD_MAX if self.length == "bcd" else 0xFFFF
        require(self.body_bytes_max in range(1, longest + 1), f"a bound of 1 to {longest} bytes")


class STXETXFramer(SerialFramer):
    """Writes and finds such frames.

    Args:
        line: How the line is spoken.

    Example:
        >>> from posrefund.framing import STXETX, STXETXFramer
        >>> STXETXFramer(STXETX()).feed(bytes.fromhex("06 02303130300302"))
        [<Control.ACK: 6>, b'0100']
    """

    def __init__(self, line: STXETX | None = None) -> None:
        self.line = line = line or STXETX()
        self._head_bytes = 1 + (_BCD_BYTES if line.length == "bcd" else 0)
        super().__init__(
            _STX + (_SOH if line.progress_bytes else b""),
            line.controls,
            mark_at_max=self._head_bytes + line.body_bytes_max,
            tail_bytes=1 + (line.check == "xor"),
        )

    @property
    def held_bytes_max(self) -> int:
        """One byte less than the longest frame or progress."""
        return max(super().held_bytes_max, self.line.progress_bytes + 1, _ACK_FRAME_BYTES - 1)

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* between STX and ETX with its check byte.

        Raises:
            FramingError: It is empty or too long, or this line cannot carry it.
        """
        line = self.line
        require_body(0 < len(body) <= line.body_bytes_max, f"1 to {line.body_bytes_max} bytes")
        length = b""
        if line.length == "bcd":
            length = bytes.fromhex(f"{len(body):04d}")
        else:
            require_body(_ETX not in body, "a body without ETX")
            require_body(not (line.text and _NO_TEXT.search(body)), "a text without control codes")
        return _STX + length + body + _ETX + self._check(length + body)

    def control(self, said: Control) -> bytes:
        """Return the bytes that say it.

        Raises:
            FramingError: This line does not know it.
        """
        code = super().control(said)
        return code + self._after_code(code) if self._is_framed(said) else code

    def _check(self, covered: bytes) -> bytes:
        line = self.line
        if line.check == "none":
            return b""
        around = (_STX if line.covers_stx else b"") + (_ETX if line.covers_etx else b"")
        return bytes((lrc(covered, lrc(around, line.base)),))

    def _is_framed(self, code: int) -> bool:
        return self.line.control_frames and code in (Control.ACK, Control.NAK)

    def _after_code(self, code: bytes) -> bytes:
        return _ETX + bytes((lrc(code + (_ETX if self.line.covers_etx else b""), self.line.base),))

    def _open(self, events: list[Event]) -> bool:
        code = self._held[0]
        if code == _STX[0]:
            return self._begin(self._head_bytes, events)
        if code == _SOH[0]:
            return self._open_progress(events)
        if self._is_framed(code):
            return self._open_control(events)
        return self._say(Control(code), 1, events)

    def _open_progress(self, events: list[Event]) -> bool:
        size = self.line.progress_bytes + 2
        if len(self._held) < size:
            return False
        if self._held[size - 1] != _EOT[0]:
            return self._say(Damaged("end", self._consumed_bytes, size), size, events)
        return self._say(Progress(bytes(self._held[1 : size - 1])), size, events)

    def _open_control(self, events: list[Event]) -> bool:
        code, after = bytes(self._held[:1]), self._held[1:_ACK_FRAME_BYTES]
        if not after:
            return False
        if after[0] != _ETX[0]:
            return self._say(Damaged("control", self._consumed_bytes, 1), 1, events)
        if len(after) < _ACK_FRAME_BYTES - 1:
            return False
        right = after == self._after_code(code)
        damage = Damaged("check", self._consumed_bytes, _ACK_FRAME_BYTES)
        return self._say(Control(code[0]) if right else damage, _ACK_FRAME_BYTES, events)

    def _read(self, events: list[Event]) -> bool:
        if self.line.length == "bcd":
            if len(self._held) < self._head_bytes:
                return False
            if self._length() < 0:
                return self._give_up("length", self._head_bytes, events)
        return super()._read(events)

    def _length(self) -> int:
        digits = self._held[1 : self._head_bytes].hex()
        length = int(digits) if digits.isdecimal() else -1
        return length if length <= self.line.body_bytes_max else -1

    def _find_mark(self) -> int:
        if self.line.length == "bcd":
            return self._head_bytes + self._length()
        window = self._mark_at_max + 1
        at = self._held.find(_ETX, self._seen_bytes, window)
        self._seen_bytes = at if at >= 0 else min(len(self._held), window)
        return at

    def _judge(self, mark_at: int, end: int) -> bytes | Reason:
        held = self._held
        if held[mark_at] != _ETX[0]:
            return "end"
        if held[mark_at + 1 : end] != self._check(bytes(held[1:mark_at])):
            return "check"
        body = bytes(held[self._head_bytes : mark_at])
        if not body:
            return "empty"
        return "control" if self.line.text and _NO_TEXT.search(body) else body
