"""The options that say what pays or is paid back: an emulated card, a payer's code, a voucher. Floor 11.

Card and code are emulated ones: their digits are typed, and an entry mode says how a reader would have read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from posrefund.errors import InvalidRequestError
from posrefund.values import PAN, BackToPayer, CardRead, CodeRead, PayerCode, Track2, Voucher

if TYPE_CHECKING:
    from posrefund.values.card import EntryMode

__all__ = [
    "CardOption",
    "CodeOption",
    "EntryOption",
    "ExpiryOption",
    "OtherCardOption",
    "VoucherOption",
    "card_of",
    "paid_back_by",
    "paid_by",
]

CardOption = Annotated[str, typer.Option(help="Number of the emulated card.")]
OtherCardOption = Annotated[
    str,
    typer.Option(
        help="Number of the emulated card; without it the money goes back to the code that paid."
    ),
]
CodeOption = Annotated[
    str, typer.Option(help="The payer's code as scanned, instead of a card: 62 and 19 digits.")
]
VoucherOption = Annotated[
    str, typer.Option(help="Of a payment by code that this journal does not know: from the slip.")
]
EntryOption = Annotated[
    str, typer.Option(help="How it is read: 021 stripe, 051 chip, 071 contactless, 012 typed.")
]
ExpiryOption = Annotated[str, typer.Option(help="YYMM.")]

_TRACK_2_DIGITS = 37
"""A full track: SM4 encrypts 32 of its digits."""


def card_of(number: str, entry: str, expiry: str) -> CardRead:
    """Return the emulated card of a number, read as *entry* says."""
    pan = PAN(number)
    mode = cast("EntryMode", entry)
    if entry.startswith("02"):
        track = f"{number}D{expiry}201".ljust(_TRACK_2_DIGITS, "0")
        return CardRead(mode, pan, expiry=expiry, track2=Track2(track))
    number_on_chip = None if entry.startswith("01") else "001"
    return CardRead(mode, pan, expiry=expiry, sequence_number=number_on_chip)


def paid_by(card: str, code: str, entry: str, expiry: str) -> CardRead | CodeRead:
    """Return what pays: the card, or the code.

    Raises:
        InvalidRequestError: Neither or both.
    """
    if bool(card) == bool(code):
        raise InvalidRequestError([("card", "--card or --code, and not both")])
    return CodeRead(PayerCode(code)) if code else card_of(card, entry, expiry)


def paid_back_by(card: str, voucher: str, entry: str, expiry: str) -> CardRead | BackToPayer:
    """Return what is paid back: the card that was read, or whoever's code paid.

    Raises:
        InvalidRequestError: Both.
    """
    if card and voucher:
        raise InvalidRequestError([("card", "--card or --voucher, and not both")])
    if card:
        return card_of(card, entry, expiry)
    return BackToPayer(Voucher(voucher) if voucher else None)
