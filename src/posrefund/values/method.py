"""What pays, or is paid back, beside a card: a code that the payer shows, and the way back to whoever paid. Floor 1.

A payer's code is good for one payment within a minute or so. It is a secret like a card number, and is not kept at
all. What is kept of such a sale is its voucher: the number that the host gave it, by which a refund names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self, final

from posrefund.closed import closed, closed_class
from posrefund.errors import InvalidRequestError
from posrefund.values.card import Secret, passes_luhn

if TYPE_CHECKING:
    from posrefund.values.card import KeptCard, Track2

__all__ = [
    "BY_CODE",
    "BackToPayer",
    "CodeRead",
    "Method",
    "PayerCode",
    "Voucher",
    "Wallet",
    "wallet_of",
]

Wallet = Literal["unionpay", "wechat", "alipay"]
"""Whose application shows the code."""

BY_CODE = "03"
"""First two digits of DE22: a code was scanned."""
_CODE_MODES = ("030", "031", "032")

_WALLETS: tuple[tuple[Wallet, re.Pattern[str]], ...] = (
    ("unionpay", re.compile("62[0-9]{17}")),
    ("wechat", re.compile("1[0-5][0-9]{16}")),
    ("alipay", re.compile("(?:2[5-9]|30)[0-9]{14,22}")),
)


def wallet_of(digits: str) -> Wallet | None:
    """Return whose code *digits* are, by their beginning and length; None where nobody's that is known.

    Source:
        The wallets' public manuals for a shop that scans: UnionPay 62 and 19 digits, WeChat 10 to 15 and 18 digits,
        Alipay 25 to 30 and 16 to 24 digits.

    Example:
        >>> from posrefund.values.method import wallet_of
        >>> wallet_of("134567890123456789"), wallet_of("99")
        ('wechat', None)
    """
    return next((name for name, pattern in _WALLETS if pattern.fullmatch(digits)), None)


def _is_like(pattern: str, text: object) -> bool:
    return isinstance(text, str) and bool(re.fullmatch(pattern, text))


class Method(Protocol):
    """What engine, journal and slips ask of whatever pays or is paid back; a card that was read is one, too."""

    @property
    def entry_mode(self) -> str:
        """DE22."""

    @property
    def is_keyed(self) -> bool:
        """Whether somebody typed a card number."""

    @property
    def identity(self) -> Secret | None:
        """What the journal makes its fingerprint of; None where there is nothing to know it again by."""

    @property
    def masked(self) -> str:
        """For slips and lists."""

    @property
    def kept(self) -> KeptCard | None:
        """What may be kept of it, sealed; None where nothing may."""

    @property
    def track2(self) -> Track2 | None:
        """The magnetic stripe."""

    @property
    def pin_block(self) -> bytes | None:
        """As the PIN pad gave it."""

    @property
    def pin_bypassed(self) -> bool:
        """Whether a PIN was asked for and none given."""


@final
class PayerCode(Secret):
    """The code that a customer's telephone shows to pay: good once, never kept, never shown.

    Shape:
        16 to 24 decimal digits.

    Raises:
        InvalidRequestError: path ``code``; the digits are not in it.

    Source:
        C2B code of DE59 tag A3 (PAX, TOPW); 付款码 of the wallets' manuals.

    Example:
        >>> from posrefund.values import PayerCode
        >>> PayerCode("6201234567890123451")
        PayerCode(***)
    """

    __slots__ = ()
    label = "payer's code "

    @closed
    def __init__(self, digits: str) -> None:
        if not _is_like("[0-9]{16,24}", digits):
            raise InvalidRequestError([("code", "16 to 24 digits")])
        super().__init__(digits)

    @property
    def wallet(self) -> Wallet | None:
        """Whose it is; None where nobody's that is known."""
        return wallet_of(self._clear)


