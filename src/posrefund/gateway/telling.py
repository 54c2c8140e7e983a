"""How a request stands, as the door tells it. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine import Approved
from posrefund.office.outcome_data import outcome_as_data
from posrefund.office.status import of_attempt

if TYPE_CHECKING:
    from posrefund.engine import Outcome
    from posrefund.gateway.operation import Call
    from posrefund.office import RefundStatus

__all__ = ["status_of", "told"]


def told(call: Call, outcome: Outcome, *, contact: str = "") -> dict[str, Any]:
    """Return how a request stands; of a refund that was accepted also the day by which the customer may expect it.

    It asks no journal, so it waits for nobody who is at the terminal.

    Args:
        call: Who asked.
        outcome: How it stands.
        contact: Whom to call about it.
    """
    data = outcome_as_data(outcome, contact=contact, status=status_of(call, outcome))
    return data | {"is_training": call.terminal.journal.is_training}


def status_of(call: Call, outcome: Outcome) -> RefundStatus | None:
    """Return how a refund that was accepted stands today; None of anything else."""
    if not isinstance(outcome, Approved) or outcome.attempt.kind == "sale":
        return None
    today = call.options.clock().astimezone(call.terminal.dialect.zone).date()
    return of_attempt(outcome.attempt, today, call.options.arrival_of(call.path["terminal"]))
