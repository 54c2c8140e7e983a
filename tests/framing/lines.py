"""Every framing under one roof: how to make a framer, what its line can carry, and how to feed it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from posrefund.errors import FramingError
from posrefund.framing import (
    ABECS,
    STXETX,
    ZVTTCP,
    ABECSFramer,
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
    from collections.abc import Callable

    from posrefund.framing import Event, Framer

SHORT = 24
"""Bound of the framers here, in bytes: short enough that random streams pass it."""


@dataclass(frozen=True)
class Line:
    """A framing with a short bound, and bodies that it can carry."""

    make: Callable[[], Framer]
    bodies: st.SearchStrategy[bytes]
    serial: bool = False


def _apdu(head: bytes, data: bytes, long: bool) -> bytes:
    length = b"\xff" + len(data).to_bytes(2, "little") if long else bytes([len(data)])
    return head + length + data


def _tagged(fields: list[tuple[str, bytes]]) -> bytes:
    parts = [b"%s%03d%s" % (tag.encode(), len(value), value) for tag, value in fields]
    return b"CZ0040300" + b"".join(parts)


any_bytes = st.binary(min_size=1, max_size=SHORT)
texts = st.text(st.characters(codec="latin-1", min_codepoint=0x20), min_size=1, max_size=SHORT).map(
    lambda text: text.encode("latin-1")
)
apdus = st.builds(
    _apdu, st.binary(min_size=2, max_size=2), st.binary(max_size=SHORT - 5), st.booleans()
)
fields = st.tuples(st.sampled_from(["AE", "CJ", "B0", "AA"]), st.binary(max_size=2))
tagged = st.lists(fields, max_size=2).map(_tagged)

_PREFIXES = {
    "binary": LengthPrefix(body_bytes_max=SHORT),
    "binary-1": LengthPrefix(size=1, body_bytes_max=SHORT),
    "binary-4-told": LengthPrefix(size=4, keep_alive="tell", body_bytes_max=SHORT),
    "bcd-itself": LengthPrefix(encoding="bcd", counts_itself=True, body_bytes_max=SHORT),
    "ascii-4": LengthPrefix(size=4, encoding="ascii", body_bytes_max=SHORT),
    "hex-4-refused": LengthPrefix(
        size=4, encoding="hex", keep_alive="refuse", body_bytes_max=SHORT
    ),
    "two-zeros": LengthPrefix(
        header=b"\0\0", counts_header=False, keep_alive="tell", body_bytes_max=SHORT
    ),
    "counted-etx": LengthPrefix(trailer=b"\x03", keep_alive="tell", body_bytes_max=SHORT),
    "both": LengthPrefix(
        size=3,
        encoding="ascii",
        header=b"H",
        trailer=b"T",
        counts_trailer=False,
        body_bytes_max=SHORT,
    ),
}
_STX = {
    "text": (STXETX(body_bytes_max=SHORT), texts),
    "ecr17": (
        STXETX(base=0x7F, control_frames=True, progress_bytes=6, body_bytes_max=SHORT),
        texts,
    ),
    "covers-stx": (STXETX(covers_stx=True, covers_etx=False, body_bytes_max=SHORT), texts),
    "unchecked": (
        STXETX(check="none", text=False, body_bytes_max=SHORT),
        any_bytes.filter(lambda body: b"\x03" not in body),
    ),
    "bcd": (STXETX(length="bcd", text=False, body_bytes_max=SHORT), any_bytes),
}


def _prefixed(prefix: LengthPrefix) -> Line:
    return Line(lambda: LengthPrefixFramer(prefix), any_bytes)


def _between(line: STXETX, bodies: st.SearchStrategy[bytes]) -> Line:
    return Line(lambda: STXETXFramer(line), bodies, serial=True)


LINES: dict[str, Line] = {
    **{f"length-{name}": _prefixed(prefix) for name, prefix in _PREFIXES.items()},
    **{f"stx-{name}": _between(*row) for name, row in _STX.items()},
    "zvt-serial": Line(lambda: ZVTSerialFramer(ZVTSerial(SHORT)), any_bytes, serial=True),
    "zvt-tcp": Line(lambda: ZVTTCPFramer(ZVTTCP(SHORT)), apdus),
    "abecs": Line(lambda: ABECSFramer(ABECS(SHORT)), any_bytes, serial=True),
    "tag-text": Line(lambda: TagTextFramer(TagText(body_bytes_max=SHORT)), tagged),
}
SERIAL = {name: line for name, line in LINES.items() if line.serial}
STREAMS = {name: line for name, line in LINES.items() if not line.serial}

_TELLING = bytes.fromhex(
    "00 01 02 03 04 05 06 10 12 13 15 16 17 18 30 31 33 36 37 41 43 45 48 54 5A FF"
)
garbage = st.lists(
    st.sampled_from([bytes([byte]) for byte in _TELLING]) | st.binary(max_size=3), max_size=60
).map(b"".join)
"""Mostly bytes that mean something on one line or another."""

Played = tuple[list["Event"], tuple[str, int] | None]


def play(framer: Framer, chunks: list[bytes]) -> Played:
    """Everything that comes out, and the refusal that ends it if one does."""
    events: list[Event] = []
    try:
        for chunk in chunks:
            events += framer.feed(chunk)
        events += framer.feed(b"")  # a refusal behind a frame comes with the next call
        events += framer.end()
    except FramingError as refusal:
        return events, (refusal.expected, refusal.offset_bytes)
    return events, None


def in_pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]
