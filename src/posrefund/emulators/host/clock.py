"""The host's clock: it stands still until it is set, or runs on from where it was set.

A host whose days a test can choose is the only way to see a cut-over at 23:00 or a New Year.
Floor 9.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HostTime"]


class HostTime:
    """A clock that can be set; call it for the time.

    Args:
        start: The first time it shows; it must name its zone.
        runs: Whether it goes on by itself.
        seconds: Source of elapsed seconds, used only when it runs.

    Raises:
        ValueError: A time without a zone.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from posrefund.emulators.host import HostTime
        >>> clock = HostTime(datetime(2026, 3, 10, 14, 59, tzinfo=UTC))
        >>> clock.advance(timedelta(minutes=1))
        >>> clock().isoformat()
        '2026-03-10T15:00:00+00:00'
    """

    def __init__(
        self, start: datetime, *, runs: bool = False, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._runs = runs
        self._seconds = seconds
        self.set(start)

    def __call__(self) -> datetime:
        """Return the time."""
        if not self._runs:
            return self._base
        return self._base + timedelta(seconds=self._seconds() - self._since)

    def set(self, moment: datetime) -> None:
        """Show *moment* from now on."""
        if moment.tzinfo is None:
            message = "a host time needs its zone"
            raise ValueError(message)
        self._base = moment
        self._since = self._seconds() if self._runs else 0.0

    def advance(self, span: timedelta) -> None:
        """Jump ahead by *span*."""
        self.set(self() + span)
