"""The host's day, and the year of a date that has none. Floor 1; no clock: time is an argument.

Everything here works in the *host's* civil time. A terminal's own calendar never decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from posrefund.errors import InvalidRequestError

__all__ = ["HostClock", "infer_year", "next_cut_over", "settlement_day"]

_AGE_DAYS_MAX = 365
"""A sale as old as this cannot be told from one a year younger: refuse (decision 0009)."""


@dataclass(frozen=True, slots=True)
class HostClock:
    """How far the host's clock stands from ours, and where on Earth it stands.

    Attributes:
        zone: The host's civil time zone (UnionPay: UTC+8, no summer time).
        offset: Host time minus our time, as the last sign-in showed it.
    """

    zone: timezone = timezone(timedelta(hours=8))
    offset: timedelta = timedelta(0)

    def at(self, now: datetime) -> datetime:
        """Return the host's wall time at our *now* (aware)."""
        return (now + self.offset).astimezone(self.zone)

    def learn(
        self, now: datetime, *, date_mmdd: str, time_hhmmss: str, year_yy: str = ""
    ) -> HostClock:
        """Return the clock after a host said *date_mmdd* and *time_hhmmss* at our *now*.

        The year is the nearest that fits, unless the host said *year_yy* too: of this century.

        Raises:
            InvalidRequestError: The digits are no date or time.

        Example:
            >>> from datetime import UTC, datetime
            >>> from posrefund.values import HostClock
            >>> now = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
            >>> clock = HostClock().learn(now, date_mmdd="0101", time_hhmmss="003100")
            >>> clock.at(now).isoformat()
            '2026-01-01T00:31:00+08:00'
        """
        base = now.astimezone(self.zone)
        try:
            wall = _wall_time(time_hhmmss)
            near = (base.year - 1, base.year, base.year + 1)
            candidates = [
                datetime.combine(day, wall, self.zone)
                for year in ((_year(year_yy),) if year_yy else near)
                if (day := _date_or_none(year, date_mmdd)) is not None
            ]
            nearest = min(candidates, key=lambda host: abs(host - base))
        except (ValueError, TypeError):
            raise InvalidRequestError([("host_time", "a date MMDD and a time hhmmss")]) from None
        return HostClock(self.zone, nearest.astimezone(UTC) - now.astimezone(UTC))


def settlement_day(host_now: datetime, cut_off: time) -> date:
    """Return the settlement day that *host_now* belongs to: after the cut-off it is tomorrow.

    Source:
        open.unionpay.com, acpAPIId=800: "前日23:00至本日23:00之间" is one day.

    Example:
        >>> from datetime import datetime, time
        >>> from posrefund.values import settlement_day
        >>> settlement_day(datetime(2025, 12, 31, 23, 0), time(23)).isoformat()
        '2026-01-01'
    """
    return host_now.date() + timedelta(days=host_now.time() >= cut_off)


def next_cut_over(host_now: datetime, cut_off: time) -> datetime:
    """Return the moment the current settlement day ends.

    Example:
        >>> from datetime import datetime, time
        >>> from posrefund.values import next_cut_over
        >>> next_cut_over(datetime(2026, 3, 9, 23, 30), time(23)).isoformat()
        '2026-03-10T23:00:00'
    """
    day = settlement_day(host_now, cut_off)
    return datetime.combine(day, cut_off, host_now.tzinfo)


def infer_year(mmdd: str, *, not_after: date) -> date:
    """Return the last day called *mmdd* that is not after *not_after*.

    DE13, DE15 and DE61.3 carry a month and a day; this is the one place that adds the year.

    Shape:
        mmdd: 4 digits, a calendar day.

    Raises:
        InvalidRequestError: path ``date``: no such day within the 365 days up to *not_after*
            (29 February outside leap years, or digits that are no date).

    Example:
        >>> from datetime import date
        >>> from posrefund.values import infer_year
        >>> infer_year("1230", not_after=date(2026, 1, 2)).isoformat()
        '2025-12-30'
    """
    for year in (not_after.year, not_after.year - 1):
        day = _date_or_none(year, mmdd)
        if day is not None and timedelta(0) <= not_after - day < timedelta(days=_AGE_DAYS_MAX):
            return day
    raise InvalidRequestError([("date", "MMDD of a day in the last 365 days")])


def _year(yy: str) -> int:
    if len(yy) != 2 or not (yy.isascii() and yy.isdigit()):
        message = "no YY"
        raise ValueError(message)
    return 2000 + int(yy)


def _wall_time(hhmmss: str) -> time:
    if len(hhmmss) != 6 or not (hhmmss.isascii() and hhmmss.isdigit()):
        message = "no hhmmss"
        raise ValueError(message)
    return time(int(hhmmss[:2]), int(hhmmss[2:4]), int(hhmmss[4:]))


def _date_or_none(year: int, mmdd: str) -> date | None:
    if len(mmdd) != 4 or not (mmdd.isascii() and mmdd.isdigit()):
        return None
    try:
        return date(year, int(mmdd[:2]), int(mmdd[2:]))
    except ValueError:
        return None
