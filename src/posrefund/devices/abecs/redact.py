"""What of an ABECS message may be kept in a log: names, statuses, lengths, and data that are known to be harmless. Floor 6.

An allow-list (decision 0007): what is not on it is replaced by ``0``, byte by byte, so that lengths stay true and
the message can still be taken apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.framing import keep_only

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["redact"]

_HEAD = 3
_NUMBERED = (b"GCX", b"GTK", b"EBX", b"GIX", b"CEX", b"CLX")
_HARMLESS = {
    *range(0x0001, 0x0005),  # lists of what is wanted, methods
    *range(0x0006, 0x000A),  # options, tracks, number of a key
    *range(0x000B, 0x000F),  # message numbers, seconds, digits
    *range(0x0010, 0x001B),  # tables, amounts, date, time, options
    *range(0x0021, 0x0024),  # kind, currency, mask
    *range(0x8001, 0x8041),  # the pad, its versions, its keys by number, events
    0x804C,  # serial number of a key
    *range(0x804F, 0x8052),  # kind of card, status, tables
    0x805C,  # country of the issuer
}
_PIN_COMMAND_BYTES, _PIN_ANSWER_BYTES = 93, 36
_PIN_COMMAND_KEEPS = ((0, 3), (35, 37), (56, 61))
"""Method and number of the key; length of the account; entries, least and most digits."""
_PIN_ANSWER_KEEPS = ((16, 36),)
"""The serial number of the key."""


@closed
def redact(body: bytes) -> bytes:
    """Return *body* with everything replaced that is not known to be harmless; it never raises.

    Shape:
        body: of one frame, a command or an answer. Result: as many bytes.

    Example:
        >>> from posrefund.devices.abecs import redact
        >>> redact(b"GPN000036BB6BE28FDF3522E900000000000000000000")
        b'GPN000036000000000000000000000000000000000000'
        >>> redact(b"DSP032CARD 6200000000000005           ")
        b'DSP03200000000000000000000000000000000'
    """
    return keep_only(body, _kept(body), "text")


def _is_plain(body: bytes) -> bool:
    """Whether it begins as a message does: three capital letters, three digits or nothing."""
    name, number = body[:_HEAD], body[_HEAD : 2 * _HEAD]
    return (
        len(name) == _HEAD and name.isalpha() and name.isupper() and number.isdigit() | (not number)
    )


def _kept(body: bytes) -> Iterator[tuple[int, int]]:
    if not _is_plain(body):
        return
    yield 0, 2 * _HEAD
    name, at = body[:_HEAD], _HEAD
    while (length := body[at : at + 3]).isdigit() and at + 3 + int(length) <= len(body):
        yield at, at + 3
        start, at = at + 3, at + 3 + int(length)
        for first, last in _kept_of_block(name, body[start:at]):
            yield start + first, start + last


def _kept_of_block(name: bytes, block: bytes) -> Iterator[tuple[int, int]]:
    if name == b"GDU":
        yield 0, len(block)
    elif name == b"GPN" and len(block) == _PIN_COMMAND_BYTES:
        yield from _PIN_COMMAND_KEEPS
    elif name == b"GPN" and len(block) == _PIN_ANSWER_BYTES:
        yield from _PIN_ANSWER_KEEPS
    elif name in _NUMBERED:
        yield from _kept_of_data(block)


def _kept_of_data(block: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at + 4 <= len(block):
        number, length = (int.from_bytes(block[i : i + 2], "big") for i in (at, at + 2))
        end = at + 4 + length
        if end > len(block):
            return
        yield at, end if number in _HARMLESS else at + 4
        at = end
