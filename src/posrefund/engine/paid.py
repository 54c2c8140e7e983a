"""By what a sale was paid, and by what it is paid back: the facts of a card, a payer's code or a voucher. Floor 4.

The original route is the rule: a card's money goes back to that card, a code's by the voucher of that payment. What
else the shop lets through stands in ``policy``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from posrefund.errors import InvalidRequestError
from posrefund.values import BackToPayer, CardRead, CodeRead, Voucher

if TYPE_CHECKING:
    from posrefund.engine.requests import Original
    from posrefund.values import Method

__all__ = ["PaidBy", "facts_of", "kept_facts", "paid_by", "with_voucher"]

PaidBy = Literal["card", "code", "unknown"]
"""What the journal knows of how a sale was paid; of a described one, and of a feed's without a card, nothing."""

_END_CHARACTERS = 6
"""So many of a code are the random factor of the device (DE59 A2, tag 03)."""


def paid_by(sale: Original) -> PaidBy:
    """Say by what *sale* was paid."""
    if sale.wallet:
        return "code"
    return "unknown" if sale.is_half_known else "card"


def with_voucher(method: Method, sale: Original) -> Method:
    """Return *method* with the voucher of *sale* where it names none itself."""
    if not isinstance(method, BackToPayer) or method.voucher is not None or not sale.voucher:
        return method
    try:
        return replace(method, voucher=Voucher(sale.voucher))
    except InvalidRequestError:  # a host's word that no message could say again
        return method


def facts_of(method: Method) -> dict[str, str]:
    """Return what a message may say of *method*, the secret of it included."""
    facts = {
        "entry": method.entry_mode[:2],
        "verification": "pin" if method.pin_block else "signature",
    }
    match method:
        case CardRead():
            return facts | _of_card(method)
        case CodeRead(code=code):
            digits = code.reveal()
            facts |= {"payer_code": digits, "payer_code_length": f"{len(digits):03d}"}
            return facts | {
                "payer_code_end": digits[-_END_CHARACTERS:],
                "wallet": code.wallet or "",
            }
        case BackToPayer(voucher=Voucher() as voucher):
            text = voucher.reveal()
            return facts | {"voucher": text, "voucher_length": f"{len(text):03d}"}
        case _:
            return facts


def _of_card(card: CardRead) -> dict[str, str]:
    """The number stands in the track or alone, never twice."""
    facts = {}
    if card.track2 is not None:
        facts["track2"] = card.track2.reveal()
    else:
        facts["pan"] = card.pan.reveal()
    if card.expiry is not None:
        facts["expiry"] = card.expiry
    if card.sequence_number is not None:
        facts["sequence_number"] = card.sequence_number
    return facts


def kept_facts(method: Method, sale: Original | None) -> dict[str, str]:
    """Return what the journal keeps of how it was paid or is paid back: whose wallet, and the voucher; never a code."""
    match method:
        case CodeRead(code=code):
            return {"wallet": code.wallet or ""}
        case BackToPayer(voucher=voucher):
            named = voucher.reveal() if voucher else ""
            return {"wallet": sale.wallet if sale else "", "voucher": named}
        case _:
            return {}
