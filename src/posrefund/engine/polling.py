"""When to look again at what is not decided: often at first, then less, and never all at once. Floor 4.

Nothing is kept about it: the moments follow from when the waiting began, and how far they are shifted from whose they
are, so that many terminals that failed together come back apart, and one comes back when it said it would.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from posrefund.errors import ConfigError

__all__ = ["LookSchedule"]

_MINUTE = 60
_CHANCES = 2**32


@dataclass(frozen=True, slots=True)
class LookSchedule:
    """Pauses between two looks.

    Attributes:
        pauses_s: One after the other; the last one for ever after.
        jitter: By how much of itself each pause is stretched at most, 0 to 1.

    Raises:
        ConfigError: No pause, one that is not above 0, or a jitter out of range.

    Source:
        WeChat Pay's advice for merchants that poll: every minute for five minutes, then 5, 10, 20 and 30 minutes apart.

    Example:
        >>> from datetime import UTC, datetime
        >>> from posrefund.engine.polling import LookSchedule
        >>> since = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)
        >>> LookSchedule(jitter=0).next_look(since, now=since, who="R-1").time().isoformat()
        '14:06:00'
    """

    pauses_s: tuple[int, ...] = (
        *(5 * [_MINUTE]),
        5 * _MINUTE,
        10 * _MINUTE,
        20 * _MINUTE,
        30 * _MINUTE,
    )
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not self.pauses_s or min(self.pauses_s) <= 0:
            raise ConfigError("look schedule: pauses above 0 seconds, at least one")
        if not 0 <= self.jitter <= 1:
            raise ConfigError("look schedule: jitter from 0 to 1")

    def next_look(self, since: datetime, *, now: datetime, who: str) -> datetime:
        """Return the first moment of looking after *now*.

        Args:
            since: When the waiting began.
            now: The time.
            who: Whose look it is: another one's comes at another moment.
        """
        stretch = 1 + self.jitter * _chance(who)
        moment = since
        for pause in self.pauses_s[:-1]:
            moment += timedelta(seconds=pause * stretch)
            if moment > now:
                return moment
        last = timedelta(seconds=self.pauses_s[-1] * stretch)
        return moment + last * max(1, (now - moment) // last + 1)


def _chance(who: str) -> float:
    """0 to 1, the same for the same name."""
    digest = hashlib.sha256(who.encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:4], "big") / _CHANCES
