"""The pad's end of the line, from its bytes: packets, CAN, NAK, and what is thrown away. Floor 9.

Written from the paper and not from the driver's framing. Strict as the paper's own diagram: a packet with a wrong
CRC, too long, or with a pause inside is thrown away with all that follows it until the line is silent; then NAK.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Heard", "PadWire", "packet"]

_EOT, _ACK, _DC3, _NAK, _SYN, _ETB, _CAN = 0x04, 0x06, 0x13, 0x15, 0x16, 0x17, 0x18
_ESCAPED = {_DC3: 0x33, _SYN: 0x36, _ETB: 0x37}
_BYTE_S = 2.0
_PACKET_BYTES_MAX = 2049
_CRC_BYTES = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side said.

    Attributes:
        kind: ``packet``, ``cancel``, ``again`` (NAK), or ``damaged`` once the line is silent behind it.
        data: Of a packet.
    """

    kind: Literal["packet", "cancel", "again", "damaged"]
    data: bytes = field(default=b"", repr=False)


def packet(data: bytes) -> bytes:
    """Return *data* as a packet.

    Source:
        ABECS PIN pad protocol 2.12, 2.2.1 and 7.2.

    Example:
        >>> from posrefund.emulators.pinpad.wire import packet
        >>> packet(b"OPN000").hex()
        '164f504e30303017775e'
    """
    body = bytearray()
    for byte in data:
        body += bytes((_DC3, _ESCAPED[byte])) if byte in _ESCAPED else bytes((byte,))
    crc = binascii.crc_hqx(data + bytes((_ETB,)), 0)
    return bytes((_SYN,)) + body + bytes((_ETB,)) + crc.to_bytes(_CRC_BYTES, "big")


class PadWire:
    """Listens byte by byte.

    Args:
        quiet_s: So much silence ends what is thrown away.

    Attributes:
        deadline: When ``silence`` has to be asked.
    """

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._data = bytearray()
        self._tail = bytearray()
        self._state: Literal["idle", "data", "escape", "crc", "dump"] = "idle"
        self.deadline: float | None = None

    def feed(self, chunk: bytes, now: float) -> Iterator[Heard]:
        """Yield what *chunk* says."""
        for byte in chunk:
            if self._state == "idle":
                yield from self._between(byte)
            elif self._state != "dump":
                yield from self._inside(byte)
        if self._state == "idle":
            self.deadline = None
        else:
            self.deadline = now + (self._quiet_s if self._state == "dump" else _BYTE_S)

    def silence(self, now: float) -> Iterator[Heard]:
        """Yield what follows from nothing having come until *now*."""
        if self.deadline is None or now < self.deadline:
            return
        if self._state == "dump":
            self._state, self.deadline = "idle", None
            yield Heard("damaged")
        else:  # a pause inside a packet
            self._state, self.deadline = "dump", now + self._quiet_s

    def _between(self, byte: int) -> Iterator[Heard]:
        if byte == _SYN:
            self._data.clear()
            self._tail.clear()
            self._state = "data"
        elif byte == _CAN:
            yield Heard("cancel")
        elif byte == _NAK:
            yield Heard("again")

    def _inside(self, byte: int) -> Iterator[Heard]:
        if self._state == "crc":
            self._tail.append(byte)
            if len(self._tail) == _CRC_BYTES:
                yield from self._judge()
        elif self._state == "escape":
            self._take(byte - 0x20 if byte in _ESCAPED.values() else None)
        elif byte == _ETB:
            self._state = "crc"
        elif byte == _DC3:
            self._state = "escape"
        else:
            self._take(byte if byte != _SYN else None)

    def _take(self, byte: int | None) -> None:
        if byte is None or len(self._data) >= _PACKET_BYTES_MAX:
            self._state = "dump"
            return
        self._data.append(byte)
        self._state = "data"

    def _judge(self) -> Iterator[Heard]:
        crc = binascii.crc_hqx(bytes(self._data) + bytes((_ETB,)), 0)
        if int.from_bytes(self._tail, "big") == crc:
            self._state = "idle"
            yield Heard("packet", bytes(self._data))
        else:
            self._state = "dump"
