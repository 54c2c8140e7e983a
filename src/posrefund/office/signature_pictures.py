"""Pictures of signatures as JBIG, the form in which an acquirer takes them; whatever form the pad gave. Floor 8.

JBIG goes up as it is, once its header can be one. PBM and PNG are written anew; a PNG of more than one bit to a pixel, as
browsers draw, needs Pillow (extra ``print``), and what is darker than half grey becomes black.
"""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.codec.jbig import SIDE_MAX, encode_jbig, read_jbig
from posrefund.errors import CodecError, ConfigError, InvalidRequestError
from posrefund.office.signatures import fetch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.engine import Signature

__all__ = ["as_jbig", "pictures_in"]

_PNG = b"\x89PNG\r\n\x1a\n"
_PBM_HEADER = re.compile(rb"P([14])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")
_ONE_BIT = (1, 0, 0, 0, 0)
"""Bits, colour, and three zeros of a PNG: grey, one bit, not interlaced."""
_INVERTED = bytes(255 - byte for byte in range(256))


def pictures_in(folder: Path | None) -> Callable[[Signature], bytes]:
    """Return what ``Terminal.upload_signatures`` asks for pictures: those that ``keep`` stored in *folder*, as JBIG.

    It raises ``ConfigError`` where one is not there, or no folder is set, and ``InvalidRequestError`` where it is not what was signed.
    """
    return lambda signature: as_jbig(fetch(signature, folder))


@closed
def as_jbig(picture: bytes) -> bytes:
    r"""Return *picture* as JBIG.

    Args:
        picture: JBIG, PBM (``P1`` or ``P4``) or PNG.

    Raises:
        InvalidRequestError: Path ``picture``: it is none of these, is cut, or has sides of no signature.
        ConfigError: It needs Pillow, which is not installed.

    Source:
        ITU-T T.82; Netpbm's pbm(5); W3C PNG, third edition.

    Example:
        >>> from posrefund.office.signature_pictures import as_jbig
        >>> as_jbig(b"P1 2 2 10 01") == as_jbig(b"P4 2 2 \x80\x40")
        True
    """
    try:
        if picture.startswith(_PNG):
            return encode_jbig(*_of_png(picture))
        if picture[:2] in (b"P1", b"P4"):
            return encode_jbig(*_of_pbm(picture))
        read_jbig(picture)
    except CodecError as error:
        raise _no_picture(error.expected) from None
    return picture


def _no_picture(expected: str) -> InvalidRequestError:
    return InvalidRequestError([("picture", expected)])


def _of_pbm(picture: bytes) -> tuple[bytes, int, int]:
    found = _PBM_HEADER.match(picture)
    if found is None:
        raise _no_picture("a PBM with its width and height")
    width, height = int(found[2]), int(found[3])
    _check_sides(width, height)
    body = picture[found.end() :]
    if found[1] == b"4":
        return body[: -(-width // 8) * height], width, height
    digits = re.sub(rb"#[^\n]*|\s", b"", body)[: width * height]
    if len(digits) < width * height or digits.strip(b"01"):
        raise _no_picture(f"{width * height} pixels of 0 or 1")
    lines = (digits[at : at + width] for at in range(0, len(digits), width))
    return b"".join(_packed(line) for line in lines), width, height


def _packed(line: bytes) -> bytes:
    octets = -(-len(line) // 8)
    return int(line.ljust(8 * octets, b"0"), 2).to_bytes(octets, "big")


def _check_sides(width: int, height: int) -> None:
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise _no_picture(f"1 to {SIDE_MAX} pixels each way")


def _of_png(picture: bytes) -> tuple[bytes, int, int]:
    chunks = _chunks(picture)
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13 or b"IDAT" not in chunks:
        raise _no_picture("a PNG with header and data")
    width, height, *kind = struct.unpack(">IIBBBBB", header)
    _check_sides(width, height)
    if tuple(kind) != _ONE_BIT:
        return _by_pillow(picture), width, height
    return _unfiltered(chunks[b"IDAT"], -(-width // 8), height), width, height


def _chunks(picture: bytes) -> dict[bytes, bytes]:
    """The chunks by name, those of one name joined; one that is cut ends them."""
    found: dict[bytes, bytes] = {}
    at = len(_PNG)
    while at + 12 <= len(picture):
        length = int.from_bytes(picture[at : at + 4], "big")
        name, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if len(body) < length:
            break
        found[name] = found.get(name, b"") + body
        at += 12 + length
    return found


def _unfiltered(data: bytes, stride: int, height: int) -> bytes:
    """The lines of a picture of one bit, as JBIG has them: 1 is black."""
    size = (1 + stride) * height
    try:
        raw = zlib.decompressobj().decompress(data, size)
    except zlib.error:
        raise _no_picture("a PNG whose data can be read") from None
    if len(raw) < size:
        raise _no_picture("a PNG whose data is not cut")
    lines = bytearray()
    above = bytes(stride)
    for at in range(0, size, 1 + stride):
        above = _line(raw[at], raw[at + 1 : at + 1 + stride], above)
        lines += above
    return bytes(lines).translate(_INVERTED)


def _line(kind: int, line: bytes, above: bytes) -> bytes:
    """Undo the filter of one line; pixels before it and above the first are zero."""
    if kind > 4:
        raise _no_picture("a PNG with filters of 0 to 4")
    done = bytearray()
    left = corner = 0
    for byte, up in zip(line, above, strict=True):
        guess = (0, left, up, (left + up) // 2, _nearest(left, up, corner))[kind]
        left, corner = (byte + guess) & 0xFF, up
        done.append(left)
    return bytes(done)


def _nearest(left: int, up: int, corner: int) -> int:
    """Paeth's choice: whichever is nearest to left + up - corner, in this order."""
    aim = left + up - corner
    return min((left, up, corner), key=lambda each: abs(aim - each))


def _by_pillow(picture: bytes) -> bytes:
    try:
        from PIL import Image  # only for what few pads give
    except ImportError:
        raise ConfigError(
            "a picture with colours needs Pillow: pip install 'posrefund[print]'"
        ) from None
    try:
        with Image.open(BytesIO(picture), formats=["PNG"]) as opened:
            drawn = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _no_picture("a PNG that can be read") from None
    paper = Image.new("RGBA", drawn.size, "white")
    grey = Image.alpha_composite(paper, drawn).convert("L")
    black: bytes = grey.point(lambda level: 0 if level >= 128 else 255, "1").tobytes()
    return black
