"""From what a pad tells of a card to a ``CardRead``: two answers, one masked and one clear, that must agree. Floor 6.

A stripe of a card with a chip that works is refused, and so is whatever is no payment card. Nothing of a card
stands in an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.devices.abecs.codes import refused
from posrefund.devices.abecs.message import wrong
from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, CardRead, Track2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.values.card import EntryMode

__all__ = ["MASK", "WANTED", "read_card"]

MASK = b"0604"
"""The first six and the last four in the first answer."""
WANTED = b"1010"
"""Of the second: the number of a chip, track 2 of a stripe."""

_CARD_TYPE, _CHIP_STATUS, _PAN_MASKED, _SEQUENCE = 0x804F, 0x8050, 0x8052, 0x8053
_TRACK2_CUT, _TRACK2, _PAN, _EXPIRES = 0x8042, 0x8045, 0x804A, 0x805D
_STRIPE, _CHIP, _TAPPED_STRIPE, _TAPPED = b"00", b"03", b"05", b"06"
_CHIP_WORKED = b"0"
_CHIP_SERVICES = ("2", "6")
"""First digit of the service code of cards that have a chip (ISO/IEC 7813)."""


@closed
def read_card(first: Mapping[int, bytes], second: Mapping[int, bytes]) -> CardRead:
    """Return the card that both answers are about.

    Args:
        first: What GCX told, the number masked.
        second: What GTK told, in clear.

    Raises:
        DeviceRefusedError: It is no payment card, could not be read, or has a chip that has to be used.
        RemoteProtocolError: Something is missing, or the answers are about two cards.

    Source:
        ABECS PIN pad protocol 2.12, 3.7.1, 3.3.12 and 5.4.1.
    """
    kind = _told(first, _CARD_TYPE)
    try:
        if kind in (_CHIP, _TAPPED):
            return _chip(first, second, "051" if kind == _CHIP else "071")
        if kind in (_STRIPE, _TAPPED_STRIPE):
            return _stripe(first, second, is_tapped=kind == _TAPPED_STRIPE)
    except InvalidRequestError:
        raise refused("unreadable") from None
    raise wrong("a type of card that is known")


def _chip(
    first: Mapping[int, bytes], second: Mapping[int, bytes], entry_mode: EntryMode
) -> CardRead:
    pan = PAN(_nibbles(_told(second, _PAN)))
    _check_same(_text(_told(first, _PAN_MASKED)), pan)
    expires = _text(first.get(_EXPIRES, b""))
    return CardRead(
        entry_mode,
        pan,
        expiry=expires[:4] or None,
        sequence_number="0" + _text(_told(first, _SEQUENCE)),
    )


def _stripe(
    first: Mapping[int, bytes], second: Mapping[int, bytes], *, is_tapped: bool
) -> CardRead:
    if _TRACK2 not in second or _TRACK2_CUT not in first:
        raise refused("unreadable")
    track2 = Track2(_nibbles(second[_TRACK2]))
    masked, _, rest = _text(first[_TRACK2_CUT]).partition("=")
    _check_same(masked, track2.pan)
    if is_tapped:
        return CardRead("071", track2.pan, expiry=track2.expiry)
    if rest[4:5] in _CHIP_SERVICES and _told(first, _CHIP_STATUS) == _CHIP_WORKED:
        raise refused("insert")
    return CardRead("021", track2.pan, expiry=track2.expiry, track2=track2)


def _check_same(masked: str, pan: PAN) -> None:
    clear = pan.reveal()
    alike = len(masked) == len(clear) and all(
        shown in (digit, "*") for shown, digit in zip(masked, clear, strict=True)
    )
    if not alike:
        raise wrong("both answers about one card")


def _told(answer: Mapping[int, bytes], number: int) -> bytes:
    if number not in answer:
        raise wrong(f"datum {number:04X}")
    return answer[number]


def _nibbles(value: bytes) -> str:
    """A digit in each half of a byte, D between number and expiry, F behind the last."""
    return value.hex().upper().rstrip("F")


def _text(value: bytes) -> str:
    if not value.isascii():
        raise wrong("digits")
    return value.decode("ascii").strip()
