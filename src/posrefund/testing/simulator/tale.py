"""The story of one seed, line by line, without a byte that differs from run to run. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.testing.simulator.virtual import VirtualTime

__all__ = ["Tale"]


class Tale:
    """What happened, in order; it holds no card number, no key and no digest made with one.

    Args:
        time: For the time before each line.
        is_told: Whether lines are kept at all.

    Attributes:
        lines: So far.
        steps: How many things have happened: actions, messages, commits.
    """

    def __init__(self, time: VirtualTime, *, is_told: bool) -> None:
        self._time = time
        self._is_told = is_told
        self.lines: list[str] = []
        self.steps = 0

    def tell(self, text: str) -> None:
        """Keep one line."""
        if self._is_told:
            self.lines.append(f"{self._time.now:%Y-%m-%d %H:%M:%S} {text}")
