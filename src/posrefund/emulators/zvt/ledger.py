"""What an emulated ZVT terminal has booked, in its own books, and the numbers it gives. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Booking", "ZVTLedger"]

_TRACES, _RECEIPTS = 999_999, 9_999


@dataclass(frozen=True, slots=True)
class Booking:
    """One transaction.

    Attributes:
        kind: What it was.
        minor: Minor units.
        currency: Three digits.
        trace: Its number among all transactions.
        receipt: The number of its receipt.
        original: The booking that it reverses.
        code: Its result, 0 for yes.
    """

    kind: Literal["sale", "refund", "reversal"]
    minor: int
    currency: str
    trace: int
    receipt: int
    original: Booking | None = None
    code: int = 0

    @property
    def reference(self) -> str:
        """Trace and receipt number, as a till writes them down."""
        return f"{self.trace:06d}/{self.receipt:04d}"


@dataclass(slots=True)
class ZVTLedger:
    """The books.

    Attributes:
        bookings: All that was booked, in order.
        trace: The last trace number given.
        receipt: The last receipt number given.
    """

    bookings: list[Booking] = field(default_factory=list)
    trace: int = 121
    receipt: int = 43

    def numbers(self) -> tuple[int, int]:
        """Return the next trace and receipt numbers; they begin again at 1."""
        self.trace = self.trace % _TRACES + 1
        self.receipt = self.receipt % _RECEIPTS + 1
        return self.trace, self.receipt

    def sell(self, minor: int, currency: str = "978") -> Booking:
        """Book a sale, as if a card had been there; return it."""
        sale = Booking("sale", minor, currency, *self.numbers())
        self.bookings.append(sale)
        return sale

    def with_receipt(self, receipt: int) -> Booking | None:
        """Return what the last receipt of that number was of; a reversal cannot be reversed."""
        found = [each for each in self.bookings if each.receipt == receipt and not each.original]
        return found[-1] if found else None

    def is_reversed(self, booking: Booking) -> bool:
        """Say whether it was undone already."""
        return any(each.original == booking for each in self.bookings)

    @property
    def refunded_minor(self) -> int:
        """All that was given back, reversals not counted."""
        return sum(each.minor for each in self.bookings if each.kind == "refund")
