"""Every framing under fuzz: any bytes, cut anyhow, on a line with a short bound or the usual one.

The first byte of an input chooses how the line is spoken, the second counts the cuts, the next ones say how long
the pieces are. What a framer delivers must stand in the stream as it would write it itself, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from posrefund.errors import FramingError
from posrefund.framing import (
    ABECS,
    STXETX,
    ZVTTCP,
    ABECSFramer,
    Damaged,
    LengthPrefix,
    LengthPrefixFramer,
    STXETXFramer,
    TagText,
    TagTextFramer,
    ZVTSerial,
    ZVTSerialFramer,
    ZVTTCPFramer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.framing import Event, Framer

__all__ = ["FAMILIES", "Family", "line_seeds"]

_BYTE_BY_BYTE_MAX = 256
_SHORT = 24


@dataclass(frozen=True)
class Family:
    """Lines of one framing.

    Attributes:
        variants: Each makes a framer.
        serial: Whether damage is an event, never an error.
        bodies: What such a line carries, for the seeds.
    """

    variants: tuple[Callable[[], Framer], ...]
    serial: bool
    bodies: tuple[bytes, ...]

    def check(self, data: bytes) -> None:
        """Any split gives the same; nothing escapes; memory is bounded; what is delivered stood there."""
        make = self.variants[data[0] % len(self.variants) if data else 0]
        count = data[1] & 0x0F if len(data) > 1 else 0
        sizes, stream = data[2 : 2 + count], data[2 + count :]
        expected = self._played(make(), [stream])
        assert self._played(make(), _pieces(stream, sizes)) == expected, (
            "in the pieces of this input"
        )
        if len(stream) <= _BYTE_BY_BYTE_MAX:
            assert self._played(make(), _pieces(stream, b"\1" * len(stream))) == expected, "singly"
        _stands_there(make(), expected[0], stream)

    def _played(self, framer: Framer, pieces: list[bytes]) -> tuple[list[Event], int | None]:
        events: list[Event] = []
        try:
            for piece in (*pieces, b""):
                events += framer.feed(piece)
                assert framer.pending_bytes <= framer.held_bytes_max, "never more than one frame"
            events += framer.end()
        except FramingError as refusal:
            assert not self.serial, "a serial line never refuses"
            assert framer.pending_bytes == 0, "nothing is kept of a line that is lost"
            return events, refusal.offset_bytes
        assert framer.pending_bytes == 0, "silence leaves nothing"
        return events, None


def _pieces(stream: bytes, sizes: bytes) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(stream[at : at + size])
        at += size
    return [*pieces, stream[at:]]


def _stands_there(framer: Framer, events: list[Event], stream: bytes) -> None:
    """Walk through *stream*: what was delivered and what was damaged follow one another in it."""
    at, lines = 0, stream.upper()  # a hexadecimal length may be written in small letters
    for event in events:
        if isinstance(event, Damaged):
            assert at <= event.offset_bytes < len(stream), "damage lies behind what came before it"
            at = event.offset_bytes + event.length_bytes
            assert at <= len(stream), "and within the stream"
        elif isinstance(event, bytes) and event:
            framed = framer.frame(event).upper()
            found = lines.find(framed, at)
            assert found >= 0, "what is delivered stands in the stream"
            at = found + len(framed)


def _prefixes() -> Iterator[LengthPrefix]:
    yield LengthPrefix()
    yield LengthPrefix(size=1, counts_itself=True)
    yield LengthPrefix(encoding="bcd", keep_alive="tell")
    yield LengthPrefix(size=4, encoding="ascii", keep_alive="refuse")
    yield LengthPrefix(size=4, encoding="hex", counts_itself=True, body_bytes_max=_SHORT)
    yield LengthPrefix(header=b"\0\0", counts_header=False, keep_alive="tell")
    yield LengthPrefix(trailer=b"\x03", keep_alive="tell", body_bytes_max=_SHORT)


def _stx_lines() -> Iterator[STXETX]:
    yield STXETX()
    yield STXETX(body_bytes_max=_SHORT)
    yield STXETX(base=0x7F, control_frames=True, progress_bytes=20, body_bytes_max=_SHORT)
    yield STXETX(length="bcd", text=False)
    yield STXETX(length="bcd", text=False, body_bytes_max=_SHORT)
    yield STXETX(check="none", text=False, covers_stx=True)


_APDUS = tuple(
    map(bytes.fromhex, ("06310D0000000400000000101049 0978", "800000", "06D1FF020041 10"))
)
FAMILIES: dict[str, Family] = {
    "length-prefix": Family(
        tuple(partial(LengthPrefixFramer, each) for each in _prefixes()),
        serial=False,
        bodies=(b"abc", bytes(20)),
    ),
    "stx-etx": Family(
        tuple(partial(STXETXFramer, each) for each in _stx_lines()),
        serial=True,
        bodies=(b"0100", b"1200|123|", b"0100001234011978"),
    ),
    "zvt-serial": Family(
        (ZVTSerialFramer, lambda: ZVTSerialFramer(ZVTSerial(_SHORT))), serial=True, bodies=_APDUS
    ),
    "zvt-tcp": Family(
        (ZVTTCPFramer, lambda: ZVTTCPFramer(ZVTTCP(_SHORT))), serial=False, bodies=_APDUS
    ),
    "abecs": Family(
        (ABECSFramer, lambda: ABECSFramer(ABECS(_SHORT))),
        serial=True,
        bodies=(b"OPN", b"OPN000", b"\x13\x16\x17"),
    ),
    "tag-text": Family(
        (TagTextFramer, lambda: TagTextFramer(TagText(body_bytes_max=_SHORT))),
        serial=False,
        bodies=(b"CZ0040300CB0041234", b"CZ0040300AE00210"),
    ),
}


def line_seeds(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield inputs for a family: for each way to speak its frames, whole, damaged and in pieces."""
    family = FAMILIES[name]
    for number, make in enumerate(family.variants):
        framer = make()
        line = b"".join(framer.frame(body) for body in family.bodies)
        head = bytes((number, 0))
        yield f"{number}-frames", head + line
        yield f"{number}-pieces", bytes((number, 3, 1, 2, 5)) + line
        yield f"{number}-cut", head + line[:-1]
        yield f"{number}-controls", head + b"\0\x06" + line + b"\x15\x04" + line
        yield f"{number}-flipped", head + line[:4] + bytes((line[4] ^ 1,)) + line[5:] + line
