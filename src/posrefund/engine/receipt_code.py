"""The short text under the barcode of a slip: which terminal, batch, number and day it was. Floor 4.

It is read by a scanner or typed by a person, so it says itself whether it was read right. It holds no card data, no
amount, and never 13 digits in a row; it proves nothing, it only finds.

Shape:
    ``R``, then the number in Crockford's base 32 (digits and capitals without I, L, O and U), the two letters of its
    check in the middle. 20 characters for a terminal of eight digits, 25 for any other. All of it fits the alphanumeric
    mode of a QR code and Code 128.

Source:
    Alphabet: Douglas Crockford, *Base 32*, https://www.crockford.com/base32.html. The check is the number modulo 479:
    a prime that divides no ``32**n - 1`` below n = 239, so that one wrong character and any two that changed places are
    always seen, and of anything else all but one in 479.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.requests import Original
from posrefund.errors import InvalidRequestError
from posrefund.values import STAN, BatchNumber, TerminalID, infer_year

if TYPE_CHECKING:
    from posrefund.engine.attempt import Attempt

__all__ = ["ReceiptCode", "receipt_code"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = _ALPHABET[10:]
_MISREAD = str.maketrans("ILO", "110", " -")
"""What people read for what is printed, and what they put between."""
_PRIME = 479
_EPOCH, _DAYS = date(2000, 1, 1), 1 << 15
_TERMINAL_FIRST, _TERMINAL_CHARACTERS = 0x20, 95
_DIGITS_CHARACTERS, _ANY_CHARACTERS = 17, 22
"""So many characters hold any terminal of eight digits, or of eight printable characters."""
_NEAR = timedelta(days=2)
"""A transaction's own date lies as near to the host's day that it was sent on."""


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """What a slip's code says.

    Attributes:
        terminal: Where it was made.
        batch: In which batch.
        stan: Under which number.
        day: Its transaction date.

    Raises:
        InvalidRequestError: Path ``code``: a day before 2000 or after 2089.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine import ReceiptCode
        >>> from posrefund.values import STAN, BatchNumber, TerminalID
        >>> code = ReceiptCode(
        ...     TerminalID("12345678"), BatchNumber("000007"), STAN("000042"), date(2026, 3, 9)
        ... )
        >>> str(code)
        'R0APN58QCKDAWBBZA9AW'
        >>> ReceiptCode.parse("roap-n58q-ckda-wbbz-a9aw") == code
        True
    """

    terminal: TerminalID
    batch: BatchNumber
    stan: STAN
    day: date

    def __post_init__(self) -> None:
        if not 0 <= (self.day - _EPOCH).days < _DAYS:
            raise InvalidRequestError([("code", "of a day from 2000 to 2089")])

    def __str__(self) -> str:
        width = _DIGITS_CHARACTERS if _is_digits(self.terminal) else _ANY_CHARACTERS
        number = _number_of(self.terminal)
        for part, base in ((int(self.batch), 10**6), (int(self.stan), 10**6), (self._days, _DAYS)):
            number = number * base + part
        digits = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(width)))
        half = width // 2
        return f"R{digits[:half]}{_check_of(number)}{digits[half:]}"

    def is_near(self, day: str) -> bool:
        """Say whether *day*, ISO 8601, lies within two days: a slip may say the host's day, a journal the transaction's."""
        return abs(date.fromisoformat(day) - self.day) <= _NEAR

    @property
    def _days(self) -> int:
        return (self.day - _EPOCH).days

    @classmethod
    def parse(cls, text: str) -> ReceiptCode:
        """Return what *text* says; spaces, hyphens and small letters do not matter, nor an O for a zero.

        Raises:
            InvalidRequestError: Path ``code``: it is none, or was read or typed wrong.
        """
        width = len(code := text.upper().translate(_MISREAD)) - 3
        half = width // 2
        digits, check = code[1 : 1 + half] + code[3 + half :], code[1 + half : 3 + half]
        is_code = bool(re.fullmatch(f"R[{_ALPHABET}]+", code))
        if width not in (_DIGITS_CHARACTERS, _ANY_CHARACTERS) or not is_code:
            raise InvalidRequestError([("code", "R and 19 or 24 letters and digits")])
        number = 0
        for character in digits:
            number = number << 5 | _ALPHABET.index(character)
        if check != _check_of(number):
            raise InvalidRequestError([("code", "as it is printed: its check does not fit")])
        return cls._of_number(number, is_short=width == _DIGITS_CHARACTERS)

    @classmethod
    def _of_number(cls, number: int, *, is_short: bool) -> ReceiptCode:
        number, days = divmod(number, _DAYS)
        number, stan = divmod(number, 10**6)
        number, batch = divmod(number, 10**6)
        try:
            return cls(
                TerminalID(_terminal_of(number, is_short=is_short)),
                BatchNumber(f"{batch:06d}"),
                STAN(f"{stan:06d}"),
                _EPOCH + timedelta(days=days),
            )
        except InvalidRequestError:  # a check that fits by chance
            raise InvalidRequestError([("code", "of a slip")]) from None


def receipt_code(transaction: Original | Attempt) -> str:
    """Return the code for the slip of *transaction*: a sale the journal knows, or any attempt of its own.

    Raises:
        InvalidRequestError: It has none: a sale that is only described, or a date that is none.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine import Original, receipt_code
        >>> from posrefund.values import Amount
        >>> receipt_code(Original(
        ...     original_id="S-1", terminal="12345678", merchant="123456789012345", batch="000007",
        ...     stan="000042", rrn="606710000042", transaction_date=date(2026, 3, 9),
        ...     settlement_date=date(2026, 3, 9), amount=Amount(1000), auth_code=None,
        ...     card_fingerprint="",
        ... ))
        'R0APN58QCKDAWBBZA9AW'
    """
    made = (
        transaction.transaction_date if isinstance(transaction, Original) else _day_of(transaction)
    )
    return str(
        ReceiptCode(
            TerminalID(transaction.terminal),
            BatchNumber(transaction.batch),
            STAN(transaction.stan),
            made,
        )
    )


def _day_of(attempt: Attempt) -> date:
    """The day that the host said it was made, or the host's settlement day where no answer said one."""
    said = attempt.facts.get("host_date")
    return infer_year(said, not_after=attempt.host_day + _NEAR) if said else attempt.host_day


def _number_of(terminal: str) -> int:
    if _is_digits(terminal):
        return int(terminal)
    number = 0
    for character in terminal:
        number = number * _TERMINAL_CHARACTERS + ord(character) - _TERMINAL_FIRST
    return number


def _terminal_of(number: int, *, is_short: bool) -> str:
    if is_short:
        return f"{number:08d}"
    characters = []
    for _ in range(8):
        number, place = divmod(number, _TERMINAL_CHARACTERS)
        characters.append(chr(_TERMINAL_FIRST + place))
    return "".join(reversed(characters)) + "?" * bool(number)  # too much for eight: no terminal


def _check_of(number: int) -> str:
    first, second = divmod(number % _PRIME, len(_LETTERS))
    return _LETTERS[first] + _LETTERS[second]


def _is_digits(terminal: str) -> bool:
    return terminal.isascii() and terminal.isdigit()