@final
class Voucher(Secret):
    """The number under which a host knows a payment by code: 付款凭证码. It stands on the slip; lists show its ends.

    Shape:
        8 to 30 letters, digits, ``-`` or ``_``; of UnionPay 20 digits.

    Raises:
        InvalidRequestError: path ``voucher``.

    Source:
        DE59 tag A4 (PAX, TOPW; published dump ``A4020 58210526789789570802``).

    Example:
        >>> from posrefund.values import Voucher
        >>> print(Voucher("58210526789789570802"))
        5821************0802
    """

    __slots__ = ()
    label = "voucher "

    @closed
    def __init__(self, text: str) -> None:
        if not _is_like("[0-9A-Za-z_-]{8,30}", text):
            raise InvalidRequestError([("voucher", "8 to 30 letters, digits, - or _")])
        super().__init__(text)

    @classmethod
    @closed
    def of_paper(cls, text: str) -> Self:
        """Return the voucher that a file says or a sale comes with: it will be kept as it is, so it is no card number.

        Raises:
            InvalidRequestError: path ``voucher``.
        """
        voucher = cls(text)
        if voucher.may_be_card:
            raise InvalidRequestError([("voucher", "a voucher, no card number")])
        return voucher

    @property
    def may_be_card(self) -> bool:
        """Whether something in it has the form of a card number: what people type or a file says is none then, and is not kept."""
        runs = re.findall("[0-9](?:[-_]?[0-9])*", self._clear)
        digits = [re.sub("[-_]", "", run) for run in runs]
        return any(_is_like("[2-69][0-9]{12,18}", run) and passes_luhn(run) for run in digits)

    def __str__(self) -> str:
        hidden = len(self._clear) - 8
        return "***" if hidden < 4 else f"{self._clear[:4]}{'*' * hidden}{self._clear[-4:]}"


class _WithoutCard:
    """No number, no stripe, no PIN: what is asked on the payer's own telephone is not asked here."""

    __slots__ = ()

    is_keyed = False
    masked = "QR"
    kept: KeptCard | None = None
    track2: Track2 | None = None
    pin_block: bytes | None = None
    pin_bypassed = False


@closed_class
@dataclass(frozen=True, slots=True)
class CodeRead(_WithoutCard):
    """A payer's code as scanned, for one payment.

    Attributes:
        code: It.
        entry_mode: DE22, ``"03"`` and a digit about the PIN, which is not asked here.

    Raises:
        InvalidRequestError: Every fault at once, paths below ``card``, which is what a request calls what pays.

    Example:
        >>> from posrefund.values import CodeRead, PayerCode
        >>> CodeRead(PayerCode("6201234567890123451"))
        CodeRead(unionpay ***)
    """

    code: PayerCode
    entry_mode: str = "032"

    def __post_init__(self) -> None:
        code: object = self.code
        faults = []
        if not isinstance(code, PayerCode):
            faults.append(("card.code", "a PayerCode"))
        if self.entry_mode not in _CODE_MODES:
            faults.append(("card.entry_mode", f"one of {', '.join(_CODE_MODES)}"))
        if faults:
            raise InvalidRequestError(faults)

    @property
    def identity(self) -> PayerCode:
        """The code: asked for again with another one, it is another request."""
        return self.code

    @property
    def wallet(self) -> Wallet | None:
        """Whose application shows it."""
        return self.code.wallet

    def __repr__(self) -> str:
        return f"CodeRead({self.wallet or 'unknown'} {self.code!s})"


@closed_class
@dataclass(frozen=True, slots=True)
class BackToPayer(_WithoutCard):
    """Back to whoever paid, by the sale itself: nothing is read and nothing is shown.

    The usual case of a wallet: the journal has the voucher of a sale that was made here. Of any other sale it is
    typed from the slip.

    Attributes:
        voucher: From the slip; None: the journal knows it.

    Raises:
        InvalidRequestError: path ``card.voucher``.

    Example:
        >>> from posrefund.values import BackToPayer, Voucher
        >>> BackToPayer()
        BackToPayer()
        >>> BackToPayer(Voucher("58210526789789570802"))
        BackToPayer(5821************0802)
    """

    voucher: Voucher | None = None

    def __post_init__(self) -> None:
        voucher: object = self.voucher
        if voucher is not None and not isinstance(voucher, Voucher):
            raise InvalidRequestError([("card.voucher", "a Voucher")])

    @property
    def entry_mode(self) -> str:
        """DE22 as of the sale's own kind: by code, no PIN."""
        return f"{BY_CODE}2"

    @property
    def identity(self) -> Voucher | None:
        """The voucher, where it was typed."""
        return self.voucher

    def __repr__(self) -> str:
        return f"BackToPayer({self.voucher or ''})"
