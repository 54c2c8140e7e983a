"""What the rules of every exchange have to be. Floor 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["at_most", "require_rules"]

_TIMES_MAX = 10


def at_most(least: int) -> range:
    """Return how often something may be said: from *least* to 10 times."""
    return range(least, _TIMES_MAX + 1)


def require_rules(facts: Iterable[tuple[bool, str]]) -> None:
    """Refuse rules that make no sense.

    Args:
        facts: What has to hold, and what is expected there.

    Raises:
        ConfigError: One of them does not.
    """
    for fact, expected in facts:
        if not fact:
            raise ConfigError(f"exchange: expected {expected}")
