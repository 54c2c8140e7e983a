"""The public holidays of a country as a business calendar, from the library ``holidays``. Floor 8.

Days that a government has not announced yet are the library's estimate; a list of your own
(``read_calendar``) says otherwise where it must.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.calendar import BusinessCalendar
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["holidays_of"]


def holidays_of(
    country: str, years: Sequence[int], *, subdivision: str | None = None
) -> BusinessCalendar:
    """Return the business days of *country*.

    Args:
        country: Two letters of ISO 3166-1, such as ``"CN"``.
        years: Those that count; outside them only weekends are off.
        subdivision: A state or province, as the library knows it.

    Raises:
        ConfigError: The library is not installed, or does not know the country, its part or a year.

    Example:
        >>> from datetime import date
        >>> from posrefund.office import holidays_of
        >>> holidays_of("CN", [2026]).is_business_day(date(2026, 2, 14))  # a Saturday that is worked
        True
    """
    try:
        import holidays
    except ModuleNotFoundError:
        raise ConfigError(
            "public holidays are an extra: pip install 'posrefund[calendar]'"
        ) from None
    try:
        known = holidays.country_holidays(country, subdiv=subdivision, years=list(years))
        days = [day for year in years for day in _days_of(year)]
        weekend = frozenset(known.weekend)
        works = {day for day in days if known.is_working_day(day)}
    except (NotImplementedError, ValueError, TypeError, OverflowError):
        raise ConfigError("calendar: no such country, part of it or year") from None
    return BusinessCalendar(
        off=frozenset(day for day in days if day.weekday() not in weekend and day not in works),
        worked=frozenset(day for day in works if day.weekday() in weekend),
        weekend=weekend,
    )


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
