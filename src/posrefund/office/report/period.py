"""Which days a report is about: the host's, which end at the cut-over and not at midnight. Floor 8."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Self

from posrefund.errors import InvalidRequestError

__all__ = ["Period"]

_CHINA = timezone(timedelta(hours=8))
_CUT_OFF = time(23)
_WINDOW = timedelta(days=29)


@dataclass(frozen=True, slots=True)
class Period:
    """Settlement days of the host, one or more in a row.

    Attributes:
        first: The first of them.
        last: The last of them.
        now: When the report is made.
        zone: Of the host.
        cut_off: When its day ends, host time.

    Raises:
        InvalidRequestError: The last before the first, or a time without a zone.

    Example:
        >>> from datetime import UTC, date, datetime
        >>> from posrefund.office.report import Period
        >>> day = Period.day(date(2026, 3, 9), now=datetime(2026, 3, 10, tzinfo=UTC))
        >>> day.since.isoformat(), day.until.isoformat()
        ('2026-03-08T15:00:00+00:00', '2026-03-09T15:00:00+00:00')
    """

    first: date
    last: date
    now: datetime
    zone: timezone = _CHINA
    cut_off: time = _CUT_OFF

    def __post_init__(self) -> None:
        faults = []
        if self.last < self.first:
            faults.append(("period.last", "not before the first day"))
        if self.now.tzinfo is None:
            faults.append(("period.now", "a time with its zone"))
        if faults:
            raise InvalidRequestError(faults)

    @classmethod
    def day(
        cls, day: date, *, now: datetime, zone: timezone = _CHINA, cut_off: time = _CUT_OFF
    ) -> Self:
        """Return the period of one day."""
        return cls(day, day, now, zone, cut_off)

    @classmethod
    def month(
        cls, day: date, *, now: datetime, zone: timezone = _CHINA, cut_off: time = _CUT_OFF
    ) -> Self:
        """Return the period of the calendar month that *day* lies in."""
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return cls(first, last, now, zone, cut_off)

    @property
    def is_month(self) -> bool:
        """Whether it is more than a day."""
        return self.first != self.last

    @property
    def since(self) -> datetime:
        """The cut-over that it begins with, UTC."""
        return self._cut_over(self.first - timedelta(days=1))

    @property
    def until(self) -> datetime:
        """The cut-over that it ends with, UTC."""
        return self._cut_over(self.last)

    @property
    def as_of(self) -> datetime:
        """When ages are taken: at its end, or now while it lasts."""
        return min(self.until, self.now.astimezone(UTC))

    @property
    def window_first(self) -> date:
        """The first of the thirty days that end with it: habits do not show in a day."""
        return self.last - _WINDOW

    @property
    def name(self) -> str:
        """How a file is called after it.

        Example:
            >>> from datetime import UTC, date, datetime
            >>> from posrefund.office.report import Period
            >>> Period.month(date(2026, 3, 9), now=datetime(2026, 4, 1, tzinfo=UTC)).name
            '2026-03'
        """
        return f"{self.first:%Y-%m}" if self.is_month else self.first.isoformat()

    def values(self) -> dict[str, str]:
        """Return what stands for the names in a figure's SQL."""
        minutes = int((self.zone.utcoffset(None)).total_seconds() // 60)
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "window_first": self.window_first.isoformat(),
            "since": _moment(self.since),
            "until": _moment(self.until),
            "as_of": _moment(self.as_of),
            "over": self._last_over.isoformat(),
            "zone": f"{minutes:+d} minutes",
        }

    @property
    def _last_over(self) -> date:
        """The last of the host's days that is over now."""
        now = self.now.astimezone(self.zone)
        return now.date() - timedelta(days=0 if now.time() >= self.cut_off else 1)

    def _cut_over(self, day: date) -> datetime:
        return datetime.combine(day, self.cut_off, self.zone).astimezone(UTC)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
