"""A log or a capture, read again: through the framers that a line has, without the line. Floor 6: no I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from posrefund.errors import DecodeError
from posrefund.wirelog.entry import Entry
from posrefund.wirelog.json_lines import read_lines
from posrefund.wirelog.pcap import RAW_IP, USER0, read_packets
from posrefund.wirelog.tcp import read_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posrefund.framing import Event, Framer
    from posrefund.wirelog.entry import Way
    from posrefund.wirelog.pcap import Packet
    from posrefund.wirelog.tcp import Segment

__all__ = ["Replayed", "read_log", "replay"]


class Replayed(NamedTuple):
    """What came out of a framer, and the entry whose bytes completed it.

    Attributes:
        entry: Of the log.
        event: The body of a frame, a control, a progress or damage; None for an entry without bytes.
    """

    entry: Entry
    event: Event | None


def read_log(data: bytes) -> Iterator[Entry]:
    """Yield the entries of JSON lines or of a capture, whichever *data* is.

    A capture holds pieces (``what == "bytes"``); which side is which is seen from who asked for the connection, or
    else from the ports: the smaller one is the host's.

    Raises:
        DecodeError: It is neither, or damaged; what stood before has been yielded.
    """
    if not data or data[:1] in b"{\n \t\r":
        yield from read_lines(data)
    else:
        yield from _of_capture(data)


def _of_capture(data: bytes) -> Iterator[Entry]:
    conversations = _Conversations()
    for packet in read_packets(data):
        if packet.link_type == USER0:
            yield Entry(packet.time, "", 1, "bytes", "", len(packet.data), packet.data)
        elif packet.link_type == RAW_IP:
            segment = read_segment(packet.data, packet.offset_bytes)
            if segment is not None:
                yield from conversations.entries_of(segment, packet)
        else:
            expected = f"packets of link type {RAW_IP} or {USER0}"
            raise DecodeError("capture", expected, offset_bytes=packet.offset_bytes)


class _Conversations:
    """Numbers the connections of a capture, and tells who opened each."""

    def __init__(self) -> None:
        self._of: dict[frozenset[tuple[bytes, int]], tuple[int, tuple[bytes, int]]] = {}
        self._count = 0

    def entries_of(self, segment: Segment, packet: Packet) -> Iterator[Entry]:
        key = frozenset((segment.source, segment.target))
        if segment.begins or key not in self._of:
            self._count += 1
            self._of[key] = self._count, _who_opened(segment)
            yield Entry(packet.time, "", self._count, "open")
        number, opener = self._of[key]
        if segment.data:
            way: Way = "sent" if segment.source == opener else "received"
            yield Entry(packet.time, "", number, "bytes", way, len(segment.data), segment.data)


def _who_opened(segment: Segment) -> tuple[bytes, int]:
    if segment.begins or segment.source[1] >= segment.target[1]:
        return segment.source
    return segment.target


def replay(entries: Iterable[Entry], make: Callable[[], Framer]) -> Iterator[Replayed]:
    """Yield what the framers of a line make of a log.

    Args:
        entries: As ``read_log`` gives them, of one kind of line.
        make: A framer of that line; called for each direction of each conversation.

    Raises:
        FramingError: The bytes are not of such a line.
        DecodeError: As ``read_log``.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.framing import ABECSFramer
        >>> from posrefund.wirelog import Entry, replay
        >>> now = datetime(2026, 3, 9, tzinfo=UTC)
        >>> opened = Entry(now, "abecs", 1, "frame", "sent", 3, ABECSFramer().frame(b"OPN"))
        >>> [found.event for found in replay([opened], ABECSFramer)]
        [b'OPN']
    """
    framers: dict[tuple[str, int, Way], Framer] = {}
    for entry in entries:
        if entry.what == "open":
            framers = {key: each for key, each in framers.items() if key[1] != entry.conversation}
        if not entry.data:
            yield Replayed(entry, None)
            continue
        framer = framers.setdefault((entry.line, entry.conversation, entry.way), make())
        events = [*framer.feed(entry.data)]
        if getattr(framer, "may_end", False) and entry.what == "frame":
            events += framer.end()
        for event in events:
            yield Replayed(entry, event)
