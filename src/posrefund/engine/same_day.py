"""Is it still the host's settlement day of an attempt, beyond doubt? Floor 4.

A host answers the reversal of a sale that it does not have and that of a sale of another day with the same 25.
The first means *nothing to undo*; the second means *it stands*. Which day it is, no clock of ours knows to the
second, and one that was set knows nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.errors import InvalidRequestError
from posrefund.values import settlement_day

if TYPE_CHECKING:
    from datetime import date, datetime

    from posrefund.engine.attempt import Attempt
    from posrefund.engine.view import TerminalView
    from posrefund.values import Received

__all__ = ["certainly_same_day"]

_CUT_OVER_MARGIN = timedelta(minutes=5)
"""So near to 23:00 the host's day may be another than ours, when the attempt was made and when the answer came."""


def certainly_same_day(
    attempt: Attempt, received: Received, view: TerminalView, now: datetime
) -> bool:
    """Say whether *received* came on the settlement day of *attempt*, by our clock and by the host's own words."""
    days: set[date | None] = {
        view.host_day(moment + shift)
        for moment in (attempt.created_at, now)
        for shift in (-_CUT_OVER_MARGIN, _CUT_OVER_MARGIN)
    }
    return days | _answer_days(received, view, now) == {attempt.host_day}


def _answer_days(received: Received, view: TerminalView, now: datetime) -> set[date | None]:
    """The day of the host's own date and time; nothing where it says none, no day where they are wrong."""
    names = ("host_date", "host_time", "host_year")
    day, time, year = (view.dialect.fact(name, received.fields) or "" for name in names)
    if not day and not time:
        return set()
    try:
        clock = view.host_clock.learn(now, date_mmdd=day, time_hhmmss=time, year_yy=year)
    except InvalidRequestError:
        return {None}
    return {settlement_day(clock.at(now), view.dialect.cut_off)}
