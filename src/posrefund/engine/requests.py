"""What a shop asks for, and what the journal knows about the sale it is about. Floor 4.

Requests are checked when they are made: every fault at once, nothing recorded. They hold no clear card
number that could be printed: what pays masks itself. What pays, or is paid back, is called ``card`` in a request, for
a card it mostly is.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine.notes import is_note
from posrefund.engine.papers import Document, Signature
from posrefund.errors import InvalidRequestError
from posrefund.values import RRN, Amount, BackToPayer, CardRead, CodeRead, RequestID

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.dialects.policy import Ceiling
    from posrefund.errors import Fault

__all__ = [
    "DescribedSale",
    "Original",
    "OriginalRef",
    "Reason",
    "RefundRequest",
    "SaleRequest",
]

_ORDER_CHARACTERS_MAX = 64


class Reason(StrEnum):
    """Why a refund is made; printed on the slip and kept in the journal."""

    CUSTOMER = "customer"
    """The customer asked for it."""
    DUPLICATE = "duplicate"
    """The sale was made twice."""
    DEFECT = "defect"
    """The goods were faulty."""
    NOT_DELIVERED = "not_delivered"
    PRICE = "price"
    """The price was wrong."""
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class OriginalRef:
    """Points at a sale by what stands on its slip.

    Attributes:
        rrn: The sale's retrieval reference number.
        date_mmdd: The sale's transaction date, month and day.
    """

    rrn: RRN
    date_mmdd: str


@dataclass(frozen=True, slots=True)
class DescribedSale:
    """Describes a sale that this journal may not know, by what stands on its slip.

    Where the journal does not know it, a refund of it needs a profile with ``ceiling = "host_only"`` and a second
    person's yes.

    Attributes:
        rrn: The sale's retrieval reference number.
        day: Its transaction date; as MMDD the last such day is meant.
        batch: Its batch, or zeros.
        stan: Its STAN, or zeros.
        auth_code: Its authorisation code, if it has one.
        organisation: Its card organisation, DE63.1, if the slip says it.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine import DescribedSale
        >>> from posrefund.values import RRN
        >>> DescribedSale(RRN("606710000042"), "0308").stan
        '000000'
    """

    rrn: RRN
    day: date | str
    batch: str = "000000"
    stan: str = "000000"
    auth_code: str | None = None
    organisation: str | None = None

    def __post_init__(self) -> None:
        faults = []
        checks = (
            ("rrn", self.rrn, "[0-9A-Za-z ]{12}", "12 letters, digits or spaces"),
            ("batch", self.batch, "[0-9]{6}", "6 digits"),
            ("stan", self.stan, "[0-9]{6}", "6 digits"),
            ("auth_code", self.auth_code, "[0-9A-Za-z ]{6}", "6 letters, digits or spaces"),
            ("organisation", self.organisation, "[0-9A-Za-z]{3}", "3 letters or digits"),
        )
        for name, value, pattern, expected in checks:
            is_optional = value is None and name in ("auth_code", "organisation")
            if not is_optional and not (isinstance(value, str) and re.fullmatch(pattern, value)):
                faults.append((f"original.{name}", expected))
        if not (isinstance(self.day, date) or re.fullmatch("[0-9]{4}", str(self.day))):
            faults.append(("original.day", "a date, or MMDD"))
        _raise_if(faults)

    @property
    def mmdd(self) -> str:
        """Month and day of the sale."""
        return self.day if isinstance(self.day, str) else f"{self.day:%m%d}"


@closed_class
@dataclass(frozen=True, slots=True)
class SaleRequest:
    """One sale.

    Attributes:
        request_id: The shop's own number (a ``RequestID``); asking again never sells twice.
        amount: What the customer pays.
        card: As read, or the payer's code as scanned.
        operator: Who stands at the terminal.
        order_ref: The shop's number of the order, at most 64 characters; a refund and a cancelled order find the sale by it.

    Raises:
        InvalidRequestError: Every fault at once.
    """

    request_id: str
    amount: Amount
    card: CardRead | CodeRead
    operator: str = "01"
    order_ref: str = ""

    def __post_init__(self) -> None:
        faults = _id_faults("request_id", self.request_id)
        faults += _common_faults(self.amount, self.card, _PAYS, self.operator)
        _raise_if([*faults, *_order_faults(self.order_ref)])
        object.__setattr__(self, "request_id", RequestID(self.request_id))

    def content(self, card_fingerprint: str) -> str:
        """Return the digest that tells this request from another under the same id."""
        return _digest(
            ["sale", self.amount.minor, self.amount.currency, self.operator, card_fingerprint],
            order_ref=self.order_ref,
        )


@closed_class
@dataclass(frozen=True, slots=True)
class RefundRequest:
    """One refund of one sale.

    Attributes:
        request_id: The shop's own number (a ``RequestID``); asking again never refunds twice, ever.
        original: The sale: its request id, what stands on its slip, or, where the journal may not know it, a description.
        card: The card as read now; it has to be the one that paid. ``BackToPayer()`` for what was paid by a code: the
            journal knows to whom.
        reason: Why.
        amount: How much; None means all that is left of the sale.
        operator: Who stands at the terminal.
        note: Free text for the journal; nothing in it that could be a card number.
        order_ref: The shop's number of the order, at most 64 characters.
        documents: What speaks for it: receipt, invoice, photo.
        corrects: Id of an earlier request of the shop's that this one puts right; empty for none.
        signature: The customer's, where it was given before the refund; a later one may be added, and is not part of
            what a second person approves.
        contact: Where the customer wants to hear of it: a telephone number or an address of a channel, at most 200
            printable characters. It is kept apart from the journal's chain, sealed, and can be wiped.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine import Reason, RefundRequest
        >>> from posrefund.values import PAN, Amount, CardRead
        >>> RefundRequest(
        ...     "R-1", original="S-1", card=CardRead("051", PAN("6200000000000005")),
        ...     reason=Reason.CUSTOMER, amount=Amount(1000),
        ... ).card
        CardRead(051, 620000******0005)
    """

    request_id: str
    original: str | OriginalRef | DescribedSale
    card: CardRead | CodeRead | BackToPayer
    reason: Reason
    amount: Amount | None = None
    operator: str = "01"
    note: str = ""
    order_ref: str = ""
    documents: tuple[Document, ...] = ()
    corrects: str = ""
    signature: Signature | None = None
    contact: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        faults = _id_faults("request_id", self.request_id)
        reason: object = self.reason
        original: object = self.original
        if isinstance(original, str):
            faults += _id_faults("original", original)
        elif not isinstance(original, OriginalRef | DescribedSale):
            faults.append(("original", "a request id, an OriginalRef or a DescribedSale"))
        if isinstance(original, DescribedSale) and self.amount is None:
            faults.append(("amount", "an Amount: nobody here knows what is left of that sale"))
        amount = Amount(1) if self.amount is None else self.amount  # 0 and False are no "all of it"
        faults += _common_faults(amount, self.card, _IS_PAID_BACK, self.operator)
        if not isinstance(reason, Reason):
            faults.append(("reason", f"one of {', '.join(Reason)}"))
        if not is_note(self.note):
            faults.append(("note", "at most 200 characters, no card number"))
        faults += [*_order_faults(self.order_ref), *self._paper_faults()]
        _raise_if(faults)
        object.__setattr__(self, "request_id", RequestID(self.request_id))
        if isinstance(original, str):
            object.__setattr__(self, "original", RequestID(original))

    def content(self, card_fingerprint: str) -> str:
        """Return the digest that tells this request from another under the same id."""
        named = _named(self.original)
        amount = [self.amount.minor, self.amount.currency] if self.amount else [None]
        return _digest(
            ["refund", *named, *amount, self.reason, self.operator, self.note, card_fingerprint],
            order_ref=self.order_ref,
            documents=[document.said for document in self.documents],
            corrects=self.corrects,
        )

    def _paper_faults(self) -> list[Fault]:
        documents: object = self.documents
        signature: object = self.signature
        faults: list[Fault] = []
        if not isinstance(documents, tuple) or not all(
            isinstance(document, Document) for document in documents
        ):
            faults.append(("documents", "a tuple of Document"))
        if signature is not None and not isinstance(signature, Signature):
            faults.append(("signature", "a Signature"))
        if self.corrects != "":
            faults += _id_faults("corrects", self.corrects)
        if not _is_contact(self.contact):
            faults.append(("contact", "at most 200 printable characters, no card number"))
        return faults


@dataclass(frozen=True, slots=True)
class Original:
    """A sale as the journal knows it, with what has been given back of it.

    Attributes:
        original_id: The sale's request id.
        terminal: Where it was made.
        merchant: For whom.
        batch: In which batch.
        stan: Under which number.
        rrn: The host's number.
        transaction_date: DE13 with its year.
        settlement_date: DE15 with its year.
        amount: What was paid; where only the host knows, as much as a message can say.
        auth_code: DE38 of the answer, if any.
        card_fingerprint: Keyed digest of the card number; empty where a feed knows its last digits at most.
        organisation: DE63.1 of the answer, if any.
        reserved_minor: Held by attempts that are not decided.
        accepted_minor: Given back.
        is_voided: An accepted void stands against it.
        has_open_attempt: An attempt against it is not decided yet.
        has_case: Evidence about it contradicts itself.
        ceiling: ``"host_only"`` for a sale that was described and is not known.
        card_last4: The last four digits of the card number, to look the sale up by; empty where they are not known.
        order_ref: The shop's number of the order; empty for none.
        made_at: When it was made, UTC; None where nobody said it.
        wallet: Whose application paid it by a code; empty for a card, and where nobody said it.
        voucher: What its host calls such a payment; a refund names it.
    """

    original_id: str
    terminal: str
    merchant: str
    batch: str
    stan: str
    rrn: str
    transaction_date: date
    settlement_date: date
    amount: Amount
    auth_code: str | None
    card_fingerprint: str
    organisation: str | None = None
    reserved_minor: int = 0
    accepted_minor: int = 0
    is_voided: bool = False
    has_open_attempt: bool = False
    has_case: bool = False
    ceiling: Ceiling = "journal"
    card_last4: str = ""
    order_ref: str = ""
    made_at: datetime | None = None
    wallet: str = ""
    voucher: str = field(default="", repr=False)

    @property
    def is_half_known(self) -> bool:
        """Whether nobody here knows the sale, or neither the whole number of the card that paid nor the voucher."""
        return self.ceiling == "host_only" or not (self.card_fingerprint or self.voucher)

    @property
    def remaining_minor(self) -> int:
        """What can still be given back."""
        return self.amount.minor - self.reserved_minor - self.accepted_minor


def _named(original: str | OriginalRef | DescribedSale) -> list[object]:
    """How a request names its sale, for the digest of its content."""
    match original:
        case OriginalRef(rrn, date_mmdd):
            return [rrn, date_mmdd]
        case DescribedSale(rrn, day, batch, stan, auth_code, organisation):
            said = day if isinstance(day, str) else day.isoformat()
            return ["described", rrn, said, batch, stan, auth_code, organisation]
        case _:
            return [original]


def _id_faults(path: str, value: object) -> list[Fault]:
    try:
        RequestID(value)  # type: ignore[arg-type]  # reason: callers without a type checker
    except InvalidRequestError as error:
        return [(path, expected) for _, expected in error.faults]
    return []


_PAYS: tuple[type, ...] = (CardRead, CodeRead)
_IS_PAID_BACK = (*_PAYS, BackToPayer)


def _common_faults(
    amount: object, card: object, ways: tuple[type, ...], operator: object
) -> list[Fault]:
    faults = []
    if not isinstance(amount, Amount):
        faults.append(("amount", "an Amount"))
    if not isinstance(card, ways):
        faults.append(("card", f"one of {', '.join(way.__name__ for way in ways)}"))
    if not (isinstance(operator, str) and re.fullmatch("[0-9A-Za-z]{1,3}", operator)):
        faults.append(("operator", "1 to 3 letters or digits"))
    return faults


def _order_faults(order_ref: object) -> list[Fault]:
    is_order = isinstance(order_ref, str) and len(order_ref) <= _ORDER_CHARACTERS_MAX
    if is_order and is_note(order_ref) and str(order_ref).isprintable():
        return []
    return [("order_ref", "at most 64 printable characters, no card number")]


_ABROAD = re.compile(r"\+[0-9](?:[ -]?[0-9]){6,12}")
"""A telephone number with its country: +86 and eleven digits are as many as a short card number has."""


def _is_contact(contact: object) -> bool:
    if not isinstance(contact, str) or not contact.isprintable():
        return False
    return is_note(contact) or bool(_ABROAD.fullmatch(contact))


def _raise_if(faults: list[Fault]) -> None:
    if faults:
        raise InvalidRequestError(faults)


def _digest(content: list[object], **more: object) -> str:
    """The digest of *content*, and of *more* where there is any: without, it is that of earlier versions."""
    given = {name: value for name, value in more.items() if value}
    if given:
        content = [*content, given]
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
