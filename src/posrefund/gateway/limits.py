"""How often a token may ask: a bucket of tries that fills again. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Buckets", "RateLimit"]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often.

    Attributes:
        per_second: So many requests in the long run.
        burst: So many at once.

    Raises:
        ConfigError: Not above 0, or a burst below 1.
    """

    per_second: float = 50.0
    burst: int = 100

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise ConfigError("rate limit: expected per_second above 0 and burst 1 or more")


class Buckets:
    """One bucket for each name.

    Args:
        limit: How often each may.
        monotonic: Returns seconds that only grow.

    Example:
        >>> from posrefund.gateway.limits import Buckets, RateLimit
        >>> buckets = Buckets(RateLimit(per_second=2, burst=1), lambda: 0.0)
        >>> buckets.wait_s("till-1"), buckets.wait_s("till-1"), buckets.wait_s("till-2")
        (0.0, 0.5, 0.0)
    """

    def __init__(self, limit: RateLimit, monotonic: Callable[[], float]) -> None:
        self._limit, self._monotonic = limit, monotonic
        self._full: dict[str, tuple[float, float]] = {}
        """By name: how many tries there were, and when."""

    def wait_s(self, name: str) -> float:
        """Take a try and return 0; or take none, and return after how many seconds there is one."""
        now, most = self._monotonic(), float(self._limit.burst)
        had, since = self._full.get(name, (most, now))
        has = min(most, had + (now - since) * self._limit.per_second)
        if has < 1:
            self._full[name] = has, now
            return (1 - has) / self._limit.per_second
        self._full[name] = has - 1, now
        return 0.0
