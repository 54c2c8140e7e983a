"""What keeps a terminal going: sign-in, echo, self-check, faults, doubts, the end of a batch. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.gateway.answers import (
    BatchData,
    CaseList,
    DoneData,
    FaultData,
    FaultList,
    HealthData,
    SelfCheckData,
    SignedInData,
    TerminalList,
)
from posrefund.gateway.bodies import (
    CaseQuestion,
    CloseBatchBody,
    CloseFaultBody,
    FaultBody,
    FaultQuestion,
    MaintainedBody,
    SignInBody,
)
from posrefund.gateway.operation import Answer, Operation
from posrefund.office import batch_slip
from posrefund.office.cases import cases

if TYPE_CHECKING:
    from posrefund.engine import TerminalView
    from posrefund.gateway.operation import Call
    from posrefund.terminal import BatchClosed, SignedIn

__all__ = ["CARE"]

_DONE = {"done": True}


async def _health(_: Call) -> Answer:
    return Answer({"status": "up"})


async def _terminals(call: Call) -> Answer:
    token = call.token
    known = [name for name in call.terminals.names() if token is None or token.may_use(name)]
    return Answer({"terminals": known})


async def _sign_in(call: Call) -> Answer:
    body: SignInBody = call.body
    signed: SignedIn = await call.terminal.sign_in(
        call.operator(body.operator), accept_clock=body.accept_clock, accept_keys=body.accept_keys
    )
    return Answer(
        {
            "batch": str(signed.batch),
            "batch_changed": signed.batch_changed,
            "clock_offset_s": signed.host_offset.total_seconds(),
            "keys": signed.issue,
        }
    )


async def _echo(call: Call) -> Answer:
    await call.terminal.echo()
    return Answer(_DONE)


async def _selfcheck(call: Call) -> Answer:
    return Answer((await call.terminal.selfcheck()).as_data())


async def _resolve_doubts(call: Call) -> Answer:
    await call.terminal.resolve_doubts()
    return Answer(_DONE)


async def _close_batch(call: Call) -> Answer:
    body: CloseBatchBody = call.body
    closed = await call.terminal.close_batch(call.operator(body.operator))
    view = await call.terminal.at_desk(lambda desk: desk.view())
    return Answer(_batch_as_data(closed, view))


async def _faults(call: Call) -> Answer:
    asked: FaultQuestion = call.query
    found = await call.terminal.at_desk(lambda desk: desk.faults(open_only=not asked.all))
    return Answer({"faults": [each.as_data() for each in found]})


async def _cases(call: Call) -> Answer:
    asked: CaseQuestion = call.query
    now = call.options.clock()
    found = await call.terminal.at_desk(lambda desk: cases(desk.journal, open_only=not asked.all))
    return Answer({"cases": [each.as_data(now) for each in found]})


async def _open_fault(call: Call) -> Answer:
    body: FaultBody = call.body
    fault = await call.terminal.at_desk(lambda desk: desk.open_fault(body.kind, body.detail))
    return Answer(fault.as_data())


async def _close_fault(call: Call) -> Answer:
    body: CloseFaultBody = call.body
    fault_id, by = call.path["fault"], call.operator(body.by)
    fault = await call.terminal.at_desk(
        lambda desk: desk.close_fault(fault_id, by=by, done=body.done)
    )
    return Answer(fault.as_data())


async def _maintained(call: Call) -> Answer:
    body: MaintainedBody = call.body
    by = call.operator(body.by)
    await call.terminal.at_desk(lambda desk: desk.maintained(body.what, by=by))
    return Answer(_DONE)


def _batch_as_data(closed: BatchClosed, view: TerminalView) -> dict[str, Any]:
    return {
        "batch": closed.batch,
        "next_batch": closed.next_batch,
        "closed_at": closed.closed_at.isoformat(),
        "verdict": closed.verdict,
        "uploaded": closed.uploaded,
        "refused": dict(closed.refused),
        "doubts": [each.attempt_id for each in closed.doubts],
        "late": [each.attempt_id for each in closed.late],
        "slip_zh": batch_slip(closed, view, language="zh"),
        "slip_en": batch_slip(closed, view, language="en"),
    }


_AT = "/v1/terminals/{terminal}"

CARE = (
    Operation(
        "GET", "/health", "health", "Say that the door is open.", None, _health, {200: HealthData}
    ),
    Operation(
        "GET",
        "/v1/terminals",
        "terminals",
        "List the terminals that this token may speak to.",
        "watch",
        _terminals,
        {200: TerminalList},
    ),
    Operation(
        "POST",
        f"{_AT}/sign-in",
        "sign_in",
        "Fetch working keys, batch number and clock from the host.",
        "care",
        _sign_in,
        {200: SignedInData},
        body=SignInBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/echo",
        "echo",
        "Ask the host whether it is there.",
        "care",
        _echo,
        {200: DoneData},
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/selfcheck",
        "selfcheck",
        "Look at everything a refund stands on.",
        "care",
        _selfcheck,
        {200: SelfCheckData},
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/resolve-doubts",
        "resolve_doubts",
        "Work on every doubt now; a refund is never reversed.",
        "settle",
        _resolve_doubts,
        {200: DoneData},
        is_finished=True,
        is_money=True,
    ),
    Operation(
        "POST",
        f"{_AT}/close-batch",
        "close_batch",
        "Close the batch, or go on closing it.",
        "settle",
        _close_batch,
        {200: BatchData},
        body=CloseBatchBody,
        is_finished=True,
        is_money=True,
    ),
    Operation(
        "GET",
        f"{_AT}/faults",
        "faults",
        "List the faults of the terminal, oldest first.",
        "watch",
        _faults,
        {200: FaultList},
        query=FaultQuestion,
    ),
    Operation(
        "GET",
        f"{_AT}/cases",
        "cases",
        "List what people have to look at, oldest first, each with its owner and the next step.",
        "read",
        _cases,
        {200: CaseList},
        query=CaseQuestion,
    ),
    Operation(
        "POST",
        f"{_AT}/faults",
        "open_fault",
        "Write down that something is broken.",
        "care",
        _open_fault,
        {200: FaultData},
        body=FaultBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/faults/{{fault}}/close",
        "close_fault",
        "Write down that somebody has put a fault right.",
        "care",
        _close_fault,
        {200: FaultData},
        body=CloseFaultBody,
        is_finished=True,
    ),
    Operation(
        "POST",
        f"{_AT}/maintained",
        "maintained",
        "Write down that somebody looked after the terminal.",
        "care",
        _maintained,
        {200: DoneData},
        body=MaintainedBody,
        is_finished=True,
    ),
)
"""What moves no money, and what works on money that is moved already."""
