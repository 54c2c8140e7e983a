"""Time that passes only when somebody waits, and what is due in it. Floor 10."""

from __future__ import annotations

from datetime import timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["VirtualTime"]


class VirtualTime:
    """The true time of a world, the host's, and the terminal's own clock, which may jump.

    Args:
        start: The first moment, with its zone.

    Attributes:
        now: The true time.
        skew: The terminal's clock minus the true time.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.testing.simulator.virtual import VirtualTime
        >>> time = VirtualTime(datetime(2026, 3, 9, 14, 0, tzinfo=UTC))
        >>> time.later(5, lambda: print("due at", f"{time.now:%H:%M:%S}"))
        >>> time.wait(60)
        due at 14:00:05
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.now = start
        self.skew = timedelta(0)
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0

    def host(self) -> datetime:
        """Return what the host's clock shows: the true time."""
        return self.now

    def terminal(self) -> datetime:
        """Return what the terminal's clock shows."""
        return self.now + self.skew

    def monotonic(self) -> float:
        """Return the seconds since the start; no jump of a clock touches them."""
        return (self.now - self._start).total_seconds()

    def later(self, seconds: float, event: Callable[[], None]) -> None:
        """Let *event* happen *seconds* from now; of two at one moment the first asked for comes first."""
        self._count += 1
        heappush(self._due, (self.now + timedelta(seconds=seconds), self._count, event))

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, and everything happen that is due in them."""
        self.until(self.now + timedelta(seconds=seconds))

    def until(self, moment: datetime) -> None:
        """Let time pass until *moment*; a moment that is over changes nothing."""
        while self._due and self._due[0][0] <= moment:
            due, _, event = heappop(self._due)
            self.now = max(self.now, due)
            event()
        self.now = max(self.now, moment)
