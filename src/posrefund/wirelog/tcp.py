"""A TCP conversation made up around what passed on a stream, for the tools that read captures; and back. Floor 6.

Right checksums, a handshake, sequence numbers and a farewell: Wireshark joins the segments as it would those of
a real one. The addresses are of those that no network has (RFC 5737).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.wirelog.entry import Way

__all__ = ["Conversation", "Segment", "read_segment"]

_HERE, _THERE = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
_IP_BYTES, _TCP_BYTES = 20, 20
_SEGMENT_BYTES = 1460
_FIN, _SYN, _PSH, _ACK = 0x01, 0x02, 0x08, 0x10
_FREE_PORTS, _FREE_PORTS_COUNT = 49_152, 16_384
_TCP = 6
_ANY = 1 << 32


class Conversation:
    """The packets of one connection from here to *port*.

    Args:
        port: Of the host.
        seed: Tells one connection from the next in the same file; a moment will do.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._ports = (_FREE_PORTS + seed % _FREE_PORTS_COUNT, port)
        self._next = [seed % _ANY, (seed * 7 + 1) % _ANY]

    def begin(self) -> Iterator[bytes]:
        """Yield the handshake."""
        yield self._packet(0, _SYN, b"", acknowledges=False)
        yield self._packet(1, _SYN | _ACK, b"")
        yield self._packet(0, _ACK, b"")

    def say(self, way: Way, data: bytes) -> Iterator[bytes]:
        """Yield the segments of *data*."""
        for at in range(0, len(data), _SEGMENT_BYTES):
            yield self._packet(way == "received", _PSH | _ACK, data[at : at + _SEGMENT_BYTES])

    def end(self) -> Iterator[bytes]:
        """Yield the farewell."""
        yield self._packet(0, _FIN | _ACK, b"")
        yield self._packet(1, _FIN | _ACK, b"")
        yield self._packet(0, _ACK, b"")

    def _packet(self, side: int, flags: int, data: bytes, *, acknowledges: bool = True) -> bytes:
        source, target = (_HERE, _THERE) if side == 0 else (_THERE, _HERE)
        theirs = self._next[1 - side] if acknowledges else 0
        ports = (self._ports[side], self._ports[1 - side])
        head = (*ports, self._next[side], theirs, 5 << 4, flags, 65_535)
        self._next[side] = (self._next[side] + len(data) + bool(flags & (_SYN | _FIN))) % _ANY
        around = source + target + struct.pack(">HH", _TCP, _TCP_BYTES + len(data))
        tcp = _summed(">HHIIBBHHH", head, 0, around, data)
        ip = (0x45, 0, _IP_BYTES + len(tcp) + len(data), 0, 0x4000, 64, _TCP)
        return _summed(">BBHHHBBH8s", ip, source + target) + tcp + data


def _summed(
    form: str, before: tuple[int, ...], after: object, around: bytes = b"", data: bytes = b""
) -> bytes:
    """Return a header with its checksum, which stands between *before* and *after*."""
    head = struct.pack(form, *before, 0, after)
    return struct.pack(form, *before, _checksum(around + head + data), after)


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Segment(NamedTuple):
    """What one packet says.

    Attributes:
        source: Address and port.
        target: Address and port.
        begins: Whether it asks for a connection.
        ends: Whether nothing follows from its source.
        data: What it carries.
    """

    source: tuple[bytes, int]
    target: tuple[bytes, int]
    begins: bool
    ends: bool
    data: bytes


def read_segment(packet: bytes, offset_bytes: int) -> Segment | None:
    """Return what a packet of IPv4 carries of TCP, or None if it carries something else.

    Raises:
        DecodeError: It is shorter than it says.
    """
    if not packet or packet[0] >> 4 != 4:
        return None
    if len(packet) < _IP_BYTES:
        raise DecodeError("packet", "a header of IPv4", offset_bytes=offset_bytes)
    tcp_at, end = 4 * (packet[0] & 0x0F), int.from_bytes(packet[2:4], "big")
    if packet[9] != _TCP or int.from_bytes(packet[6:8], "big") & 0x1FFF:
        return None
    if tcp_at < _IP_BYTES or not tcp_at + _TCP_BYTES <= end <= len(packet):
        raise DecodeError("packet", "IPv4 and TCP, whole", offset_bytes=offset_bytes)
    source_port, target_port, _, _, where, flags = struct.unpack_from(">HHIIBB", packet, tcp_at)
    data_at = tcp_at + 4 * (where >> 4)
    if not tcp_at + _TCP_BYTES <= data_at <= end:
        raise DecodeError("packet", "a header of TCP", offset_bytes=offset_bytes + tcp_at)
    return Segment(
        (packet[12:16], source_port),
        (packet[16:20], target_port),
        flags & (_SYN | _ACK) == _SYN,
        bool(flags & _FIN),
        packet[data_at:end],
    )
