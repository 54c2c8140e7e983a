"""Sales and refunds: asked for, looked at beforehand, looked up, and inquired about at the host. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine import Declined, InDoubt
from posrefund.errors import PosRefundError
from posrefund.gateway.answers import (
    ApprovalData,
    FoundData,
    OutcomeData,
    PreviewData,
)
from posrefund.gateway.bodies import RefundBody, SaleBody, SaleQuestion
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.reading import query_of, refund_of, request_id_of, sale_of
from posrefund.gateway.telling import told
from posrefund.office.outcome_data import approval_as_data, refusal_as_data
from posrefund.office.sale_data import found_as_data

if TYPE_CHECKING:
    from posrefund.engine import Approval, Outcome
    from posrefund.gateway.operation import Call
    from posrefund.terminal import Preview
    from posrefund.terminal.desk import Desk

__all__ = ["MONEY"]

_IN_DOUBT = 202
"""Taken, and not over: neither done nor an error, so that nobody tries again under another id."""


async def _sale(call: Call) -> Answer:
    body: SaleBody = call.body
    outcome = await call.terminal.sale(sale_of(body, call.operator(body.operator)))
    return await _answered(call, outcome)


async def _refund(call: Call) -> Answer:
    body: RefundBody = call.body
    wanted = refund_of(body, call.operator(body.operator))
    outcome = await call.terminal.refund(wanted, pin=body.pin)
    return await _answered(call, outcome)


async def _check(call: Call) -> Answer:
    body: RefundBody = call.body
    wanted = refund_of(body, call.operator(body.operator))

    def look(desk: Desk) -> dict[str, Any]:
        preview = desk.check_refund(wanted)
        outcome = preview.outcome
        said = None if outcome is None else told(call, outcome)
        return _preview_as_data(preview) | {"outcome": said}

    return Answer(await call.terminal.at_desk(look))


async def _status(call: Call) -> Answer:
    request_id = request_id_of(call.path["request"])

    def look(desk: Desk) -> dict[str, Any]:
        outcome = desk.status(request_id)
        if outcome is not None and call.may_see(outcome.attempt.terminal):
            return told(call, outcome, contact=desk.contact_for(outcome))
        asked: Approval | None = desk.journal.last_approval(request_id)
        if outcome is not None or asked is None or not call.may_see(asked.terminal):
            raise DoorError("request_unknown")
        return approval_as_data(asked)

    return Answer(await call.terminal.at_desk(look))


async def _inquire(call: Call) -> Answer:
    request_id = request_id_of(call.path["request"])

    def look(desk: Desk) -> Outcome:
        outcome = desk.status(request_id)
        if outcome is None or not call.may_see(outcome.attempt.terminal):
            raise DoorError("request_unknown")
        return outcome

    before = await call.terminal.at_desk(look)
    try:
        outcome = await call.terminal.inquire(request_id)
    except PosRefundError as error:
        if isinstance(before, InDoubt):
            error.effect = "in_doubt"  # the question moved nothing; what it is about may have
        raise
    return await _answered(call, outcome)


async def _find(call: Call) -> Answer:
    query = query_of(call.query)
    found = await call.terminal.at_desk(lambda desk: desk.find_sales(query))
    return Answer(found_as_data(found))


async def _answered(call: Call, outcome: Outcome) -> Answer:
    contact = ""
    if isinstance(outcome, Declined):
        contact = await call.terminal.at_desk(lambda desk: desk.contact_for(outcome))
    data = told(call, outcome, contact=contact)
    return Answer(data, _IN_DOUBT if isinstance(outcome, InDoubt) else 200)


def _preview_as_data(preview: Preview) -> dict[str, Any]:
    amount, bounds = preview.amount, preview.bounds
    return {
        "would_be_sent": preview.route is not None and not preview.needs_approval,
        "faults": [refusal_as_data(each) for each in preview.faults],
        "reviews": [refusal_as_data(each) for each in preview.reviews],
        "route": preview.route,
        "amount_minor": amount.minor if amount else None,
        "currency": amount.currency if amount else None,
        "needs_approval": preview.needs_approval,
        "bounds": bounds
        and {
            "least_minor": bounds.least_minor,
            "most_minor": bounds.most_minor,
            "alone_minor": bounds.alone_minor,
            "currency": bounds.currency,
        },
    }


_AT = "/v1/terminals/{terminal}"
_STANDS: Any = {200: OutcomeData, 202: OutcomeData}

MONEY = (
    Operation(
        "POST",
        f"{_AT}/refunds",
        "refund",
        "Refund a sale; the same id again never refunds twice.",
        "refund",
        _refund,
        _STANDS,
        body=RefundBody,
        is_finished=True,
        is_money=True,
    ),
    Operation(
        "POST",
        f"{_AT}/sales",
        "sale",
        "Sell; the same id again never sells twice.",
        "sell",
        _sale,
        _STANDS,
        body=SaleBody,
        is_finished=True,
        is_money=True,
    ),
    Operation(
        "GET",
        f"{_AT}/refunds/{{request}}",
        "refund_status",
        "Say how a refund stands, or that it waits for a second person.",
        "read",
        _status,
        {200: (OutcomeData, ApprovalData)},
    ),
    Operation(
        "GET",
        f"{_AT}/sales/{{request}}",
        "sale_status",
        "Say how a sale stands.",
        "read",
        _status,
        {200: (OutcomeData, ApprovalData)},
    ),
    Operation(
        "POST",
        f"{_AT}/refunds/{{request}}/inquire",
        "inquire_refund",
        "Ask the host what became of a refund, where it can be asked; nothing is sent again.",
        "refund",
        _inquire,
        _STANDS,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/sales/{{request}}/inquire",
        "inquire_sale",
        "Ask the host what became of a sale, where it can be asked; nothing is sent again.",
        "sell",
        _inquire,
        _STANDS,
        is_finished=True,
    ),
    Operation(
        "GET",
        f"{_AT}/sales",
        "find_sales",
        "Find a sale by its receipt code, RRN and date, order, or authorisation code, last four digits and amount.",
        "read",
        _find,
        {200: FoundData},
        query=SaleQuestion,
    ),
    Operation(
        "POST",
        f"{_AT}/refunds/check",
        "check_refund",
        "Say what a refund would come to; sends nothing and writes nothing.",
        "refund",
        _check,
        {200: PreviewData},
        body=RefundBody,
    ),
)
"""What moves money, and what is known of it."""
