"""What a host link has met so far, as numbers and fixed words for diagnostics. Floor 5, but pure. No card data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.link.keeping import Unfit

__all__ = ["AddressTally", "LinkTally", "Tally"]


@dataclass(frozen=True, slots=True)
class AddressTally:
    """One address.

    Attributes:
        name: What the stream leads to.
        opened: How often it was connected.
        failed: How often that did not work.
        last_reason: Why it last did not; empty if it never failed.
    """

    name: str
    opened: int
    failed: int
    last_reason: str


@dataclass(frozen=True, slots=True)
class LinkTally:
    """All of a link.

    Attributes:
        addresses: In the order they were given.
        reused: How often a kept connection served another exchange.
        unfit: Why kept connections did not, and how often.
    """

    addresses: tuple[AddressTally, ...]
    reused: int
    unfit: Mapping[Unfit, int]


class Tally:
    """Counts.

    Args:
        names: Of the addresses.

    Example:
        >>> from posrefund.link.tally import Tally
        >>> tally = Tally(["10.0.0.1:8583"])
        >>> tally.failed(0, "Connection refused")
        >>> tally.seen().addresses[0].failed
        1
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._opened: Counter[int] = Counter()
        self._failed: Counter[int] = Counter()
        self._reasons: dict[int, str] = {}
        self._reused = 0
        self._unfit: Counter[Unfit] = Counter()

    def opened(self, address: int) -> None:
        """It was connected."""
        self._opened[address] += 1

    def failed(self, address: int, reason: str) -> None:
        """It was not, and why."""
        self._failed[address] += 1
        self._reasons[address] = reason

    def reused(self) -> None:
        """A kept connection served again."""
        self._reused += 1

    def unfit(self, why: Unfit) -> None:
        """A kept connection did not."""
        self._unfit[why] += 1

    def seen(self) -> LinkTally:
        """Return what was counted, as it is now."""
        addresses = (
            AddressTally(name, self._opened[at], self._failed[at], self._reasons.get(at, ""))
            for at, name in enumerate(self._names)
        )
        return LinkTally(tuple(addresses), self._reused, dict(self._unfit))
