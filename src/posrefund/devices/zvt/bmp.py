"""The data of ZVT commands: BMPs, a tag byte and a value whose length the tag tells, and what is read of them. Floor 6.

Every tag of revision 13.11 is known by its length; another one ends the reading, for nobody knows where the next one
would begin. A tag that stands twice is refused: of two amounts none is believed. TLV containers are passed over whole.
"""

from __future__ import annotations

from posrefund.closed import closed
from posrefund.errors import DecodeError, EncodeError

__all__ = [
    "AMOUNT",
    "CURRENCY",
    "ORIGINAL_TRACE",
    "RECEIPT",
    "RESULT",
    "TERMINAL",
    "TLV",
    "TRACE",
    "TURNOVER",
    "command",
    "digits_of",
    "packed",
    "read_bmps",
    "spans_of",
]

AMOUNT, TLV, TRACE, RESULT, TERMINAL = 0x04, 0x06, 0x0B, 0x27, 0x29
ORIGINAL_TRACE, CURRENCY, RECEIPT, TURNOVER = 0x37, 0x49, 0x87, 0x88

_FIXED = {
    1: "01 02 03 05 19 27 72 73 74 75 8A 8C A0 D0 D2 D3 E0 E9 EA F0 F9 FA FB FC FD",
    2: "0D 0E 17 3A 49 87",
    3: "0B 0C 37 3D 88 AA",
    4: "29 70 71",
    5: "BA",
    6: "04",
    8: "3B EB",
    15: "2A",
}
_SIZES = {tag: size for size, tags in _FIXED.items() for tag in bytes.fromhex(tags)}
_COUNTED = {
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9)), 2),
    **dict.fromkeys(range(0xF1, 0xF9), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF), 3),
}
"""Tag → digits of its length, each in a byte of its own, F0 to F9 (LLVAR, LLLVAR)."""

_HEAD_BYTES, _LONG, _SHORT_MAX, _DATA_MAX = 3, 0xFF, 0xFE, 0xFFFF


@closed
def command(head: int, data: bytes = b"") -> bytes:
    """Return a whole command.

    Raises:
        EncodeError: There is too much data.

    Source:
        PA00P015, 1: ``CC II LL``; LL is FF and two bytes, low byte first, from 255 bytes on.

    Example:
        >>> from posrefund.devices.zvt.bmp import command
        >>> command(0x0620, bytes.fromhex("0000000303")).hex()
        '0620050000000303'
    """
    if len(data) > _DATA_MAX:
        raise EncodeError("zvt", "at most 65535 bytes of data")
    short = len(data) <= _SHORT_MAX
    length = bytes((len(data),)) if short else b"\xff" + len(data).to_bytes(2, "little")
    return head.to_bytes(2, "big") + length + data


@closed
def data_of(body: bytes) -> tuple[int, int]:
    """Return where the data of a whole command begins and ends.

    Raises:
        DecodeError: Its length is not what it says.
    """
    start = _HEAD_BYTES + 2 * (body[2:3] == b"\xff")
    said = body[2:3] if start == _HEAD_BYTES else body[3:5]
    if len(body) < start or len(body) != start + int.from_bytes(said, "little"):
        raise DecodeError("zvt", "as many bytes as its length says", offset_bytes=min(2, len(body)))
    return start, len(body)


@closed
def spans_of(body: bytes, at: int, end: int) -> dict[int, tuple[int, int]]:
    """Return where the values of the BMPs lie that stand in *body* from *at* to *end*.

    Raises:
        DecodeError: A tag that is unknown or stands twice, or a value that is longer than what is there.
    """
    found: dict[int, tuple[int, int]] = {}
    while at < end:
        tag = body[at]
        start, size = _value_at(body, at, end)
        if tag in found or start + size > end:
            expected = "each BMP once" if tag in found else "as many bytes as it announces"
            raise DecodeError(f"BMP {tag:02X}", expected, offset_bytes=at)
        found[tag] = start, start + size
        at = start + size
    return found


def read_bmps(body: bytes, skip_bytes: int = 0) -> dict[int, bytes]:
    """Return the values of the BMPs in a whole command.

    Args:
        body: The command.
        skip_bytes: Of its data, before the first BMP.

    Raises:
        DecodeError: The command is not what it should be; where, never what was found.

    Example:
        >>> from posrefund.devices.zvt.bmp import AMOUNT, read_bmps
        >>> read_bmps(bytes.fromhex("06310D 000000 04 000000001234 49 0978"), 3)[AMOUNT].hex()
        '000000001234'
    """
    start, end = data_of(body)
    spans = spans_of(body, start + skip_bytes, end)
    return {tag: body[first:last] for tag, (first, last) in spans.items()}


def _value_at(body: bytes, at: int, end: int) -> tuple[int, int]:
    tag, after = body[at], at + 1
    if tag in _SIZES:
        return after, _SIZES[tag]
    if tag == TLV:
        return length_at(body, after, end)
    digits = body[after : min(end, after + _COUNTED.get(tag, 0))]
    if len(digits) != _COUNTED.get(tag) or any(not 0xF0 <= each <= 0xF9 for each in digits):
        expected = "a length in F0 to F9" if tag in _COUNTED else "a BMP of revision 13.11"
        raise DecodeError(f"BMP {tag:02X}", expected, offset_bytes=at)
    size = 0
    for each in digits:
        size = 10 * size + (each & 0x0F)
    return after + len(digits), size


def length_at(body: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where a TLV's value begins and how long it is: one byte, or 81 or 82 and one or two more.

    Raises:
        DecodeError: There is no such length.
    """
    first = body[at] if at < end else -1
    more = {0x81: 1, 0x82: 2}.get(first, 0 if 0 <= first < 0x80 else -1)
    if more < 0 or at + 1 + more > end:
        raise DecodeError("TLV", "a length of one to three bytes", offset_bytes=at)
    size = int.from_bytes(body[at + 1 : at + 1 + more], "big") if more else first
    return at + 1 + more, size


def packed(digits: str, length_bytes: int) -> bytes:
    """Return decimal *digits* as BCD, zeros before them.

    Raises:
        EncodeError: They are no digits, or too many.
    """
    wide = digits.rjust(2 * length_bytes, "0")
    if not (digits.isascii() and digits.isdigit() and len(wide) == 2 * length_bytes):
        raise EncodeError("zvt", f"at most {2 * length_bytes} digits")
    return bytes.fromhex(wide)


def digits_of(value: bytes) -> str | None:
    """Return the digits of a BCD value; None if one of them is none."""
    digits = value.hex()
    return digits if digits.isdigit() else None
