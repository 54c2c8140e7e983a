"""The refund that a clerk is putting together, and how it is shown. Floor 9."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from posrefund.closed import closed_class
from posrefund.counter.screen import Fact
from posrefund.engine import Reason, RefundRequest
from posrefund.errors import LocalProtocolError
from posrefund.office.slips.words import REASONS
from posrefund.values import BackToPayer
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from posrefund.counter.words import Words
    from posrefund.engine import Approval, Attempt, DescribedSale, Document, Original, Signature
    from posrefund.values import Amount, CardRead

__all__ = ["Wanted", "facts_of_attempt", "short_digest"]

_DIGITS_SHOWN = 16


@closed_class
@dataclass(frozen=True, slots=True)
class Wanted:
    """A refund, as far as it is said. Its request id never changes: however often it is confirmed, it is one.

    Attributes:
        request_id: Of the whole dialogue.
        operator: Who asks.
        card: As read; or that it goes back to whoever paid by a code, and nothing is read.
        original: The sale's request id, or its description where nobody here knows it.
        sale: The sale, as the journal had it when it was chosen.
        amount: How much.
        reason: Why.
        order_ref: The shop's number of the order.
        documents: What speaks for it.
        signature: The customer's.
        digest: Over all that is going to be written down, once it was checked.
        needs_two: Whether a second person has to agree.
    """

    request_id: str
    operator: str
    card: CardRead | BackToPayer | None = None
    original: str | DescribedSale = ""
    sale: Original | None = None
    amount: Amount | None = None
    reason: Reason = Reason.CUSTOMER
    order_ref: str = ""
    documents: tuple[Document, ...] = ()
    signature: Signature | None = None
    digest: str = ""
    needs_two: bool = False

    @classmethod
    def of_approval(cls, approval: Approval) -> Self:
        """Return the refund that a second person looked at, to go on with."""
        return cls(
            approval.request_id,
            approval.maker,
            original=approval.original_id,
            amount=approval.amount,
            reason=Reason(approval.why) if approval.why else Reason.CUSTOMER,
        )

    def with_(self, **changes: Any) -> Self:
        """Return it with *changes*."""
        return replace(self, **changes)

    def request(self) -> RefundRequest:
        """Return what the terminal is asked for.

        Raises:
            LocalProtocolError: No card was read yet.
        """
        if self.card is None:
            message = "no card was read yet"
            raise LocalProtocolError(message)
        return RefundRequest(
            self.request_id,
            original=self.original,
            card=self.card,
            reason=self.reason,
            amount=self.amount,
            operator=self.operator,
            order_ref=self.order_ref,
            documents=self.documents,
            signature=self.signature,
        )

    @property
    def sale_name(self) -> str:
        """What the sale is called, for people."""
        return self.original if isinstance(self.original, str) else self.original.rrn

    def payee(self, say: Words) -> tuple[str, str]:
        """Return where the money goes, and what that is called."""
        if isinstance(self.card, BackToPayer):
            return "label_back_to", say("payer")
        return "label_card", self.card.masked if self.card else ""

    @property
    def steps(self) -> int:
        """How many steps it takes: one more where a second person has to agree."""
        return 6 if self.needs_two else 5

    def facts_of_sale(self, say: Words) -> tuple[Fact, ...]:
        """Return what is shown of it before an amount is said."""
        sale = self.sale
        left = [("label_left", left_of(sale))] if sale and sale.ceiling != "host_only" else []
        told = [
            ("label_sale", self.sale_name),
            *_of_sale(sale),
            *left,
            self.payee(say),
        ]
        return _facts(told, say)

    def short_facts(self, say: Words) -> tuple[Fact, ...]:
        """Return what a second person looks at: as much as a question for one has."""
        told = [
            ("label_amount", str(self.amount) if self.amount else ""),
            ("label_sale", self.sale_name),
            self.payee(say),
            ("label_reason", REASONS[say.language][self.reason]),
            ("label_operator", self.operator),
            ("label_request", self.request_id),
            ("label_digest", short_digest(self.digest)),
        ]
        return _facts(told, say)

    def facts(self, say: Words, *, kind: str = "kind_refund") -> tuple[Fact, ...]:
        """Return what is shown of it, the amount large."""
        reasons = REASONS[say.language]
        told = [
            ("label_amount", str(self.amount) if self.amount else ""),
            ("label_kind", say(kind)),
            ("label_sale", self.sale_name),
            *_of_sale(self.sale),
            self.payee(say),
            ("label_reason", reasons[self.reason]),
            ("label_order", self.order_ref),
            *(("label_document", document.said) for document in self.documents),
            ("label_operator", self.operator),
            ("label_request", self.request_id),
            ("label_digest", short_digest(self.digest)),
        ]
        return _facts(told, say)


def _of_sale(sale: Original | None) -> list[tuple[str, str]]:
    if sale is None or sale.ceiling == "host_only":
        return []
    return [("label_paid", f"{sale.amount}  {sale.transaction_date}"), ("label_rrn", sale.rrn)]


def facts_of_attempt(attempt: Attempt, say: Words) -> tuple[Fact, ...]:
    """Return what is shown of a refund that was sent, or was going to be; the reference large."""
    reason = attempt.facts.get("why", "")
    told = [
        ("label_amount", str(attempt.amount)),
        ("label_request", attempt.request_id),
        ("label_sale", attempt.original_id or ""),
        ("label_card", attempt.card_masked),
        ("label_reason", REASONS[say.language].get(reason, reason)),
        ("label_operator", attempt.facts.get("operator", "")),
        ("label_rrn", attempt.facts.get("rrn", "")),
        ("label_since", f"{attempt.host_day}"),
    ]
    return _facts(told, say)


def short_digest(digest: str) -> str:
    """Return as much of a digest as two people compare: four groups of four.

    Example:
        >>> from posrefund.counter.wanted import short_digest
        >>> short_digest("0123456789abcdef" * 4)
        '0123 4567 89ab cdef'
    """
    shown = digest[:_DIGITS_SHOWN]
    return " ".join(shown[at : at + 4] for at in range(0, len(shown), 4))


def left_of(sale: Original) -> str:
    """Return what is left of a sale, for people."""
    return format_minor(sale.remaining_minor, sale.amount.currency)


def _facts(told: list[tuple[str, str]], say: Words) -> tuple[Fact, ...]:
    return tuple(
        Fact(say(label), value, is_large=label == "label_amount") for label, value in told if value
    )
