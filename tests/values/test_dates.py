"""The host's day and the year that nobody sent: cut-offs, year ends, leap days, time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import InvalidRequestError
from posrefund.values import HostClock, infer_year, next_cut_over, settlement_day

CUT_OFF = time(23)
BEIJING = timezone(timedelta(hours=8))
days = st.dates(date(1971, 1, 1), date(2199, 12, 31))
zones = st.integers(-12 * 4, 14 * 4).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 12, 31), timezones=zones)  # noqa: DTZ001


# --- the settlement day ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-09T22:59:59", "2026-03-09"),
        ("2026-03-09T22:59:59.999999", "2026-03-09"),
        ("2026-03-09T23:00:00", "2026-03-10"),
        ("2026-03-09T23:59:59", "2026-03-10"),
        ("2026-03-10T00:00:00", "2026-03-10"),
        ("2025-12-31T22:59:59", "2025-12-31"),
        ("2025-12-31T23:00:00", "2026-01-01"),
        ("2028-02-28T22:59:59", "2028-02-28"),
        ("2028-02-28T23:00:00", "2028-02-29"),
        ("2028-02-29T22:59:59", "2028-02-29"),
        ("2028-02-29T23:00:00", "2028-03-01"),
        ("2026-02-28T23:00:00", "2026-03-01"),
    ],
)
def test_settlement_day_changes_at_the_cut_off(moment: str, day: str) -> None:
    naive = datetime.fromisoformat(moment)

    assert settlement_day(naive, CUT_OFF) == date.fromisoformat(day)
    assert settlement_day(naive.replace(tzinfo=BEIJING), CUT_OFF) == date.fromisoformat(day)


def test_settlement_day_is_tomorrow_all_day_when_the_cut_off_is_midnight() -> None:
    assert settlement_day(datetime(2026, 3, 9), time(0)) == date(2026, 3, 10)  # noqa: DTZ001


@given(moments)
def test_settlement_day_lasts_from_one_cut_off_to_the_next(moment: datetime) -> None:
    end = next_cut_over(moment, CUT_OFF)

    assert moment < end <= moment + timedelta(days=1)
    assert settlement_day(end - timedelta(microseconds=1), CUT_OFF) == settlement_day(
        moment, CUT_OFF
    )
    assert settlement_day(end, CUT_OFF) == settlement_day(moment, CUT_OFF) + timedelta(days=1)
    assert end.tzinfo is moment.tzinfo


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-03-09T22:59:59+08:00", "2026-03-09T23:00:00+08:00"),
        ("2026-03-09T23:00:00+08:00", "2026-03-10T23:00:00+08:00"),
        ("2025-12-31T23:30:00+08:00", "2026-01-01T23:00:00+08:00"),
    ],
)
def test_next_cut_over_is_the_end_of_the_current_day(moment: str, end: str) -> None:
    assert next_cut_over(datetime.fromisoformat(moment), CUT_OFF).isoformat() == end


# --- the year -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mmdd", "today", "found"),
    [
        ("0309", "2026-03-09", "2026-03-09"),
        ("0310", "2026-03-09", "2025-03-10"),
        ("0308", "2026-03-09", "2026-03-08"),
        ("1231", "2026-01-01", "2025-12-31"),
        ("0101", "2025-12-31", "2025-01-01"),
        ("0229", "2028-02-29", "2028-02-29"),
        ("0229", "2028-03-01", "2028-02-29"),
        ("0229", "2029-02-27", "2028-02-29"),
        ("0302", "2028-02-29", "2027-03-02"),
        ("0101", "0001-01-02", "0001-01-01"),
    ],
)
def test_year_is_that_of_the_last_such_day(mmdd: str, today: str, found: str) -> None:
    assert infer_year(mmdd, not_after=date.fromisoformat(today)).isoformat() == found


@pytest.mark.parametrize(
    ("mmdd", "today"),
    [
        ("0229", "2026-03-09"),
        ("0229", "2029-02-28"),
        ("0229", "2028-02-28"),
        ("0309", "2028-03-08"),  # 365 days old: it cannot be told from a year later
        ("0000", "2026-03-09"),
        ("1301", "2026-03-09"),
        ("0431", "2026-03-09"),
        ("", "2026-03-09"),
        ("309", "2026-03-09"),
        ("00309", "2026-03-09"),
        ("０３０９", "2026-03-09"),
        ("03 9", "2026-03-09"),
        ("+309", "2026-03-09"),
        ("0301", "2028-02-29"),  # the same, over a leap day
        ("0103", "0001-01-02"),  # the first year there is has none before it
    ],
)
def test_year_is_refused_when_no_such_day_is_near(mmdd: str, today: str) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^date: expected MMDD of a day in the last 365 days$"
    ):
        infer_year(mmdd, not_after=date.fromisoformat(today))


@given(days, st.integers(0, 364))
def test_year_of_every_day_of_the_last_365_is_found(today: date, age_days: int) -> None:
    day = today - timedelta(days=age_days)

    assert infer_year(f"{day:%m%d}", not_after=today) == day


@given(st.text(max_size=6), days)
def test_year_of_anything_is_that_of_a_past_day_or_refused(mmdd: str, today: date) -> None:
    try:
        day = infer_year(mmdd, not_after=today)
    except InvalidRequestError:
        return
    assert f"{day:%m%d}" == mmdd
    assert timedelta(0) <= today - day < timedelta(days=365)


# --- the host's clock -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "hours", "mmdd", "hhmmss", "host"),
    [
        ("2025-12-31T16:30:00+00:00", 8, "0101", "003100", "2026-01-01T00:31:00+08:00"),
        ("2025-12-31T15:59:00+00:00", 8, "1231", "235830", "2025-12-31T23:58:30+08:00"),
        ("2026-01-01T00:00:30+08:00", 8, "1231", "235959", "2025-12-31T23:59:59+08:00"),
        ("2025-12-31T23:59:30+08:00", 8, "0101", "000010", "2026-01-01T00:00:10+08:00"),
        ("2026-01-01T00:00:30+08:00", -5, "1231", "110100", "2025-12-31T11:01:00-05:00"),
        ("2026-03-09T10:00:00+08:00", 0, "0309", "020005", "2026-03-09T02:00:05+00:00"),
        ("2028-02-29T12:00:00+08:00", 8, "0229", "120000", "2028-02-29T12:00:00+08:00"),
        ("2026-03-01T00:00:00+08:00", 8, "0228", "235900", "2026-02-28T23:59:00+08:00"),
    ],
)
def test_clock_learns_the_hosts_time_across_years_and_zones(
    now: str, hours: int, mmdd: str, hhmmss: str, host: str
) -> None:
    moment = datetime.fromisoformat(now)
    clock = HostClock(timezone(timedelta(hours=hours)))
    learned = clock.learn(moment, date_mmdd=mmdd, time_hhmmss=hhmmss)

    assert learned.at(moment).isoformat() == host
    assert learned.zone == clock.zone


def test_clock_runs_on_from_what_it_learned() -> None:
    now = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    clock = HostClock().learn(now, date_mmdd="0101", time_hhmmss="000130")

    assert clock.offset == timedelta(seconds=90)
    assert clock.at(now + timedelta(hours=1)).isoformat() == "2026-01-01T01:01:30+08:00"


def test_clock_forgets_what_it_learned_before_when_it_learns_again() -> None:
    now = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
    wrong = HostClock().learn(now, date_mmdd="0401", time_hhmmss="000000")

    assert wrong.learn(now, date_mmdd="0309", time_hhmmss="100000").offset == timedelta(0)


def test_clock_that_learned_nothing_shows_our_time_in_the_hosts_zone() -> None:
    assert (
        HostClock().at(datetime(2026, 3, 9, 2, 0, tzinfo=UTC)).isoformat()
        == "2026-03-09T10:00:00+08:00"
    )


@given(moments, zones, st.integers(-182 * 86_400, 182 * 86_400))
def test_clock_learns_any_difference_of_less_than_half_a_year(
    now: datetime, zone: timezone, difference_s: int
) -> None:
    now = now.replace(microsecond=0)
    host = (now + timedelta(seconds=difference_s)).astimezone(zone)
    clock = HostClock(zone).learn(now, date_mmdd=f"{host:%m%d}", time_hhmmss=f"{host:%H%M%S}")

    assert clock.at(now) == host
    assert clock.offset == timedelta(seconds=difference_s)


@pytest.mark.parametrize(
    ("mmdd", "hhmmss"),
    [
        ("0000", "120000"),
        ("1301", "120000"),
        ("0230", "120000"),
        ("030", "120000"),
        ("03A9", "120000"),
        ("0309", "240000"),
        ("0309", "126000"),
        ("0309", "120060"),
        ("0309", "12000"),
        ("0309", "1200000"),
        ("0309", ""),
        ("0309", "1200A0"),
        ("0309", " 1+2-0"),
        ("0309", "１２００００"),
        ("", ""),
    ],
)
def test_clock_refuses_digits_that_are_no_date_or_time(mmdd: str, hhmmss: str) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^host_time: expected a date MMDD and a time hhmmss$"
    ):
        HostClock().learn(datetime(2026, 3, 9, tzinfo=UTC), date_mmdd=mmdd, time_hhmmss=hhmmss)


@given(moments, st.text(max_size=6), st.text(max_size=8))
def test_clock_of_anything_learns_or_refuses(now: datetime, mmdd: str, hhmmss: str) -> None:
    try:
        clock = HostClock().learn(now, date_mmdd=mmdd, time_hhmmss=hhmmss)
    except InvalidRequestError:
        return
    assert f"{clock.at(now):%m%d%H%M%S}" == mmdd + hhmmss


@pytest.mark.parametrize(
    ("our_year", "year_yy", "expected"),
    [(2015, "26", 2026), (2026, "26", 2026), (2099, "00", 2000), (2015, "", 2015)],
)
def test_clock_takes_the_year_where_the_host_says_it(
    our_year: int, year_yy: str, expected: int
) -> None:
    now = datetime(our_year, 3, 9, 2, 0, tzinfo=UTC)
    clock = HostClock().learn(now, date_mmdd="0309", time_hhmmss="100000", year_yy=year_yy)

    assert clock.at(now).isoformat() == f"{expected}-03-09T10:00:00+08:00"


@pytest.mark.parametrize("year_yy", ["x", "2x", "-4", "028", "9999", "25"])
def test_clock_refuses_a_year_that_is_none_or_has_no_such_day(year_yy: str) -> None:
    now = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)

    with pytest.raises(InvalidRequestError, match=r"a date MMDD and a time hhmmss"):
        HostClock().learn(now, date_mmdd="0229", time_hhmmss="100000", year_yy=year_yy)
