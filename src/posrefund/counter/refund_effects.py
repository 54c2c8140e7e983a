"""What screens want for a refund: a card, its sales, what it would come to, a second person's yes; as data. Floor 9."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from posrefund.closed import closed_class
from posrefund.counter.contract import AtDesk, AtReader, OnLine
from posrefund.counter.shop_effects import doubts_at
from posrefund.engine import ReceiptCode, SaleQuery, Signature
from posrefund.errors import InvalidRequestError
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.counter.contract import Reader
    from posrefund.engine import Approval, Attempt, Original, RefundRequest
    from posrefund.engine.policy import Bounds
    from posrefund.errors import RefusedError
    from posrefund.terminal import Preview
    from posrefund.terminal.desk import Desk
    from posrefund.values import CardRead

__all__ = [
    "Approve",
    "Ask",
    "CheckRefund",
    "Checked",
    "Consider",
    "Considered",
    "FindSale",
    "Found",
    "ReadCard",
    "SalesByCode",
    "SalesOfCard",
    "SendRefund",
    "StopReading",
    "Withdraw",
]

_ASKED_FOR_LATER = {"signature_required", "order_ref_required", "documents_required"}
_RRN_AND_DAY = re.compile(r"([0-9A-Za-z]{12})[ :]+([0-9]{4}(?:-?[0-9]{2}-?[0-9]{2})?)")


# --- card and sale ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadCard(AtReader):
    """Gives the card as it was read."""

    which: int = 0

    def at_reader(self, reader: Reader) -> CardRead:
        """Wait for it."""
        return reader.read(self.which)


@dataclass(frozen=True, slots=True)
class StopReading(AtReader):
    """Let the reader wait no longer; performed beside ``ReadCard``."""

    is_aside: ClassVar[bool] = True

    def at_reader(self, reader: Reader) -> None:
        """Stop it."""
        reader.stop()


@dataclass(frozen=True, slots=True)
class Found:
    """Sales that may be meant.

    Attributes:
        sales: Best or newest first.
        named: The slip's number and date that were typed, where nothing is known by them and the acquirer's profile lets
            a sale be described.
    """

    sales: tuple[Original, ...] = ()
    named: tuple[str, date | str] | None = None


@closed_class
@dataclass(frozen=True, slots=True)
class SalesOfCard(AtDesk):
    """Gives what the card that was read paid for and can still be given back, newest first."""

    card: CardRead

    def at_desk(self, desk: Desk) -> Found:
        """Read it."""
        fingerprint = desk.journal.fingerprint(self.card.pan)
        return Found(tuple(desk.journal.sales_of_card(desk.view().merchant, fingerprint)))


@dataclass(frozen=True, slots=True)
class SalesByCode(AtDesk):
    """Gives what codes paid for lately and can still be given back, newest first."""

    def at_desk(self, desk: Desk) -> Found:
        """Read it."""
        return Found(tuple(desk.journal.sales_by_code(desk.view().merchant)))


@dataclass(frozen=True, slots=True)
class FindSale(AtDesk):
    """Gives the sales that a typed or scanned text means: a receipt code, a number and a date, or a request id."""

    text: str = field(repr=False)  # it may be a card number that somebody typed here

    def at_desk(self, desk: Desk) -> Found:
        """Look for it."""
        named = _RRN_AND_DAY.fullmatch(self.text)
        if named is None:
            return Found(_candidates(desk, self._query()))
        rrn, day = named[1], _day(named[2])
        sales = _candidates(desk, SaleQuery(rrn=rrn, day=day))
        if sales or desk.dialect.policy.ceiling != "host_only":
            return Found(sales)
        return Found(named=(rrn, day))

    def _query(self) -> SaleQuery:
        try:
            return SaleQuery(code=ReceiptCode.parse(self.text))
        except InvalidRequestError:
            if re.fullmatch("[0-9A-Za-z]{12}", self.text):
                return SaleQuery(rrn=self.text, request_id=self.text)
            return SaleQuery(request_id=self.text)


def _candidates(desk: Desk, query: SaleQuery) -> tuple[Original, ...]:
    return tuple(candidate.sale for candidate in desk.find_sales(query).candidates)


def _day(text: str) -> date | str:
    if len(text) == 4:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError([("day", "MMDD, or YYYY-MM-DD")]) from None


# --- a refund --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Considered:
    """What is known of a sale before an amount is typed.

    Attributes:
        bounds: The least and the most; None where nothing may be asked for, or nobody here knows the sale.
        faults: What says no whatever the amount.
        doubt: What stands against the sale and is not decided, if anything.
    """

    bounds: Bounds | None
    faults: tuple[RefusedError, ...] = ()
    doubt: Attempt | None = None


@closed_class
@dataclass(frozen=True, slots=True)
class Consider(AtDesk):
    """Gives what is ``Considered`` of the sale of a request whose amount is not typed yet."""

    request: RefundRequest

    def at_desk(self, desk: Desk) -> Considered:
        """Look at it; writes nothing."""
        sale_id = str(self.request.original)
        bounds = desk.amount_bounds(sale_id, self.request.operator)
        faults = desk.check_refund(self.request).faults
        if bounds is not None:  # what another amount mends is said once that is typed
            least = replace(self.request, amount=Amount(bounds.least_minor, bounds.currency))
            codes = {fault.code for fault in desk.check_refund(least).faults}
            faults = tuple(fault for fault in faults if fault.code in codes - _ASKED_FOR_LATER)
        doubt = next((one for one in doubts_at(desk) if one.original_id == sale_id), None)
        return Considered(bounds, faults, doubt)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a refund would come to.

    Attributes:
        preview: What the terminal says, the customer's signature taken for given.
        needs_signature: Whether it is refused without.
    """

    preview: Preview
    needs_signature: bool = False


@closed_class
@dataclass(frozen=True, slots=True)
class CheckRefund(AtDesk):
    """Gives what a refund would come to, ``Checked``; sends nothing and writes nothing."""

    request: RefundRequest

    def at_desk(self, desk: Desk) -> Checked:
        """Look at it."""
        signed = replace(self.request, signature=Signature("paper"))
        without = desk.check_refund(replace(self.request, signature=None)).faults
        needs = any(fault.code == "signature_required" for fault in without)
        return Checked(desk.check_refund(signed), needs)


@closed_class
@dataclass(frozen=True, slots=True)
class Ask(AtDesk):
    """Ask for a second person's yes; gives the ``Approval``, or None where none is needed."""

    request: RefundRequest
    pin: str | None = field(default=None, repr=False)

    def at_desk(self, desk: Desk) -> Approval | None:
        """Write it down."""
        return desk.ask(self.request, pin=self.pin)


@closed_class
@dataclass(frozen=True, slots=True)
class Approve(AtDesk):
    """Say yes; gives the ``Approval``."""

    request_id: str
    checker: str
    digest: str
    pin: str | None = field(default=None, repr=False)

    def at_desk(self, desk: Desk) -> Approval:
        """Write it down."""
        return desk.approve(self.request_id, checker=self.checker, digest=self.digest, pin=self.pin)


@dataclass(frozen=True, slots=True)
class Withdraw(AtDesk):
    """Say no to what waits; gives the ``Approval``."""

    request_id: str
    by: str

    def at_desk(self, desk: Desk) -> Approval:
        """Write it down."""
        return desk.withdraw(self.request_id, by=self.by)


@closed_class
@dataclass(frozen=True, slots=True)
class SendRefund(OnLine):
    """Refund; gives the outcome. The same request twice is one refund."""

    request: RefundRequest

    def on_line(self, terminal: Any) -> Any:
        """Send it."""
        return terminal.refund(self.request)
