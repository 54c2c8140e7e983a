"""Business days and the day by which a refund should have arrived."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.engine.calendar import Arrival, BusinessCalendar, Expected, read_calendar
from posrefund.errors import ConfigError, InvalidRequestError

CHINA_2026 = """
# General Office of the State Council, arrangement of public holidays in 2026 (spring festival part)
2026-02-14 worked 调休
2026-02-15 off    春节
2026-02-16 off
2026-02-17 off
2026-02-18 off
2026-02-19 off
2026-02-20 off
2026-02-21 off
2026-02-22 off
2026-02-23 off
2026-02-28 worked
"""
DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
CALENDARS = st.builds(
    lambda off, worked, weekend: BusinessCalendar(off, worked - off, weekend),
    st.frozensets(DAYS, max_size=40),
    st.frozensets(DAYS, max_size=40),
    st.frozensets(st.integers(0, 6), max_size=6),
)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-12", 1, "2026-02-13"),
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-13", 2, "2026-02-24"),  # the whole festival in between
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-27", 1, "2026-02-28"),
        ("2026-02-15", 0, "2026-02-24"),
        ("2025-12-31", 1, "2026-01-01"),  # not in this list: an ordinary Thursday
        ("2026-03-06", 1, "2026-03-09"),  # over a weekend
    ],
)
def test_business_days_around_the_spring_festival(start: str, count: int, end: str) -> None:
    calendar = read_calendar(CHINA_2026)
    assert calendar.add(date.fromisoformat(start), count) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2026-02-30 off", 1),
        ("\n2026-02-03 closed", 2),
        ("2026-02-03", 1),
        ("off 2026-02-03", 1),
    ],
)
def test_line_that_is_no_day_is_named(text: str, line: int) -> None:
    with pytest.raises(ConfigError, match=f"line {line}:"):
        read_calendar(text)


def test_calendar_that_cannot_be_is_refused() -> None:
    day = date(2026, 2, 14)
    with pytest.raises(ConfigError, match="2026-02-14 is both off and worked"):
        BusinessCalendar(frozenset({day}), frozenset({day}))
    with pytest.raises(ConfigError, match="weekend"):
        BusinessCalendar(weekend=frozenset(range(7)))
    with pytest.raises(ConfigError, match="weekend"):
        BusinessCalendar(weekend=frozenset({9}))


def test_ends_of_time_are_refused_and_not_a_crash() -> None:
    calendar = BusinessCalendar()
    for count in (-1, 3_701):
        with pytest.raises(InvalidRequestError, match="business_days"):
            calendar.add(date(2026, 1, 1), count)
    with pytest.raises(InvalidRequestError, match="day"):
        calendar.add(date.max, 1)
    years_off = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(4_000))
    with pytest.raises(InvalidRequestError, match="within ten years"):
        BusinessCalendar(off=years_off).add(date(2026, 1, 1), 0)


@given(CALENDARS, DAYS, st.integers(0, 60))
def test_adding_and_counting_are_each_other_s_reverse(
    calendar: BusinessCalendar, day: date, count: int
) -> None:
    end = calendar.add(day, count)
    assert calendar.is_business_day(end)
    if count:
        assert calendar.count(day, end) == count
        assert calendar.count(day, end - timedelta(days=1)) == count - 1


@given(CALENDARS, DAYS, st.integers(0, 900))
def test_counting_is_what_counting_by_hand_gives(
    calendar: BusinessCalendar, after: date, span: int
) -> None:
    days = [after + timedelta(days=n) for n in range(1, span + 1)]
    assert calendar.count(after, after + timedelta(days=span)) == sum(
        map(calendar.is_business_day, days)
    )
    assert calendar.count(after, after - timedelta(days=span)) == 0


@given(st.text(max_size=60))
def test_any_text_is_a_calendar_or_a_named_line(text: str) -> None:
    try:
        read_calendar(text)
    except ConfigError as error:
        assert "calendar" in str(error)  # noqa: PT017 — any other error fails


def test_overdue_begins_the_day_after_the_last_one() -> None:
    expected = Arrival(1, 3).expected(date(2026, 3, 6))
    assert expected == Expected(date(2026, 3, 9), date(2026, 3, 11))
    assert not expected.is_overdue(date(2026, 3, 11))
    assert expected.is_overdue(date(2026, 3, 12))


def test_arrival_in_the_festival_waits_for_its_end() -> None:
    arrival = Arrival(1, 3, read_calendar(CHINA_2026))
    assert arrival.expected(date(2026, 2, 14)).latest == date(2026, 2, 26)


@pytest.mark.parametrize(("least", "most"), [(-1, 3), (3, 2), (0, 3_701)])
def test_arrival_that_cannot_be_is_refused(least: int, most: int) -> None:
    with pytest.raises(ConfigError, match="arrival"):
        Arrival(least, most)
