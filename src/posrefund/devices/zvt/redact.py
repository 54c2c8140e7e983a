"""What may be kept of a ZVT command in a wire log: the same length, readable, and nothing of a card or a password. Floor 6."""

from __future__ import annotations

from posrefund.closed import closed
from posrefund.devices.zvt.bmp import (
    AMOUNT,
    CURRENCY,
    ORIGINAL_TRACE,
    RECEIPT,
    RESULT,
    TERMINAL,
    TRACE,
    TURNOVER,
    data_of,
    spans_of,
)
from posrefund.errors import DecodeError

__all__ = ["redact"]

_HARMLESS = (AMOUNT, TRACE, RESULT, TERMINAL, ORIGINAL_TRACE, CURRENCY, RECEIPT, TURNOVER)
_SKIPS = {b"\x06\x31": 3, b"\x06\x30": 3, b"\x06\x20": 3, b"\x06\x00": 6, b"\x04\x0f": 0}
"""Commands whose data are BMPs, and the bytes before the first: a password, and what else a registration begins with."""
_CODES = (b"\x04\xff", b"\x06\x1e")
_HEAD_BYTES = 3


@closed
def redact(body: bytes) -> bytes:
    """Return *body* with zero bytes for all that is not known to be harmless; tags and lengths stay.

    Of a command that cannot be read to its end only the head is left.

    Example:
        >>> from posrefund.devices.zvt import redact
        >>> redact(bytes.fromhex("06310D 123456 04 000000001234 49 0978")).hex()
        '06310d00000004000000001234490978'
    """
    left = bytearray(len(body))
    left[:_HEAD_BYTES] = body[:_HEAD_BYTES]
    try:
        start, end = data_of(body)
        left[:start] = body[:start]
        if body[:2] in _CODES:
            left[start : start + 1] = body[start : start + 1]
        elif body[:2] in _SKIPS:
            _keep(body, left, min(end, start + _SKIPS[body[:2]]), end)
    except DecodeError:
        left[_HEAD_BYTES:] = bytes(len(left[_HEAD_BYTES:]))
    return bytes(left)


def _keep(body: bytes, left: bytearray, at: int, end: int) -> None:
    spans = spans_of(body, at, end)
    for tag, (first, last) in spans.items():
        left[at:first] = body[at:first]
        if tag in _HARMLESS:
            left[first:last] = body[first:last]
        at = last
