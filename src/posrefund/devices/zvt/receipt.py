"""Lines that a ZVT terminal asks the till to print, as text in which no card number is left. Floor 6.

``06 D1`` is one line, ``06 D3`` a block of them in TLV. What cannot be read is no line: a receipt decides nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posrefund.devices.zvt.bmp import TLV, data_of, length_at
from posrefund.errors import DecodeError
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.devices.zvt.settings import ZVTProfile

__all__ = ["lines_of", "masked_line"]

_LINE, _BLOCK = b"\x06\xd1", b"\x06\xd3"
_TEXT_LINE, _TEXT_BLOCK = 0x07, 0x25
_FEED, _FEEDS_MAX = 0xFF, 9
_LONG_TAG, _MORE = 0x1F, 0x80
_NUMBER = re.compile(r"[0-9](?:[ \-]{0,3}[0-9]){11,}")
"""Twelve digits or more, however they are grouped, may be a card number; whether they are is nobody's guess here."""
_PAN_DIGITS_MAX = 19
_PRINTABLE = re.compile(r"[^\x20-\x7e\xa1-\uffff]")


def lines_of(body: bytes, profile: ZVTProfile) -> list[str]:
    """Return the lines of a command to print, masked; none, if it cannot be read.

    Example:
        >>> from posrefund.devices.zvt import PROFILES
        >>> from posrefund.devices.zvt.receipt import lines_of
        >>> lines_of(bytes.fromhex("06D1094052494544472035 30"), PROFILES["generic"])
        ['RIEDG 50']
    """
    try:
        start, end = data_of(body)
        if body[:2] == _LINE:
            texts = _line(body[start:end], profile)
        else:
            texts = [text for text in _block(body, start, end) if body[:2] == _BLOCK]
    except DecodeError:
        return []
    return [masked_line(text.decode(profile.charset, "replace")) for text in texts]


def masked_line(text: str) -> str:
    """Return *text* without a card number, and without what is no character to print.

    Example:
        >>> from posrefund.devices.zvt.receipt import masked_line
        >>> masked_line("Nr: 6200 0000 0000 0005"), masked_line("Trace 000123 Beleg 0045")
        ('Nr: 620000******0005', 'Trace 000123 Beleg 0045')
    """
    return _NUMBER.sub(_masked, _PRINTABLE.sub(" ", text)).rstrip()


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    return mask_pan(digits) if len(digits) <= _PAN_DIGITS_MAX else "***"


def _line(data: bytes, profile: ZVTProfile) -> list[bytes]:
    if data[:1] == b"\xff":
        return [b""] * min(data[1] if len(data) > 1 else 0, _FEEDS_MAX)
    text = data[1:]
    if profile.lines_end_in_tlv:
        text = text[: _container_at(text)]
    return [text] if text or not data[:1] >= b"\x80" else []


def _container_at(text: bytes) -> int:
    """Return where a TLV container begins that reaches to the very end of *text*, or its length."""
    for at in range(len(text)):
        if text[at] == TLV:
            try:
                start, size = length_at(text, at + 1, len(text))
            except DecodeError:
                continue
            if start + size == len(text):
                return at
    return len(text)


def _block(body: bytes, start: int, end: int) -> Iterator[bytes]:
    if start < end and body[start] == TLV:
        first, size = length_at(body, start + 1, end)
        for tag, inside, last in _objects(body, first, min(end, first + size)):
            if tag == _TEXT_BLOCK:
                lines = _objects(body, inside, last)
                yield from (body[at:until] for tag, at, until in lines if tag == _TEXT_LINE)


def _objects(body: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the tag and the span of each data object, none beyond *end*."""
    while at < end:
        tag, at = body[at], at + 1
        if tag & _LONG_TAG == _LONG_TAG:
            while at < end and body[at] & _MORE:
                at += 1
            tag, at = -1, at + 1  # none of those is read
        start, size = length_at(body, at, end)
        if start + size > end:
            raise DecodeError("TLV", "as many bytes as it announces", offset_bytes=at)
        yield tag, start, start + size
        at = start + size
