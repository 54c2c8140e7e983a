"""What the engine may know of the terminal it works for: facts, no keys, no clock. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.values import HostClock, settlement_day

if TYPE_CHECKING:
    from datetime import date, datetime

    from posrefund.dialects import Dialect
    from posrefund.values import STAN, BatchNumber, MerchantID, TerminalID

__all__ = ["TerminalView"]


@dataclass(frozen=True, slots=True)
class TerminalView:
    """A terminal at one moment.

    Attributes:
        dialect: What it speaks.
        terminal: DE41.
        merchant: DE42.
        batch: The open batch.
        stan: The next number.
        key_set_id: KCVs of PIK, MAK and, where there is one, TDK; empty before the first sign-in.
        host_clock: How the host's time follows from ours.
        accepted_offset: What people last said yes to of it; zero before they ever had to.
        signed_in_at: When it last signed in.
        is_behind: Its journal lost rows, and people have not reconciled it yet.
        is_signed_off: Whether it took its leave since.
        is_closing: Whether its batch is being closed: no money moves until that is over.
    """

    dialect: Dialect
    terminal: TerminalID
    merchant: MerchantID
    batch: BatchNumber
    stan: STAN
    key_set_id: str = ""
    host_clock: HostClock = field(default_factory=HostClock)
    signed_in_at: datetime | None = None
    accepted_offset: timedelta = timedelta(0)
    is_behind: bool = False
    is_signed_off: bool = False
    is_closing: bool = False

    def host_day(self, now: datetime) -> date:
        """Return the host's settlement day at our *now*."""
        return settlement_day(self.host_clock.at(now), self.dialect.cut_off)

    @property
    def has_track_key(self) -> bool:
        """Whether the last sign-in brought a TDK: the key set's name has its check value then."""
        return self.key_set_id.count("-") == 2
