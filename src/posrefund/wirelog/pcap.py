"""Classic capture files (pcap), as Wireshark reads them: written and read, in plain Python. Floor 6: no I/O here.

Two link types: 101, IP packets, where a TCP conversation is made up around the bytes of a stream; and 147, free
for users, where each packet is what passed on a serial line. Reading refuses what is cut or out of bounds.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HEADER_BYTES", "RAW_IP", "USER0", "Packet", "file_header", "read_packets", "record"]

RAW_IP, USER0 = 101, 147
"""LINKTYPE_RAW and LINKTYPE_USER0 of tcpdump.org/linktypes.html."""
HEADER_BYTES = 24
_RECORD_BYTES = 16
_MICROSECONDS, _NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
_PACKET_BYTES_MAX = 65_535
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Packet(NamedTuple):
    """One packet of a capture.

    Attributes:
        time: When it was seen.
        link_type: What its first byte belongs to.
        data: The packet.
        offset_bytes: Where its data begin in the file.
    """

    time: datetime
    link_type: int
    data: bytes
    offset_bytes: int


def file_header(link_type: int) -> bytes:
    """Return the beginning of a file."""
    return struct.pack("<IHHiIII", _MICROSECONDS, 2, 4, 0, 0, _PACKET_BYTES_MAX, link_type)


def record(time: datetime, data: bytes) -> bytes:
    """Return one packet, as it stands in a file."""
    since = time - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    return struct.pack("<IIII", seconds, since.microseconds, len(data), len(data)) + data


def read_packets(capture: bytes) -> Iterator[Packet]:
    """Yield the packets of a capture, written on a machine of either byte order.

    Raises:
        DecodeError: It is no such file, or ends within a packet; those before it have been yielded.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.wirelog.pcap import USER0, file_header, read_packets, record
        >>> now = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)
        >>> [packet.data for packet in read_packets(file_header(USER0) + record(now, b"OPN"))]
        [b'OPN']
    """
    order, parts_of_a_second, link_type = _header(capture)
    at = HEADER_BYTES
    while at < len(capture):
        if len(capture) - at < _RECORD_BYTES:
            raise DecodeError("packet", f"{_RECORD_BYTES} bytes", offset_bytes=at)
        seconds, parts, length, _ = struct.unpack_from(f"{order}IIII", capture, at)
        data_at = at + _RECORD_BYTES
        if length > min(_PACKET_BYTES_MAX, len(capture) - data_at):
            raise DecodeError("packet", f"{length} bytes of at most 65535", offset_bytes=at)
        moment = timedelta(seconds=seconds, microseconds=parts * 1_000_000 // parts_of_a_second)
        at = data_at + length
        yield Packet(_EPOCH + moment, link_type, capture[data_at:at], data_at)


def _header(capture: bytes) -> tuple[str, int, int]:
    """Return the byte order, the parts of a second and the link type."""
    if len(capture) >= HEADER_BYTES:
        for order in ("<", ">"):
            magic, _, _, _, _, _, link_type = struct.unpack_from(f"{order}IHHiIII", capture)
            if magic in (_MICROSECONDS, _NANOSECONDS):
                parts = 1_000_000 if magic == _MICROSECONDS else 1_000_000_000
                return order, parts, link_type & 0xFFFF
    raise DecodeError("capture", "the header of a pcap file", offset_bytes=0)
