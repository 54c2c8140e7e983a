"""Card data as types that cannot be printed, pickled or compared carelessly. Floor 1.

The clear value leaves only through ``reveal()``, so a search for that word finds every place that
touches card data. Masking is an allow-list: first six and last four of 13 digits or more, last four
of fewer, and nothing else (PCI DSS v4.0.1, requirement 3.4.1).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NoReturn, Self, final

from posrefund.closed import closed, closed_class
from posrefund.errors import InvalidRequestError

__all__ = [
    "PAN",
    "CardRead",
    "EntryMode",
    "KeptCard",
    "Secret",
    "Track2",
    "mask_pan",
    "passes_luhn",
]

EntryMode = Literal["011", "012", "021", "022", "051", "052", "071", "072"]
"""DE22: 01 keyed, 02 magnetic stripe, 05 chip, 07 contactless; third digit 1 a PIN may be entered, 2 not.

A keyed number is refused (``keyed_card``) but for a role of the shop's rules that may type one; a UnionPay host refuses
it in a refund whatever the shop says (field table, DE22 of a refund).
"""
_ENTRY_MODES = ("011", "012", "021", "022", "051", "052", "071", "072")


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).

    Example:
        >>> from posrefund.values.card import passes_luhn
        >>> passes_luhn("6200000000000005"), passes_luhn("6200000000000006")
        (True, False)
    """
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_pan(text: object) -> bool:
    right = isinstance(text, str) and text.isascii() and text.isdigit() and 12 <= len(text) <= 19
    return right and passes_luhn(str(text))


def mask_pan(digits: str) -> str:
    """Show at most the first six and the last four; fewer where the number is short.

    Example:
        >>> from posrefund.values.card import mask_pan
        >>> mask_pan("6200000000000005"), mask_pan("123456789012"), mask_pan("1234")
        ('620000******0005', '********9012', '***')
    """
    if not (digits.isascii() and digits.isdigit()) or len(digits) < 8:
        return "***"
    first = 6 if len(digits) >= 13 else 0
    return digits[:first] + "*" * (len(digits) - first - 4) + digits[-4:]


class Secret:
    """One text that shows itself only when asked by name.

    Attributes:
        label: Stands before the text where a digest is made of it, so that two kinds with the same digits differ; card
            numbers have none.
    """

    __slots__ = ("_clear",)
    label: ClassVar[str] = ""

    def __init__(self, clear: str) -> None:
        self._clear = clear

    def reveal(self) -> str:
        """Return the clear value. Every call of this is a place to review."""
        return self._clear

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self!s})"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._clear.encode(), other._clear.encode())

    __hash__ = None  # type: ignore[assignment]  # reason: a hash of card data is card data

    def __reduce__(self) -> NoReturn:
        message = f"{type(self).__name__} cannot be pickled or copied"
        raise TypeError(message)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


@final
class PAN(Secret):
    """Primary account number.

    Shape:
        12 to 19 decimal digits that pass the Luhn check.

    Raises:
        InvalidRequestError: path ``pan``; the digits are not in it.

    Source:
        ISO/IEC 7812-1; length as in DE2 of the dialects.

    Example:
        >>> from posrefund.values import PAN
        >>> PAN("6200000000000005")
        PAN(620000******0005)
    """

    __slots__ = ()

    @closed
    def __init__(self, digits: str) -> None:
        if not _is_pan(digits):
            raise InvalidRequestError([("pan", "12 to 19 digits that pass the Luhn check")])
        super().__init__(digits)

    def __str__(self) -> str:
        return mask_pan(self._clear)


@final
class Track2(Secret):
    """Track 2 data as read, without start and end sentinel; never stored, sent once.

    Shape:
        PAN, ``=`` or ``D``, then expiry YYMM, service code, discretionary digits; at most 37.

    Raises:
        InvalidRequestError: path ``track2``.

    Source:
        ISO/IEC 7813, 4.2; separator D as in DE35 of the BCD dialects.
    """

    __slots__ = ()

    @closed
    def __init__(self, data: str) -> None:
        given: object = data
        text = given.replace("=", "D") if isinstance(given, str) else ""
        pan, separator, rest = text.partition("D")
        right = bool(separator) and rest.isascii() and rest.isdigit() and len(rest) >= 4
        if not right or not _is_pan(pan) or len(text) > 37:
            raise InvalidRequestError([("track2", "PAN, separator, YYMM and digits, at most 37")])
        super().__init__(text)

    @property
    def pan(self) -> PAN:
        """The account number on the track."""
        return PAN(self._clear.partition("D")[0])

    @property
    def expiry(self) -> str:
        """YYMM on the track."""
        return self._clear.partition("D")[2][:4]


