"""The wallets behind a code: whose it is, and what the host does with it. Written from the fact sheet. Floor 9.

A real host asks the wallet. This one knows three customers of each: the last digit of a code says which, 0, 1 or 2. Any
other last digit is nobody's. Every code is good once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.values import PAN

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Payer", "order_number", "payer_of", "tagged", "voucher_number"]

_ACCOUNTS = ("6200000000000005", "6200000000000047", "6205500000000000004")
_WALLETS = {
    "unionpay": "62[0-9]{17}",
    "wechat": "1[0-5][0-9]{16}",
    "alipay": "(2[5-9]|30)[0-9]{14,22}",
}
"""Source: the wallets' public manuals for a shop that scans."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays.

    Attributes:
        wallet: Whose application it is.
        account: What it is paid from.
    """

    wallet: str
    account: PAN


def payer_of(code: str) -> Payer | None:
    """Return whose *code* is, or None if it is nobody's.

    Example:
        >>> from posrefund.emulators.host.payers import payer_of
        >>> payer_of("6201234567890123451").wallet, payer_of("6201234567890123459")
        ('unionpay', None)
    """
    wallet = next((name for name, like in _WALLETS.items() if re.fullmatch(like, code)), None)
    which = int(code[-1:] or 9)
    if wallet is None or which >= len(_ACCOUNTS):
        return None
    return Payer(wallet, PAN(_ACCOUNTS[which]))


def voucher_number(now: datetime, rrn: str) -> str:
    """Return a payment voucher of twenty digits: 5821, the day, and the host's number.

    Source:
        Length and first digits: published dump ``A4020 58210526789789570802``.
    """
    return f"5821{now:%m%d}{rrn}"


def order_number(now: datetime, rrn: str) -> str:
    """Return an aggregator's order number."""
    return f"QR{now:%Y%m%d}{rrn}"


def tagged(text: str, tag_characters: int, length_digits: int) -> dict[str, str] | None:
    """Return the values of a text of tags, decimal lengths and values, or None if it is none, or says one twice.

    Example:
        >>> from posrefund.emulators.host.payers import tagged
        >>> tagged("A402058210526789789570802", 2, 3)
        {'A4': '58210526789789570802'}
        >>> tagged("A4020", 2, 3) is None
        True
    """
    found: dict[str, str] = {}
    while text:
        tag, digits = text[:tag_characters], text[tag_characters:][:length_digits]
        rest = text[tag_characters + length_digits :]
        is_length = len(digits) == length_digits and digits.isascii() and digits.isdigit()
        if not is_length or int(digits) > len(rest) or tag in found:
            return None
        found[tag], text = rest[: int(digits)], rest[int(digits) :]
    return found
