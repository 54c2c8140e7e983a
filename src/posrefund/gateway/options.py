"""What a door is told when it is made. Floor 10."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from posrefund.engine.calendar import Arrival
from posrefund.engine.complaints import ServiceLevel
from posrefund.gateway.limits import RateLimit
from posrefund.gateway.tokens import Tokens
from posrefund.office.slips import SlipSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.counter import Reader

__all__ = ["DoorOptions"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOptions:
    """How a door is.

    Attributes:
        tokens: Who may ask; without any nobody may.
        rate: How often each token may; None for as often as it likes.
        body_bytes_max: The largest body that is read.
        body_s: So long a body may take to come in, from the door's first look at it.
        slip: What slips say besides, and how wide the paper is.
        arrival: How long a refund takes to the customer's account.
        level: How soon complaints are answered and over.
        slips: The same as *slip*, by terminal, where it has its own.
        arrivals: The same as *arrival*, by terminal, where it has its own.
        levels: The same as *level*, by terminal, where it has its own.
        streams_max: So many event streams of one token at the same time.
        poll_s: So often the journals are asked for what came by another way than this door, and whoever listens is
            looked at: where his token is gone or another, it ends for him.
        readers: Where a counter in a browser reads cards, by terminal; in training, cards that everybody knows if none.
        phone_url: Where customers' phones reach this very process, such as ``https://sign.shop.example``; empty: they sign on
            the counter's screen or on paper.
        heartbeat_s: So often a stream says that it is alive.
        clock: Returns the time, aware.
        monotonic: Returns seconds that only grow, for the rates and for how long a link to sign holds.
    """

    tokens: Tokens = field(default_factory=Tokens)
    rate: RateLimit | None = field(default_factory=RateLimit)
    body_bytes_max: int = 64 * 1024
    body_s: float = 10.0
    slip: SlipSettings = field(default_factory=SlipSettings)
    arrival: Arrival = field(default_factory=Arrival)
    level: ServiceLevel = field(default_factory=ServiceLevel)
    slips: Mapping[str, SlipSettings] = field(default_factory=dict)
    arrivals: Mapping[str, Arrival] = field(default_factory=dict)
    levels: Mapping[str, ServiceLevel] = field(default_factory=dict)
    streams_max: int = 4
    poll_s: float = 1.0
    heartbeat_s: float = 15.0
    readers: Mapping[str, Reader] = field(default_factory=dict)
    phone_url: str = ""
    clock: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic

    def slip_of(self, terminal: str) -> SlipSettings:
        """Return what the slips of *terminal* say besides."""
        return self.slips.get(terminal, self.slip)

    def arrival_of(self, terminal: str) -> Arrival:
        """Return how long a refund of *terminal* takes to the customer's account."""
        return self.arrivals.get(terminal, self.arrival)

    def level_of(self, terminal: str) -> ServiceLevel:
        """Return how soon complaints at *terminal* are answered and over."""
        return self.levels.get(terminal, self.level)