@final
class _PINBlock(bytes):
    """A PIN block that is bytes to whoever sends it, and stars to whoever prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        message = "a PIN block cannot be pickled"
        raise TypeError(message)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


@dataclass(frozen=True, slots=True)
class KeptCard:
    """What has to be kept of a card until its batch is closed, and only sealed: a reversal needs it.

    Attributes:
        pan: The account number.
        expiry: YYMM, or None when the reader did not give it.
    """

    pan: PAN
    expiry: str | None = field(default=None, repr=False)


@closed_class
@dataclass(frozen=True, slots=True)
class CardRead:
    """What a card reader gave for one transaction.

    Attributes:
        entry_mode: DE22; a keyed number is refused later, unless the shop's rules let somebody type one.
        pan: The account number.
        expiry: YYMM, or None when the reader did not give it.
        sequence_number: DE23, three digits, chip and contactless only.
        track2: Magnetic stripe only.
        pin_block: Already encrypted by the PIN pad, 8 bytes, or 16 of a host whose DE52 takes them; never kept.
        pin_bypassed: The customer was asked for a PIN and gave none; not the same as never asked.

    Raises:
        InvalidRequestError: every fault at once, paths below ``card``.
    """

    entry_mode: EntryMode
    pan: PAN
    expiry: str | None = None
    sequence_number: str | None = None
    track2: Track2 | None = None
    pin_block: bytes | None = None
    pin_bypassed: bool = False

    def __post_init__(self) -> None:
        faults = [
            (f"card.{path}", expected)
            for path, expected, right in (
                (
                    "entry_mode",
                    f"one of {', '.join(_ENTRY_MODES)}",
                    self.entry_mode in _ENTRY_MODES,
                ),
                ("pan", "a PAN", isinstance(self.pan, PAN)),
                ("expiry", "YYMM", _is_expiry_or_none(self.expiry)),
                ("sequence_number", "3 digits", _is_digits_or_none(self.sequence_number, 3)),
                ("track2", "track 2 with the same PAN", self._track2_fits()),
                ("pin_block", "8 or 16 bytes", _is_pin_block_or_none(self.pin_block)),
                ("pin_bypassed", "true or false, and no PIN block beside it", self._bypass_fits()),
            )
            if not right
        ]
        if faults:
            raise InvalidRequestError(faults)
        if self.pin_block is not None:
            object.__setattr__(self, "pin_block", _PINBlock(self.pin_block))

    def _track2_fits(self) -> bool:
        if self.entry_mode not in ("021", "022"):
            return self.track2 is None
        return isinstance(self.track2, Track2) and self.track2.pan == self.pan

    def _bypass_fits(self) -> bool:
        bypassed: object = self.pin_bypassed
        return isinstance(bypassed, bool) and not (bypassed and self.pin_block is not None)

    @property
    def is_keyed(self) -> bool:
        """Whether somebody typed the number."""
        return self.entry_mode.startswith("01")

    @property
    def is_magnetic(self) -> bool:
        """Whether the stripe was read; then DE35 carries the number and DE2 does not."""
        return self.entry_mode.startswith("02")

    @property
    def identity(self) -> PAN:
        """What a fingerprint is made of."""
        return self.pan

    @property
    def masked(self) -> str:
        """The number as slips and lists show it."""
        return str(self.pan)

    @property
    def kept(self) -> KeptCard:
        """The part of it that may be kept, sealed."""
        return KeptCard(self.pan, self.expiry)

    def __repr__(self) -> str:
        return f"CardRead({self.entry_mode}, {self.pan!s})"


def _is_digits_or_none(text: object, count: int) -> bool:
    if text is None:
        return True
    return isinstance(text, str) and len(text) == count and text.isascii() and text.isdigit()


def _is_expiry_or_none(text: object) -> bool:
    return text is None or (_is_digits_or_none(text, 4) and 1 <= int(str(text)[2:]) <= 12)


def _is_pin_block_or_none(block: object) -> bool:
    return block is None or (isinstance(block, bytes) and len(block) in (8, 16))
