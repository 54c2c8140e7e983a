"""What the engine may know of a terminal: the journal's facts, read for it. Floor 7."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.engine import TerminalView
from posrefund.values import BatchNumber, HostClock

if TYPE_CHECKING:
    from posrefund.dialects import Dialect
    from posrefund.journal import Journal
    from posrefund.values import MerchantID, TerminalID

__all__ = ["view_of"]


def view_of(
    journal: Journal,
    dialect: Dialect,
    identity: tuple[TerminalID, MerchantID],
    key_set_id: str,
) -> TerminalView:
    """Return the view of the terminal *identity* as *journal* has it now."""
    facts = journal.terminal_facts()
    terminal, merchant = identity
    batch = BatchNumber(facts.get("batch", "000001"))
    signed_in_at = facts.get("signed_in_at")

    def seconds(name: str) -> timedelta:
        return timedelta(seconds=float(facts.get(name, "0")))

    return TerminalView(
        dialect=dialect,
        terminal=terminal,
        merchant=merchant,
        batch=batch,
        stan=journal.next_stan(batch),
        key_set_id=key_set_id,
        host_clock=HostClock(dialect.zone, seconds("host_offset_s")),
        signed_in_at=datetime.fromisoformat(signed_in_at) if signed_in_at else None,
        accepted_offset=seconds("accepted_offset_s"),
    )
