"""From a body to what the terminal is asked: the one place where a card or a code leaves its envelope. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from posrefund.closed import closed
from posrefund.engine import (
    DescribedSale,
    Document,
    OriginalRef,
    ReceiptCode,
    RefundRequest,
    SaleQuery,
    SaleRequest,
    Signature,
)
from posrefund.errors import InvalidRequestError
from posrefund.gateway.faults import DoorError
from posrefund.values import (
    PAN,
    RRN,
    Amount,
    BackToPayer,
    CardRead,
    CodeRead,
    PayerCode,
    RequestID,
    Track2,
    Voucher,
)

if TYPE_CHECKING:
    from posrefund.gateway.bodies import Card, RefundBody, SaleBody, SaleQuestion

__all__ = ["back_of", "card_of", "payer_of", "query_of", "refund_of", "request_id_of", "sale_of"]


@closed
def card_of(card: Card) -> CardRead:
    """Return the card that a body holds.

    Raises:
        InvalidRequestError: Every fault at once, paths below ``card``.
    """
    try:
        pan = PAN(card.pan)
        track2 = None if card.track2 is None else Track2(card.track2)
    except InvalidRequestError as error:
        raise InvalidRequestError([(f"card.{path}", what) for path, what in error.faults]) from None
    return CardRead(
        card.entry,
        pan,
        expiry=card.expiry,
        sequence_number=card.sequence_number,
        track2=track2,
        pin_block=None if card.pin_block is None else bytes.fromhex(card.pin_block),
        pin_bypassed=card.pin_bypassed,
    )


@closed
def payer_of(body: SaleBody) -> CardRead | CodeRead:
    """Return what pays.

    Raises:
        InvalidRequestError: Every fault at once.
    """
    if body.code is not UNSET:
        return CodeRead(PayerCode(body.code))
    assert body.card is not UNSET, "the body has exactly one of its ways"
    return card_of(body.card)


@closed
def back_of(body: RefundBody) -> CardRead | BackToPayer:
    """Return where the money goes: to the card, or to whoever paid. Nobody means the second by leaving out the first.

    Raises:
        InvalidRequestError: Every fault at once.
    """
    if body.card is not UNSET:
        return card_of(body.card)
    if body.voucher is not UNSET:
        return BackToPayer(Voucher(body.voucher))
    if body.back_to_payer is not True:
        raise InvalidRequestError([("back_to_payer", "true, or left out")])
    return BackToPayer()


@closed
def sale_of(body: SaleBody, operator: str) -> SaleRequest:
    """Return the sale that a body asks for.

    Raises:
        InvalidRequestError: Where something is wrong, in the names of the body.
    """
    try:
        return SaleRequest(
            RequestID(body.request_id),
            Amount(body.amount_minor, body.currency),
            payer_of(body),
            operator,
            body.order_ref,
        )
    except InvalidRequestError as error:
        raise _in_our_names(error) from None


@closed
def refund_of(body: RefundBody, operator: str) -> RefundRequest:
    """Return the refund that a body asks for.

    Raises:
        InvalidRequestError: Where something is wrong, in the names of the body.
    """
    try:
        return _refund(body, operator)
    except InvalidRequestError as error:
        raise _in_our_names(error) from None


@closed
def _refund(body: RefundBody, operator: str) -> RefundRequest:
    amount = None if body.amount_minor is None else Amount(body.amount_minor, body.currency)
    signature = body.signature
    return RefundRequest(
        RequestID(body.request_id),
        original=_original_of(body),
        card=back_of(body),
        reason=body.reason,
        amount=amount,
        operator=operator,
        note=body.note,
        order_ref=body.order_ref,
        documents=tuple(Document(one.kind, one.number, one.sha256 or "") for one in body.documents),
        corrects=body.corrects or "",
        signature=None if signature is None else Signature(signature.kind, signature.sha256 or ""),
        contact=body.contact,
    )


def query_of(asked: SaleQuestion) -> SaleQuery:
    """Return the question which sale is meant.

    Raises:
        InvalidRequestError: Every fault at once: nothing to look by, or half of a way.
    """
    amount = None if asked.amount_minor is None else Amount(asked.amount_minor, asked.currency)
    return SaleQuery(
        code=ReceiptCode.parse(asked.code) if asked.code else None,
        request_id=asked.request_id or "",
        rrn=asked.rrn or "",
        day=asked.day or "",
        order_ref=asked.order_ref,
        auth_code=asked.auth_code or "",
        card_last4=asked.card_last4 or "",
        amount=amount,
    )


def request_id_of(text: str) -> RequestID:
    """Return the id in an address; what can be none is unknown.

    Raises:
        DoorError: code ``request_unknown``.
    """
    try:
        return RequestID(text)
    except InvalidRequestError:
        raise DoorError("request_unknown") from None


_OUR_NAMES = {
    "amount": "amount_minor",
    "amount.minor": "amount_minor",
    "amount.currency": "currency",
    "card.entry_mode": "card.entry",
    "document.kind": "documents.kind",
    "document.number": "documents.number",
    "document.sha256": "documents.sha256",
    "original": "original_id",
    "original.rrn": "original_rrn",
    "original.day": "described.day",
    "original.batch": "described.batch",
    "original.stan": "described.stan",
    "original.auth_code": "described.auth_code",
    "original.organisation": "described.organisation",
}
"""What a request calls otherwise than a body."""


def _in_our_names(error: InvalidRequestError) -> InvalidRequestError:
    return InvalidRequestError([(_OUR_NAMES.get(path, path), what) for path, what in error.faults])


def _original_of(body: RefundBody) -> RequestID | OriginalRef | DescribedSale:
    by_id, by_slip, by_words = body.original_id, body.original_date, body.described
    ways = (by_id, by_slip, by_words)
    if len([way for way in ways if way is not None]) != 1 or (by_id is None) != bool(
        body.original_rrn
    ):
        said = "original_id; or original_rrn with original_date; or original_rrn with described"
        raise InvalidRequestError([("original_id", said)])
    if by_id is not None:
        return RequestID(by_id)
    rrn = RRN(body.original_rrn or "")
    if by_slip is not None:
        return OriginalRef(rrn, by_slip)
    assert by_words is not None
    return DescribedSale(
        rrn,
        by_words.day,
        by_words.batch,
        by_words.stan,
        by_words.auth_code,
        by_words.organisation,
    )
