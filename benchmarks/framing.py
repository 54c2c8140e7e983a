"""Framing in bulk: 200-byte frames off a stream, beside a bare loop of slices that checks nothing.

A serial line is never quicker than 11 kB/s; its framers are measured to show that no line waits for them, and
byte by byte to show that small pieces cost no more for a long frame than for a short one.
"""

from __future__ import annotations

from functools import partial
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.timing import measure, report
from posrefund.framing import (
    ABECSFramer,
    LengthPrefixFramer,
    STXETXFramer,
    ZVTSerialFramer,
    ZVTTCPFramer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.framing import Framer

__all__ = ["framing"]

_FRAME_BYTES = 200
_FRAMES = 500
_CHUNK_BYTES = 8192
"""What a link reads at once."""
_PEER = "bare slices"


def framing() -> None:
    """Measure all of it."""
    body = bytes.fromhex("06D1 C3") + b"0" * (_FRAME_BYTES - 5)
    framers: dict[str, tuple[Framer, bytes]] = {
        "length prefix": (LengthPrefixFramer(), b"0" * (_FRAME_BYTES - 2)),
        "ZVT over TCP": (ZVTTCPFramer(), body),
        "STX ETX LRC": (STXETXFramer(), b"0" * (_FRAME_BYTES - 3)),
        "ZVT serial": (ZVTSerialFramer(), body),
        "ABECS": (ABECSFramer(), b"0" * (_FRAME_BYTES - 4)),
    }
    first, *_ = framers.values()
    line = first[0].frame(first[1]) * _FRAMES
    cases: dict[str, Callable[[], object]] = {_PEER: lambda: _bare(line)}
    for name, (framer, carried) in framers.items():
        whole = framer.frame(carried) * _FRAMES
        cases[name] = _fed(framer, [whole], carried)
        if framer is first[0]:
            pieces = [whole[at : at + _CHUNK_BYTES] for at in range(0, len(whole), _CHUNK_BYTES)]
            cases[f"{name}, {_CHUNK_BYTES} at a time"] = _fed(framer, pieces, carried)
    found = measure(cases, rounds=31)
    report(f"framing, {_FRAMES} frames of {_FRAME_BYTES} bytes", found, peer=_PEER)
    for name, times in found.items():
        quiet, middle = (quantiles(times, n=20)[at] for at in (0, 9))
        rates = (len(line) / seconds / 1e6 for seconds in (quiet, middle))
        print("  {:<34} {:10.0f} MB/s when quiet {:8.0f} in the median".format(name, *rates))
    _singly()


def _fed(framer: Framer, pieces: list[bytes], body: bytes) -> Callable[[], object]:
    feed = partial(_fed_singly, framer, pieces)
    if feed() != _FRAMES or framer.feed(framer.frame(body)) != [body]:
        message = "a framer that does not give its frames back is not measured"
        raise ValueError(message)
    return feed


def _bare(line: bytes) -> list[bytes]:
    bodies, at = [], 0
    while at < len(line):
        end = at + 2 + int.from_bytes(line[at : at + 2], "big")
        bodies.append(line[at + 2 : end])
        at = end
    return bodies


def _fed_singly(framer: Framer, pieces: list[bytes]) -> int:
    return sum(len(framer.feed(piece)) for piece in pieces)


def _singly() -> None:
    """Byte by byte: the cost of a byte does not grow with the frame that it is in."""
    cases: dict[str, Callable[[], object]] = {}
    for size in (40, 400, 4000):
        for name, framer in (("length prefix", LengthPrefixFramer()), ("STX ETX", STXETXFramer())):
            line = framer.frame(b"0" * size) * (4000 // size)
            pieces = [line[at : at + 1] for at in range(len(line))]
            cases[f"{name}, frames of {size}"] = partial(_fed_singly, framer, pieces)
    report(
        "4000 bytes, one at a time", measure(cases, rounds=11), peer="length prefix, frames of 40"
    )
