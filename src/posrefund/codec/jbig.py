"""Pictures of black and white as JBIG, the form in which signature pads and acquirers keep them. Floor 2: pure bytes.

``encode_jbig`` writes one layer and one plane in one stripe, with the template of three lines and nothing that a
decoder may lack. ``read_jbig`` reads the header of any JBIG picture and checks that it can be one; it decodes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from posrefund.closed import closed
from posrefund.codec.qm_coder import QMEncoder
from posrefund.errors import DecodeError, EncodeError

__all__ = ["SIDE_MAX", "JBIGHeader", "encode_jbig", "read_jbig"]

SIDE_MAX = 2000
"""Pixels of a side: a signature pad has some hundreds, and a bound keeps a hostile header from promising gigabytes."""
_HEADER_BYTES = 20
_ESCAPE = b"\xff"
_STRIPE_ENDS = b"\xff\x02"
_CONTEXTS = 1024
"""Ten pixels around the next one."""
_PATH = "picture"


@dataclass(frozen=True, slots=True)
class JBIGHeader:
    """What the first twenty bytes of a JBIG picture say.

    Attributes:
        width: Pixels, at the highest resolution.
        height: The same.
        planes: Bits of a pixel; 1 for black and white.
        layers: How many resolutions stand below the highest.
        stripe_lines: Lines of a stripe at the lowest resolution.
        order: How stripes, layers and planes follow each other.
        options: Template, typical prediction, a height that may still change.
    """

    width: int
    height: int
    planes: int
    layers: int
    stripe_lines: int
    order: int
    options: int


@closed
def encode_jbig(rows: bytes, width: int, height: int) -> bytes:
    """Return the picture *rows* as JBIG.

    Args:
        rows: Line by line from the top, eight pixels to a byte, the left one highest; 1 is black.
        width: Pixels of a line; what stands behind them in its last byte is not looked at.
        height: How many lines there are.

    Shape:
        rows: (*width* + 7) // 8 bytes for each of *height* lines. Result: 20 bytes of header and one stripe.

    Raises:
        EncodeError: No side, too long a side, or another number of bytes.

    Source:
        ITU-T T.82 (ISO/IEC 11544): 6.2 (form), 6.7.1 (template of three lines), 6.8.2 (coder).

    Example:
        >>> from posrefund.codec.jbig import encode_jbig
        >>> encode_jbig(bytes([0b10000000, 0b01000000]), 2, 2).hex()
        '0000010000000002000000020000000200000000b8ff02'
    """
    _check_sides(width, height)
    stride = -(-width // 8)
    if len(rows) != stride * height:
        raise EncodeError(_PATH, f"{stride} bytes for each of {height} lines")
    coder = QMEncoder(_CONTEXTS)
    above = higher = [0] * (width + 4)
    for y in range(height):
        line = _pixels(rows[y * stride : (y + 1) * stride], width)
        _code_line(coder, higher, above, line)
        higher, above = above, line
    stripe = coder.finish().replace(_ESCAPE, _ESCAPE + b"\0")
    sides = (side.to_bytes(4, "big") for side in (width, height, height))
    return bytes([0, 0, 1, 0]) + b"".join(sides) + bytes(4) + stripe + _STRIPE_ENDS


def _check_sides(width: int, height: int) -> None:
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise EncodeError(_PATH, f"1 to {SIDE_MAX} pixels each way")


def _pixels(row: bytes, width: int) -> list[int]:
    """The pixels of one line with two white ones before and after it, for those at its ends."""
    digits = f"{int.from_bytes(row, 'big'):0{8 * len(row)}b}"[:width]
    return [0, 0, *map(int, digits), 0, 0]


def _code_line(coder: QMEncoder, higher: list[int], above: list[int], line: list[int]) -> None:
    """Code each pixel by three of the line above the last one, five of the last one and the two before it."""
    encode = coder.encode
    three = higher[1] << 1 | higher[2]
    five = above[0] << 3 | above[1] << 2 | above[2] << 1 | above[3]
    two = 0
    for x in range(2, len(line) - 2):
        three = (three << 1 | higher[x + 1]) & 0b111
        five = (five << 1 | above[x + 2]) & 0b11111
        encode(three << 7 | five << 2 | two, line[x])
        two = (two << 1 | line[x]) & 0b11


@closed
def read_jbig(data: bytes) -> JBIGHeader:
    """Return the header of the JBIG picture *data*, once it can be one of black and white; nothing is decoded.

    Shape:
        data: 20 bytes and, behind them, stripes of which the last one ends in ``FF 02`` or ``FF 03``.

    Raises:
        DecodeError: It is cut, says what no header says, has more than one bit to a pixel or sides of no
            signature, or no stripe ends it.

    Source:
        ITU-T T.82, 6.2.4 and 6.2.6.

    Example:
        >>> from posrefund.codec.jbig import read_jbig
        >>> header = read_jbig(bytes.fromhex("0000010000000002000000020000000200000000b8ff02"))
        >>> header.width, header.height
        (2, 2)
    """
    if len(data) < _HEADER_BYTES:
        raise DecodeError(_PATH, f"a header of {_HEADER_BYTES} bytes", offset_bytes=len(data))
    numbers = (int.from_bytes(data[at : at + 4], "big") for at in (4, 8, 12))
    width, height, stripe_lines = numbers
    header = JBIGHeader(
        width, height, data[2], data[1], stripe_lines, order=data[18], options=data[19]
    )
    for at, is_right, expected in (
        (0, data[0] <= data[1], "a lowest layer that is not above the highest"),
        (2, header.planes == 1, "one bit to a pixel"),
        (3, data[3] == 0, "a zero byte"),
        (4, 0 < width <= SIDE_MAX, f"a width of 1 to {SIDE_MAX}"),
        (8, 0 < height <= SIDE_MAX, f"a height of 1 to {SIDE_MAX}"),
        (12, stripe_lines > 0, "stripes of at least one line"),
        (18, header.order < 0x10, "an order of four bits"),
        (19, header.options < 0x80, "options of seven bits"),
    ):
        if not is_right:
            raise DecodeError(_PATH, expected, offset_bytes=at)
    if data[-2:] not in (_STRIPE_ENDS, b"\xff\x03") or len(data) < _HEADER_BYTES + 2:
        raise DecodeError(_PATH, "a stripe that ends", offset_bytes=len(data))
    return header
