"""A clock for tests and demonstrations. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

__all__ = ["ManualClock"]


class ManualClock:
    """Returns the same time until it is moved; give it to ``Terminal`` as its clock.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from posrefund.testing import ManualClock
        >>> clock = ManualClock(datetime(2026, 3, 9, 6, 0, tzinfo=UTC))
        >>> clock.advance(timedelta(hours=9))
        >>> clock().isoformat()
        '2026-03-09T15:00:00+00:00'
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs its zone")
        self._now = start

    def __call__(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move on by *span*."""
        self._now += span

    def set(self, moment: datetime) -> None:
        """Show *moment*."""
        self._now = moment
