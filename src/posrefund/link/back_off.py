"""How long to wait before an address is dialled again, and how often. Floor 5, but pure: no clock, no lot of its own.

It is about opening alone: what was sent is never sent again. It refuses to wait for nothing, which would be
a busy loop, and to try for ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from posrefund.errors import ConfigError

__all__ = ["PAUSE_S_MIN", "BackOff"]

PAUSE_S_MIN = 0.05
"""Twenty times a second is the most that a host that is down is asked."""
_PAUSE_S_MAX = 600.0
_TRIES_MAX = 100
_FACTOR_MAX = 10.0


@dataclass(frozen=True, slots=True)
class BackOff:
    """Pauses that grow, up to a bound, and are drawn shorter by lot so that not all tills come back at once.

    Attributes:
        first_s: The longest first pause, 0.05 to 600 s.
        factor: What each next one is longer by, 1 to 10 times.
        max_s: No pause is longer; *first_s* to 600 s.
        tries: How often each address is dialled, 1 to 100; with 1 there is no pause.
        jitter: The share of a pause that the lot may take away, 0 to 1.

    Raises:
        ConfigError: One of them is something else.

    Example:
        >>> from posrefund.link import BackOff
        >>> back_off = BackOff(first_s=1, factor=2, max_s=3, tries=4)
        >>> [back_off.pause_s(tried, 0.0) for tried in (1, 2, 3, 4)]
        [1.0, 2.0, 3.0, None]
        >>> back_off.pause_s(2, 0.5)
        1.5
    """

    first_s: float = 0.5
    factor: float = 2.0
    max_s: float = 8.0
    tries: int = 3
    jitter: float = 0.5

    def __post_init__(self) -> None:
        _require("first_s", self.first_s, PAUSE_S_MIN, _PAUSE_S_MAX)
        _require("factor", self.factor, 1.0, _FACTOR_MAX)
        _require("max_s", self.max_s, self.first_s, _PAUSE_S_MAX)
        _require("tries", self.tries, 1, _TRIES_MAX)
        _require("jitter", self.jitter, 0.0, 1.0)

    def pause_s(self, tried: int, chance: float) -> float | None:
        """Return how long to wait after *tried* rounds without success, or None to give up.

        Args:
            tried: Rounds through all addresses, at least 1.
            chance: A number from 0 to 1, drawn for this pause.
        """
        if tried >= self.tries:
            return None
        longest = min(float(self.max_s), self.first_s * self.factor ** (tried - 1))
        return max(PAUSE_S_MIN, longest * (1.0 - self.jitter * chance))


def _require(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not (math.isfinite(value) and least <= value <= most):
        raise ConfigError(f"back-off {name}: expected {least:g} to {most:g}")
