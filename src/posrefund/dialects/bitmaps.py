"""Bitmaps as text: the one that we would write, and whether another one says the same. Floor 3.

Others write small letters, or a second bitmap that announces nothing: harmless, and to be given back as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["announce_the_same", "bitmaps_of", "spell"]

_SECOND = 1 << 127
"""The first bit of the first bitmap: a second one follows."""


def bitmaps_of(numbers: Iterable[str]) -> str:
    """Return the bitmaps that announce *numbers*: capitals, and a second one only if it is needed.

    Example:
        >>> from posrefund.dialects.bitmaps import bitmaps_of
        >>> bitmaps_of(["t", "11", "41"]), bitmaps_of(["11", "70"])
        ('0020000000800000', '80200000000000000400000000000000')
    """
    announced = {int(number) for number in numbers if number.isdigit() and number != "1"}
    bits = sum(1 << 128 - number for number in announced)
    if bits & ((1 << 64) - 1):
        return f"{bits | _SECOND:032X}"
    return f"{bits >> 64:016X}"


def announce_the_same(one: str, other: str) -> bool:
    """Say whether two spellings announce the same fields."""
    bits = [_bits(text) for text in (one, other)]
    return None not in bits and bits[0] == bits[1]


def _bits(text: str) -> int | None:
    """The fields that *text* announces, without the bit for a second bitmap; None if it is no bitmap."""
    try:
        bits = int.from_bytes(bytes.fromhex(text).ljust(16, b"\0"), "big")
    except ValueError:
        return None
    return bits & ~_SECOND if len(text) == (32 if bits & _SECOND else 16) else None


def spell(text: str, encoding: str) -> bytes:
    """Return a bitmap as it stands on the line: ``"b"`` bytes, else digits of that encoding."""
    return bytes.fromhex(text) if encoding == "b" else text.encode(encoding)
