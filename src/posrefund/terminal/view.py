"""What the engine may know of a terminal: the journal's facts, read for it. Floor 7."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.engine import TerminalView
from posrefund.engine.batch import Closing, Stage
from posrefund.errors import JournalCorruptError
from posrefund.values import BatchNumber, HostClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import Dialect
    from posrefund.journal import Journal
    from posrefund.values import MerchantID, TerminalID

__all__ = ["closing_of", "host_clock_of", "view_of"]


def host_clock_of(facts: Mapping[str, str], dialect: Dialect) -> HostClock:
    """Return how the host's time follows from ours, as the last sign-in found it."""
    return HostClock(dialect.zone, _seconds(facts, "host_offset_s"))


def closing_of(facts: Mapping[str, str]) -> Closing | None:
    """Return the closing of a batch that is under way, or None.

    Raises:
        JournalCorruptError: What the journal remembers of it is none.
    """
    text = facts.get("closing")
    try:
        return Closing.of_text(text) if text else None
    except ValueError:
        raise JournalCorruptError("the closing of a batch cannot be read") from None


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
    closing = closing_of(facts)
    is_here = closing is not None and closing.batch == batch  # else a sign-in has overtaken it

    return TerminalView(
        dialect=dialect,
        terminal=terminal,
        merchant=merchant,
        batch=batch,
        stan=journal.next_stan(batch),
        key_set_id=key_set_id,
        host_clock=host_clock_of(facts, dialect),
        signed_in_at=datetime.fromisoformat(signed_in_at) if signed_in_at else None,
        accepted_offset=_seconds(facts, "accepted_offset_s"),
        is_behind=bool(facts.get("behind")),
        is_signed_off=bool(facts.get("signed_off_at")),
        is_closing=is_here and closing is not None and closing.stage is not Stage.SIGNING_OFF,
    )


def _seconds(facts: Mapping[str, str], name: str) -> timedelta:
    return timedelta(seconds=float(facts.get(name, "0")))
