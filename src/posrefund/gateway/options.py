"""What a door is told when it is made. Floor 10."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from posrefund.engine.calendar import Arrival
from posrefund.gateway.limits import RateLimit
from posrefund.gateway.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

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
        arrival: How long a refund takes to the customer's account.
        clock: Returns the time, aware.
        monotonic: Returns seconds that only grow, for the rates.
    """

    tokens: Tokens = field(default_factory=Tokens)
    rate: RateLimit | None = field(default_factory=RateLimit)
    body_bytes_max: int = 64 * 1024
    arrival: Arrival = field(default_factory=Arrival)
    clock: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
