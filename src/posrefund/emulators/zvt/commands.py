"""ZVT commands as the emulated terminal writes and reads them, with tables of its own. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.emulators.zvt.ledger import Booking

__all__ = ["Card", "block", "bmps", "line", "said", "status_of"]

_LENGTHS = {0x03: 1, 0x04: 6, 0x0E: 2, 0x19: 1, 0x49: 2, 0x87: 2, 0x8A: 1}
"""What a till may send: service byte, amount, expiry, payment type, currency, receipt number, card type."""
_COUNTED = {0x22: 2, 0x23: 2, 0x3C: 3}
_CONTAINER = 0x06


@dataclass(frozen=True, slots=True)
class Card:
    """What lies in the reader.

    Attributes:
        pan: A test number.
        is_masked: Whether the terminal shows only its last four digits.
        name: Of the brand.
    """

    pan: str = "6200000000000005"
    is_masked: bool = True
    name: str = "UnionPay"

    @property
    def shown(self) -> str:
        """The number as it leaves the terminal, ``E`` for a digit that does not."""
        return "E" * (len(self.pan) - 4) + self.pan[-4:] if self.is_masked else self.pan


def said(head: str, data: bytes = b"") -> bytes:
    """Return a command: its two bytes in hexadecimal, its length, its data."""
    length = len(data).to_bytes(1) if len(data) < 255 else b"\xff" + len(data).to_bytes(2, "little")
    return bytes.fromhex(head) + length + data


def bmps(data: bytes) -> dict[int, bytes] | None:
    """Return what a till sent after the password; None if that cannot be read."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        tag, at = data[at], at + 1
        size = _LENGTHS.get(tag)
        if tag == _CONTAINER and at < len(data) and data[at] < 0x80:
            size, at = data[at], at + 1
        elif tag in _COUNTED:
            digits = data[at : at + _COUNTED[tag]]
            if not all(0xF0 <= each <= 0xF9 for each in digits):
                return None
            size, at = int("".join(str(each & 15) for each in digits) or "0"), at + len(digits)
        if size is None or at + size > len(data) or tag in found:
            return None
        found[tag], at = data[at : at + size], at + size
    return found


def status_of(booking: Booking, tid: str, card: Card, *, names_currency: bool = True) -> bytes:
    """Return the status information of a transaction."""
    original = booking.original
    pieces = [
        f"27{booking.code:02X}",
        f"04{booking.minor:012d}",
        f"0B{booking.trace:06d}",
        f"37{original.trace:06d}" if original else "",
        "0C134501 0D1129 0E3012 170001 1970",
        f"22F{len(card.shown) // 20}F{len(card.shown) // 2 % 10}{card.shown}",
        f"29{tid}",
        "2A" + b"123456789".ljust(15).hex(),
        f"49{booking.currency:>04}" if names_currency else "",
        f"87{booking.receipt:04d}",
        f"88{booking.trace:06d}",
        "8A2E",
        f"8BF{(len(card.name) + 1) // 10}F{(len(card.name) + 1) % 10}{card.name.encode().hex()}00",
        "A000",
        "0608 1F120102 1F100101",
    ]
    return said("040F", bytes.fromhex("".join(pieces)))


def line(text: str, charset: str, *, in_tlv: bool = False) -> bytes:
    """Return one line to print; *in_tlv* glues a container with the kind of receipt behind it."""
    tail = bytes.fromhex("06041F070101") if in_tlv else b""
    return said("06D1", b"\x00" + text.encode(charset) + tail)


def block(texts: list[str], charset: str) -> bytes:
    """Return all lines in one text block."""
    inside = b"".join(_objects(texts, charset))
    lines = b"\x1f\x07\x01\x01\x25" + _length(len(inside)) + inside
    return said("06D3", b"\x06" + _length(len(lines)) + lines)


def _objects(texts: list[str], charset: str) -> Iterator[bytes]:
    for text in texts:
        raw = text.encode(charset)
        yield b"\x07" + _length(len(raw)) + raw
    yield b"\x09\x01\x81"


def _length(size: int) -> bytes:
    if size < 0x80:
        return size.to_bytes(1)
    return b"\x81" + size.to_bytes(1) if size < 0x100 else b"\x82" + size.to_bytes(2)
