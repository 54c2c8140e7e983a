"""Which files a journal that lost rows needs, and whose word: the days one by one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW
from posrefund.engine.restored import accept, days_to_read
from posrefund.errors import InvalidRequestError, LocalProtocolError

LOST = {"from_day": "2026-02-27", "to_day": "2026-03-02"}
ALL = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]


def test_days_reach_from_before_the_last_row_to_after_the_last_that_was_lost() -> None:
    assert days_to_read(date(2026, 2, 28), date(2026, 3, 1)) == LOST


def test_clock_that_ran_ahead_of_the_loss_does_not_hide_its_day() -> None:
    assert days_to_read(date(2026, 3, 5), date(2026, 3, 1)) == {
        "from_day": "2026-02-28",
        "to_day": "2026-03-02",
    }


def test_word_of_two_is_kept_with_what_it_rests_on() -> None:
    told = accept(LOST, ALL, people=("ann", "bo"), evidence="files", now=NOW)
    assert told == {
        "accepted_by": "ann, bo",
        "evidence": "files",
        "accepted_at": NOW.isoformat(),
    }


@pytest.mark.parametrize("missing", ALL)
def test_no_day_may_be_missing(missing: date) -> None:
    read = [day for day in ALL if day != missing]
    with pytest.raises(LocalProtocolError, match=f"missing: {missing.isoformat()}$"):
        accept(LOST, read, people=("ann", "bo"), evidence="files", now=NOW)


def test_one_person_is_not_two() -> None:
    with pytest.raises(InvalidRequestError):
        accept(LOST, ALL, people=("ann", "ann"), evidence="files", now=NOW)


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 20),
    st.sets(st.integers(-3, 25)),
)
def test_it_is_accepted_exactly_when_all_days_were_read(
    last: date, length: int, read: set[int]
) -> None:
    day = timedelta(days=1)
    lost = days_to_read(last, last + length * day)
    needed = {last + n * day for n in range(-1, length + 2)}
    days = {last + n * day for n in read}
    try:
        accept(lost, days, people=("ann", "bo"), evidence="files", now=NOW)
    except LocalProtocolError as error:
        said = str(error).rpartition(": ")[2].split()
        assert {date.fromisoformat(text) for text in said} == needed - days != set()
    else:
        assert needed <= days
