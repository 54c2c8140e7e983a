"""What people decide: a second person's yes is asked for, given and taken back. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.gateway.answers import ApprovalData, ApprovalList, AskedData
from posrefund.gateway.bodies import ApproveBody, RefundBody, WithdrawBody
from posrefund.gateway.faults import DoorError
from posrefund.gateway.operation import Answer, Operation
from posrefund.gateway.reading import refund_of, request_id_of
from posrefund.office.outcome_data import approval_as_data

if TYPE_CHECKING:
    from posrefund.engine import Approval
    from posrefund.gateway.operation import Call
    from posrefund.terminal.desk import Desk

__all__ = ["PEOPLE", "demand_proof"]


async def _pending(call: Call) -> Answer:
    waiting = await call.terminal.at_desk(lambda desk: desk.pending_approvals())
    return Answer({"approvals": [approval_as_data(each) for each in waiting]})


async def _ask(call: Call) -> Answer:
    body: RefundBody = call.body
    wanted = refund_of(body, call.operator(body.operator))
    asked = await call.terminal.at_desk(lambda desk: desk.ask(wanted, pin=body.pin))
    return Answer({"needed": asked is not None, "approval": asked and approval_as_data(asked)})


async def _approve(call: Call) -> Answer:
    body: ApproveBody = call.body
    request_id = request_id_of(call.path["request"])

    def say_yes(desk: Desk) -> Approval:
        demand_proof(call, desk, body.checker, body.pin)
        return desk.approve(request_id, checker=body.checker, digest=body.digest, pin=body.pin)

    return Answer(approval_as_data(await call.terminal.at_desk(say_yes)))


@closed
def demand_proof(call: Call, desk: Desk, checker: str, pin: str | None) -> None:
    """Refuse a yes that neither a PIN proves nor the token may give.

    Raises:
        DoorError: code ``pin_proof_needed`` or ``operator_not_allowed``.
    """
    token, is_proven = call.token, pin is not None and desk.staff.asks_for_pin
    if token is not None and not token.may("approve") and not is_proven:
        raise DoorError("pin_proof_needed")
    if not is_proven:
        call.operator(checker)


async def _withdraw(call: Call) -> Answer:
    body: WithdrawBody = call.body
    request_id, by = request_id_of(call.path["request"]), call.operator(body.by)
    withdrawn = await call.terminal.at_desk(lambda desk: desk.withdraw(request_id, by=by))
    return Answer(approval_as_data(withdrawn))


_AT = "/v1/terminals/{terminal}/approvals"

PEOPLE = (
    Operation(
        "GET",
        _AT,
        "pending_approvals",
        "List what waits for a second person, or has a yes and was not sent.",
        "read",
        _pending,
        {200: ApprovalList},
    ),
    Operation(
        "POST",
        _AT,
        "ask_approval",
        "Ask for a second person's yes to a refund; sends nothing.",
        "refund",
        _ask,
        {200: AskedData},
        body=RefundBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/{{request}}/approve",
        "approve",
        "Say yes to what waits; then the refund is made again under its id.",
        "approve_by_pin",
        _approve,
        {200: ApprovalData},
        body=ApproveBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/{{request}}/withdraw",
        "withdraw",
        "Say no to what waits, or take it back.",
        "read",
        _withdraw,
        {200: ApprovalData},
        body=WithdrawBody,
        is_finished=True,
    ),
)
"""Approvals."""
