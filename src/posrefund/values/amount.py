"""Money: an ``int`` of minor units with its currency. No float ever comes near it. Floor 1."""

from __future__ import annotations

from dataclasses import dataclass

from posrefund.errors import InvalidRequestError

__all__ = ["Amount"]

_MINOR_DIGITS = {"156": 2, "344": 2, "392": 0, "446": 2, "784": 2, "840": 2, "978": 2}
# ISO 4217 exponents of the currencies our dialects name; others print their minor units bare.
_SYMBOLS = {
    "156": "¥",
    "344": "HK$",
    "392": "JP¥",
    "446": "MOP$",
    "784": "AED ",
    "840": "$",
    "978": "€",
}

_AMOUNT_MINOR_MAX = 10**12 - 1
"""DE4 has twelve digits (ISO 8583-1:1987, data element 4)."""
_WRITTEN_MAX = 20
"""Twelve digits, a point, and some zeros before them."""


@dataclass(frozen=True, slots=True, order=False)
class Amount:
    """An amount of money.

    Attributes:
        minor: Minor units (fen for the yuan).
        currency: ISO 4217 numeric code, three digits as text.

    Units:
        Minor units, an exact ``int``; ``bool`` and ``float`` are refused.

    Raises:
        InvalidRequestError: path ``amount.minor`` or ``amount.currency``.

    Example:
        >>> from posrefund.values import Amount
        >>> str(Amount(12_345, "156"))
        '¥123.45'
    """

    minor: int
    currency: str = "156"

    def __post_init__(self) -> None:
        faults = []
        if type(self.minor) is not int or not 0 < self.minor <= _AMOUNT_MINOR_MAX:
            faults.append(("amount.minor", "a whole number of minor units, 1 to 999999999999"))
        if not _is_three_digits(self.currency):
            faults.append(("amount.currency", "three digits, ISO 4217 numeric"))
        if faults:
            raise InvalidRequestError(faults)

    @classmethod
    def parse(cls, text: str, currency: str = "156") -> Amount:
        """Return the amount that a person or a file wrote; no more digits after the point than the currency has.

        Raises:
            InvalidRequestError: Path ``amount``: it is none, or path ``amount.currency``.

        Example:
            >>> from posrefund.values import Amount
            >>> Amount.parse("12.3"), Amount.parse("1500", "392")
            (Amount(minor=1230, currency='156'), Amount(minor=1500, currency='392'))
        """
        digits = _MINOR_DIGITS.get(currency, 0)
        whole, point, part = text.partition(".")
        is_written = text.isascii() and whole.isdigit() and (part.isdigit() or not point)
        if not is_written or len(part) > digits or len(text) > _WRITTEN_MAX:
            raise InvalidRequestError(
                [("amount", f"digits, at most {digits} of them after a point")]
            )
        return cls(int(whole + part.ljust(digits, "0")), currency)

    def __str__(self) -> str:
        return format_minor(self.minor, self.currency)


def _is_three_digits(text: object) -> bool:
    return isinstance(text, str) and len(text) == 3 and text.isascii() and text.isdigit()


def format_minor(minor: int, currency: str = "156") -> str:
    """Write *minor* units for a person; zero and negative sums are allowed here.

    Example:
        >>> from posrefund.values.amount import format_minor
        >>> format_minor(-5), format_minor(1500, "392")
        ('-¥0.05', 'JP¥1500')
    """
    digits = _MINOR_DIGITS.get(currency, 0)
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    tail = f".{part:0{digits}d}" if digits else ""
    return f"{sign}{_SYMBOLS.get(currency, currency + ' ')}{whole:,}{tail}".replace(",", "")
