"""Complaints: when their clocks run out, which steps they take, and what may be kept of what a customer says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import PROPERTY
from engine.test_calendar import CHINA_2026
from posrefund.engine.calendar import BusinessCalendar, read_calendar
from posrefund.engine.complaints import Complaint, Feedback, ServiceLevel
from posrefund.errors import ConfigError, InvalidRequestError, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHANGHAI = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARD = "6200000000000005"


def complaint(**changes: Any) -> Complaint:
    """One that has to be answered after a day and to be over after three."""
    given: dict[str, Any] = {
        "complaint_id": "K-17",
        "request_id": "R-1",
        "kind": "not_arrived",
        "channel": "phone",
        "words": "ten days, and no money",
        "by": "07",
        "opened_at": MONDAY,
        "answer_due": MONDAY + 24 * HOUR,
        "solve_due": MONDAY + 72 * HOUR,
    }
    return Complaint(**given | changes)


# --- the clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "hours", "due"),
    [
        ("2026-03-09 10:00", 1, "2026-03-09 11:00"),
        ("2026-03-09 10:00", 24, "2026-03-10 10:00"),
        ("2026-03-06 15:00", 9, "2026-03-09 00:00"),  # the weekend does not count
        ("2026-03-06 15:00", 24, "2026-03-09 15:00"),
        ("2026-03-06 23:30", 1, "2026-03-09 00:30"),
        ("2026-03-07 12:00", 24, "2026-03-10 00:00"),  # opened on a Saturday: from Monday on
        ("2026-03-06 15:00", 72, "2026-03-11 15:00"),
        ("2026-02-13 10:00", 24, "2026-02-14 10:00"),  # a Saturday that is worked
        ("2026-02-14 10:00", 24, "2026-02-24 10:00"),  # the spring festival
        ("2026-02-18 10:00", 1, "2026-02-24 01:00"),
    ],
)
def test_clock_runs_on_business_days_of_the_host(opened: str, hours: int, due: str) -> None:
    level = ServiceLevel(hours, hours, read_calendar(CHINA_2026))
    at = datetime.fromisoformat(opened).replace(tzinfo=SHANGHAI)

    end = datetime.fromisoformat(due).replace(tzinfo=SHANGHAI).astimezone(UTC)
    assert level.due(at, SHANGHAI) == (end, end)


def _days(first: datetime, last: datetime) -> Iterator[date]:
    day = first.date()
    while day <= last.date():
        yield day
        day += timedelta(days=1)


def _ran(calendar: BusinessCalendar, start: datetime, end: datetime, zone: timezone) -> timedelta:
    """How long of *start* to *end* was of business days, counted day by day."""
    start, end, one_day = start.astimezone(zone), end.astimezone(zone), timedelta(days=1)
    total = timedelta()
    for day in _days(start, end):
        if calendar.is_business_day(day):
            opens = datetime.combine(day, time(), zone)
            total += max(timedelta(), min(end, opens + one_day) - max(start, opens))
    return total


@PROPERTY
@given(
    seconds=st.integers(0, 300 * 24 * 3600),
    zone=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    hours=st.integers(1, 300),
    more=st.integers(0, 300),
    off=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 6, 1)), max_size=40),
    worked=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 6, 1)), max_size=40),
)
def test_between_opening_and_end_are_exactly_the_hours_that_were_promised(
    seconds: int,
    zone: timezone,
    hours: int,
    more: int,
    off: frozenset[date],
    worked: frozenset[date],
) -> None:
    calendar = BusinessCalendar(off, worked - off)
    opened = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    answer, solution = ServiceLevel(hours, hours + more, calendar).due(opened, zone)

    assert _ran(calendar, opened, answer, zone) == hours * HOUR
    assert _ran(calendar, opened, solution, zone) == (hours + more) * HOUR
    assert opened < answer <= solution
    assert calendar.is_business_day(solution.astimezone(zone).date())


@pytest.mark.parametrize(
    ("answer", "solve"), [(0, 1), (2, 1), (1, 2001), (-1, 5), (1.5, 2), (True, 5), ("1", 2)]
)
def test_hours_that_are_none_are_refused(answer: Any, solve: Any) -> None:
    with pytest.raises(ConfigError, match="hours"):
        ServiceLevel(answer, solve)


def test_calendar_without_an_end_to_its_days_off_promises_nothing() -> None:
    weekdays = frozenset(range(1, 7))
    mondays = frozenset(date(2026, 3, 2) + timedelta(weeks=n) for n in range(700))
    with pytest.raises(InvalidRequestError, match="day"):
        ServiceLevel(calendar=BusinessCalendar(off=mondays, weekend=weekdays)).due(MONDAY, SHANGHAI)


# --- the steps ---------------------------------------------------------------------------------------


def test_complaint_is_answered_and_solved() -> None:
    made = complaint()
    answered = made.answered(MONDAY + HOUR, by="02", words="the bank has it")
    solved = answered.ended(MONDAY + 2 * HOUR, by="02", how="it arrived", ending="solved")

    assert [each.state for each in (made, answered, solved)] == ["open", "answered", "solved"]
    assert [each.is_open for each in (made, answered, solved)] == [True, True, False]
    assert solved.late(MONDAY + 1000 * HOUR) == ()


def test_solution_is_an_answer_and_a_withdrawal_stops_both_clocks() -> None:
    solved = complaint().ended(MONDAY + 25 * HOUR, by="02", how="paid", ending="solved")
    withdrawn = complaint().ended(MONDAY + HOUR, by="02", how="found it", ending="withdrawn")

    assert solved.late(MONDAY + 1000 * HOUR) == ("answer",)
    assert withdrawn.late(MONDAY + 1000 * HOUR) == ()
    assert withdrawn.state == "withdrawn"


def test_clock_runs_out_after_its_moment_and_not_at_it() -> None:
    made = complaint()
    instant = timedelta(microseconds=1)

    assert made.late(MONDAY + 24 * HOUR) == ()
    assert made.late(MONDAY + 24 * HOUR + instant) == ("answer",)
    assert made.late(MONDAY + 72 * HOUR + instant) == ("answer", "solution")
    assert made.as_told("answer").untold(MONDAY + 73 * HOUR) == ("solution",)
    with pytest.raises(LocalProtocolError):
        made.as_told("answer").as_told("answer")


def test_step_that_was_taken_is_not_taken_again() -> None:
    answered = complaint().answered(MONDAY, by="02", words="yes")
    solved = answered.ended(MONDAY, by="02", how="done", ending="solved")
    with pytest.raises(LocalProtocolError):
        answered.answered(MONDAY, by="02", words="again")
    with pytest.raises(LocalProtocolError):
        solved.answered(MONDAY, by="02", words="late")
    with pytest.raises(LocalProtocolError):
        solved.ended(MONDAY, by="02", how="again", ending="withdrawn")


# --- what may be kept --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"words": f"my card {CARD} is charged"}, ["words"]),
        ({"words": "my card 6200 0000 0000 0005 is charged"}, ["words"]),
        ({"words": ""}, ["words"]),
        ({"words": "x" * 201}, ["words"]),
        ({"by": ""}, ["by"]),
        ({"by": "0123"}, ["by"]),
        ({"kind": "anger"}, ["kind"]),
        (
            {"kind": CARD, "channel": CARD, "words": CARD, "by": CARD},
            ["kind", "channel", "words", "by"],
        ),
    ],
)
def test_what_may_not_be_kept_is_named_and_not_repeated(
    changes: dict[str, str], paths: list[str]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        complaint(**changes)

    assert [path for path, _ in caught.value.faults] == paths
    assert CARD not in str(caught.value)


@pytest.mark.parametrize("words", ["", "   ", f"send it to {CARD}", "x" * 201])
def test_answers_and_endings_keep_no_card_either(words: str) -> None:
    with pytest.raises(InvalidRequestError, match="words"):
        complaint().answered(MONDAY, by="02", words=words)
    with pytest.raises(InvalidRequestError, match="how"):
        complaint().ended(MONDAY, by="02", how=words, ending="solved")
    with pytest.raises(InvalidRequestError, match="ending"):
        complaint().ended(MONDAY, by="02", how="fine", ending="forgotten")  # type: ignore[arg-type]


@pytest.mark.parametrize("score", [0, 6, -1, True, 4.0, "5", None])
def test_score_is_one_of_five(score: Any) -> None:
    with pytest.raises(InvalidRequestError, match="score"):
        Feedback("R-1", "R-1/1", score, "", "07", MONDAY)


def test_words_of_feedback_may_be_left_out_and_hold_no_card() -> None:
    assert Feedback("R-1", "R-1/1", 5, "", "07", MONDAY).as_data()["words"] == ""
    with pytest.raises(InvalidRequestError, match="words"):
        Feedback("R-1", "R-1/1", 5, CARD, "07", MONDAY)
