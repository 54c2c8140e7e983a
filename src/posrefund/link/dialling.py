"""One opening of a line that has several addresses: which is dialled next, for how long, and when it is over.

Floor 5, but pure: a thread and an event loop walk through the same steps. All of them together stay within one
deadline, and each address of a round gets its share of what is left, so that one that swallows calls does not
eat the time of the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.link.back_off import BackOff

__all__ = ["Dial", "Dialling", "Pause"]


@dataclass(frozen=True, slots=True)
class Dial:
    """Try an address.

    Attributes:
        address: Its place in the list.
        timeout_s: How long at most.
    """

    address: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, then ask again.

    Attributes:
        seconds: How long.
    """

    seconds: float


class Dialling:
    """The steps of one opening; each is asked for after the one before it has failed.

    The address that worked last comes first, for one that is down would cost every customer its share of the
    time; then the others, as they were given.

    Args:
        addresses: How many there are, at least 1.
        last_good: The one that worked last.
        back_off: Between rounds through all of them.
        chance: Draws a number from 0 to 1 for each pause.
        deadline: The moment at which all of it is over.

    Example:
        >>> from posrefund.link import BackOff, Dialling
        >>> dialling = Dialling(2, last_good=1, back_off=BackOff(), chance=lambda: 0.0, deadline=10.0)
        >>> dialling.step(0.0), dialling.step(5.0), dialling.step(6.0)
        (Dial(address=1, timeout_s=5.0), Dial(address=0, timeout_s=5.0), Pause(seconds=0.5))
    """

    def __init__(
        self,
        addresses: int,
        *,
        last_good: int,
        back_off: BackOff,
        chance: Callable[[], float],
        deadline: float,
    ) -> None:
        others = [address for address in range(addresses) if address != last_good]
        self._order = [last_good, *others]
        self._back_off, self._chance, self._deadline = back_off, chance, deadline
        self._left = list(self._order)
        self._rounds = 0
        self._has_dialled = False

    def step(self, now: float) -> Dial | Pause | None:
        """Return what to try now; None if nothing is left to try, or no time.

        The first is always tried, whatever the time.
        """
        left_s = max(0.0, self._deadline - now)
        if not left_s and self._has_dialled:
            return None
        if not self._left:
            return self._next_round(left_s)
        self._has_dialled = True
        share_s = left_s / len(self._left)
        return Dial(self._left.pop(0), share_s)

    def _next_round(self, left_s: float) -> Pause | None:
        self._rounds += 1
        seconds = self._back_off.pause_s(self._rounds, self._chance())
        if seconds is None or seconds >= left_s:  # nobody would be dialled after it
            return None
        self._left = list(self._order)
        return Pause(seconds)
