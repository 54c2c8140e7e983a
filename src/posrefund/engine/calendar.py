"""Business days: which days banks work, and when a refund should have arrived. Floor 4.

A window and a promise are counted in business days, and which those are is data: a list of days off and of
weekend days that are worked (调休). Without a list only weekends are off.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from posrefund.errors import ConfigError, InvalidRequestError

__all__ = ["Arrival", "BusinessCalendar", "Expected", "read_calendar"]

_ONE_DAY = timedelta(days=1)
_SATURDAY_AND_SUNDAY = frozenset({5, 6})
_DAYS_MAX = 3_700
"""Nothing here is promised or allowed for more than ten years."""


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days are business days.

    Attributes:
        off: Days off, besides weekends.
        worked: Weekend days that are worked all the same.
        weekend: Weekdays that are off, Monday is 0.

    Raises:
        ConfigError: A day both off and worked, or no weekday is left to work on.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine.calendar import BusinessCalendar
        >>> calendar = BusinessCalendar(off=frozenset({date(2026, 1, 1)}))
        >>> calendar.add(date(2025, 12, 31), 1)
        datetime.date(2026, 1, 2)
        >>> calendar.count(date(2025, 12, 31), date(2026, 1, 5))
        2
    """

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    weekend: frozenset[int] = _SATURDAY_AND_SUNDAY

    def __post_init__(self) -> None:
        both = self.off & self.worked
        if both:
            raise ConfigError(f"calendar: {min(both)} is both off and worked")
        if not frozenset(range(7)) - self.weekend or not self.weekend <= frozenset(range(7)):
            raise ConfigError("calendar: weekend: some of the days 0 to 6, not all of them")

    def is_business_day(self, day: date) -> bool:
        """Say whether banks work on *day*."""
        if day in self.off:
            return False
        return day.weekday() not in self.weekend or day in self.worked

    def add(self, day: date, count: int) -> date:
        """Return the *count*-th business day after *day*; for 0, *day* itself or the next one that is one.

        Raises:
            InvalidRequestError: Less than 0, more than ten years, or past the last day there is.
        """
        if not 0 <= count <= _DAYS_MAX:
            raise InvalidRequestError([("business_days", f"0 to {_DAYS_MAX}")])
        try:
            if count == 0:
                return self._next(day)
            for _ in range(count):
                day = self._next(day + _ONE_DAY)
        except OverflowError:
            raise InvalidRequestError([("day", "a day with business days after it")]) from None
        return day

    def count(self, after: date, through: date) -> int:
        """Return how many business days come after the first day and no later than the second; 0 if none does."""
        if through <= after:
            return 0
        return self._until(through) - self._until(after)

    # --- inside ------------------------------------------------------------------------------

    def _next(self, day: date) -> date:
        for _ in range(_DAYS_MAX):
            if self.is_business_day(day):
                return day
            day += _ONE_DAY
        raise InvalidRequestError([("day", "a day with a business day within ten years after it")])

    def _until(self, day: date) -> int:
        """How many business days there were until *day*, itself counted, since the first day of all."""
        weeks, rest = divmod(day.toordinal(), 7)  # day 1 was a Monday
        plain = weeks * (7 - len(self.weekend)) + sum(
            weekday not in self.weekend for weekday in range(rest)
        )
        off, worked = self._exceptions
        return plain - bisect_right(off, day) + bisect_right(worked, day)

    @cached_property
    def _exceptions(self) -> tuple[list[date], list[date]]:
        off = sorted(day for day in self.off if day.weekday() not in self.weekend)
        return off, sorted(day for day in self.worked if day.weekday() in self.weekend)


def read_calendar(text: str) -> BusinessCalendar:
    r"""Read a calendar: a day a line, ``YYYY-MM-DD off`` or ``YYYY-MM-DD worked``, and a name if you like; ``#`` comments.

    Raises:
        ConfigError: A line that is none of that, by its number.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine.calendar import read_calendar
        >>> calendar = read_calendar("2026-02-14 worked 调休\n2026-02-16 off 除夕")
        >>> calendar.is_business_day(date(2026, 2, 14)), calendar.is_business_day(date(2026, 2, 16))
        (True, False)
    """
    days: dict[str, set[date]] = {"off": set(), "worked": set()}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            days[words[1]].add(date.fromisoformat(words[0]))
        except (KeyError, IndexError, ValueError):
            raise ConfigError(
                f"calendar: line {number}: expected YYYY-MM-DD, then off or worked"
            ) from None
    return BusinessCalendar(frozenset(days["off"]), frozenset(days["worked"]))


@dataclass(frozen=True, slots=True)
class Expected:
    """When the customer should see the money, if nothing goes wrong.

    Attributes:
        earliest: Not before this day.
        latest: From the day after on it is overdue.
    """

    earliest: date
    latest: date

    def is_overdue(self, today: date) -> bool:
        """Say whether it should have been seen by now."""
        return today > self.latest


@dataclass(frozen=True, slots=True)
class Arrival:
    """How long a refund takes to the customer's account, in business days after the host's day of acceptance.

    Attributes:
        least_days: The fastest.
        most_days: The slowest that is no reason to ask.
        calendar: Which days count.

    Raises:
        ConfigError: Not ``0 <= least <= most <= 3700``.

    Source:
        Card refunds are quoted at 1 to 3 (WeChat Pay, bank cards), 2 to 5 (Toast) and 5 to 10 business days (Stripe,
        Square); the default is the widest of them. An acquirer's own promise belongs in the shop's rules.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine.calendar import Arrival
        >>> Arrival(1, 3).expected(date(2026, 3, 6)).latest
        datetime.date(2026, 3, 11)
    """

    least_days: int = 1
    most_days: int = 10
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)

    def __post_init__(self) -> None:
        if not 0 <= self.least_days <= self.most_days <= _DAYS_MAX:
            raise ConfigError("arrival: business days, the least no more than the most")

    def expected(self, accepted_on: date) -> Expected:
        """Return when a refund that the host accepted on *accepted_on* (its settlement day) should arrive."""
        add = self.calendar.add
        return Expected(add(accepted_on, self.least_days), add(accepted_on, self.most_days))
