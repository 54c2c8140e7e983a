"""How a refund stands today, for the commands. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from posrefund.office import refund_status

if TYPE_CHECKING:
    from posrefund.engine.calendar import Arrival
    from posrefund.office import RefundStatus
    from posrefund.terminal import Terminal

__all__ = ["status_of_refund"]


def status_of_refund(terminal: Terminal, request_id: str, arrival: Arrival) -> RefundStatus | None:
    """Return how a refund stands today, by the host's day; None for what is none."""
    today = terminal.view().host_day(datetime.now(UTC))
    return refund_status(terminal.journal, request_id, today=today, arrival=arrival)
