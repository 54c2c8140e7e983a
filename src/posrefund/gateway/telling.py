"""How a request stands, as the door tells it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine import Approved
from posrefund.office.outcome_data import outcome_as_data
from posrefund.office.status import refund_status

if TYPE_CHECKING:
    from posrefund.engine import Outcome
    from posrefund.gateway.operation import Call
    from posrefund.office import RefundStatus
    from posrefund.terminal.desk import Desk

__all__ = ["status_of", "told"]


def told(call: Call, desk: Desk, outcome: Outcome) -> dict[str, Any]:
    """Return how a request stands, with whom to call and the day that the customer may expect it."""
    status = status_of(call, desk, outcome)
    data = outcome_as_data(outcome, contact=desk.contact_for(outcome), status=status)
    return data | {"is_training": desk.journal.is_training}


def status_of(call: Call, desk: Desk, outcome: Outcome) -> RefundStatus | None:
    """Return how a refund that was accepted stands today, by the host's day; None of anything else."""
    if not isinstance(outcome, Approved) or outcome.attempt.kind == "sale":
        return None
    today = desk.view().host_day(call.options.clock())
    arrival = call.options.arrival
    return refund_status(desk.journal, outcome.attempt.request_id, today=today, arrival=arrival)
