"""When to look again: as often as published advice says, and never everybody at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.engine.polling import LookSchedule
from posrefund.errors import ConfigError

SINCE = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)


def looks(schedule: LookSchedule, count: int, who: str = "R-1/1") -> list[float]:
    moments, now = [], SINCE
    for _ in range(count):
        now = schedule.next_look(SINCE, now=now, who=who)
        moments.append((now - SINCE).total_seconds() / 60)
    return moments


def test_every_minute_for_five_then_5_10_20_and_30_for_ever() -> None:
    assert looks(LookSchedule(jitter=0), 11) == [1, 2, 3, 4, 5, 10, 20, 40, 70, 100, 130]


def test_look_long_after_is_within_the_next_pause() -> None:
    now = SINCE + timedelta(days=30)
    look = LookSchedule().next_look(SINCE, now=now, who="R-1/1")
    assert now < look <= now + timedelta(minutes=30 * 1.2)


def test_many_that_failed_together_come_back_apart() -> None:
    schedule = LookSchedule()
    first = {schedule.next_look(SINCE, now=SINCE, who=f"R-{n}/1") for n in range(200)}
    assert len(first) == 200
    assert all(60 <= (moment - SINCE).total_seconds() < 72 for moment in first)


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=8),
    st.floats(0, 1),
    st.integers(0, 10_000_000),
    st.text(max_size=8),
)
def test_next_look_is_after_now_and_asking_on_the_way_changes_nothing(
    pauses: list[int], jitter: float, seconds: int, who: str
) -> None:
    schedule = LookSchedule(tuple(pauses), jitter)
    now = SINCE + timedelta(seconds=seconds)
    look = schedule.next_look(SINCE, now=now, who=who)
    assert now < look <= now + timedelta(seconds=max(pauses) * (1 + jitter) + 1)
    halfway = now + (look - now) / 2
    assert schedule.next_look(SINCE, now=halfway, who=who) == look


@pytest.mark.parametrize(
    ("pauses", "jitter"), [((), 0.1), ((0,), 0.1), ((60, -1), 0.1), ((60,), -0.1), ((60,), 1.1)]
)
def test_schedule_that_cannot_be_is_refused(pauses: tuple[int, ...], jitter: float) -> None:
    with pytest.raises(ConfigError, match="look schedule"):
        LookSchedule(pauses, jitter)
