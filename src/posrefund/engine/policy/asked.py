"""What the rules are asked about: a request, its sale, and what the journal remembers of both. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.engine.paid import paid_by
from posrefund.engine.rules import amount_to_refund
from posrefund.values import BackToPayer, CardRead

if TYPE_CHECKING:
    from datetime import date, datetime

    from posrefund.engine.requests import Original, RefundRequest

__all__ = ["Asked", "History"]


@dataclass(frozen=True, slots=True)
class History:
    """What was before.

    Attributes:
        refund_count: Earlier refunds and voids of the sale that gave something back, or may have.
        last_sent_at: When the last message about one left, whatever became of it.
        day_minor: What the operator gave back this settlement day, in the currency of the sale.
        day_count: How many times.
        role: The operator's, by name; None where nobody says.
        holds: ``"dispute"`` and ``"legal"``, where they stand on the sale.
        voucher_of: The sale that a feed knows by the voucher that the request names; empty for none.

    Units:
        Minor units.
    """

    refund_count: int = 0
    last_sent_at: datetime | None = None
    day_minor: int = 0
    day_count: int = 0
    role: str | None = None
    holds: frozenset[str] = frozenset()
    voucher_of: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the rules.

    Attributes:
        request: The refund.
        original: Its sale; None where nobody knows which it is.
        card_fingerprint: Of the card as read now; empty where nothing was.
        merchant: DE42 of the terminal.
        now: The time, by our clock.
        host_now: The same by the host's.
        today: The host's settlement day.
        history: What was before.
    """

    request: RefundRequest
    original: Original | None
    card_fingerprint: str
    merchant: str
    now: datetime
    host_now: datetime
    today: date
    history: History = History()

    @property
    def minor(self) -> int | None:
        """What would be given back, or None where that is not known yet."""
        if self.original is None:
            return self.request.amount.minor if self.request.amount else None
        if self.request.amount is None and self.original.ceiling == "host_only":
            return None
        return amount_to_refund(self.request, self.original)

    @property
    def currency(self) -> str:
        """In which currency."""
        amount = self.request.amount or (self.original.amount if self.original else None)
        return amount.currency if amount else ""

    @property
    def is_unreferenced(self) -> bool:
        """Whether nobody here knows the sale."""
        return self.original is not None and self.original.ceiling == "host_only"

    @property
    def is_other_method(self) -> bool:
        """Whether it would go back by another way than it came: to a card what a code paid, or to a code.

        By a voucher goes back what a code paid, or what nobody here knows to have been paid otherwise.
        """
        if self.original is None:
            return False
        match self.request.card:
            case CardRead():
                return paid_by(self.original) == "code"
            case BackToPayer():
                known = self.original.card_fingerprint
                is_unknown = paid_by(self.original) == "unknown"
                return is_unknown and known not in ("", self.card_fingerprint)
            case _:
                return True

    @property
    def is_other_card(self) -> bool:
        """Whether another card was read than the one that paid."""
        sale, card = self.original, self.request.card
        if sale is None or not isinstance(card, CardRead) or self.is_other_method:
            return False
        if not sale.card_fingerprint:  # a feed knew only its last digits (decision 0052)
            return str(card.pan)[-4:] != sale.card_last4
        return sale.card_fingerprint != self.card_fingerprint
