"""When an answer to a reversal certainly came on the settlement day of what it undoes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.builders import NOW, REVERSAL_ANSWER, attempt_in, received, view
from posrefund.engine import State
from posrefund.engine.same_day import certainly_same_day

ATTEMPT = replace(attempt_in(State.REVERSING, "sale"), created_at=NOW)
"""Made at NOW, 10:01 host time of 9 March."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, True),
        ({"12": "225959"}, True),
        ({"12": "230000"}, False),
        ({"13": "0308"}, False),
        ({"13": "0308", "12": "230000"}, True),
        ({"13": "0310"}, False),
        ({"13": "1399"}, False),
        ({"12": "250000"}, False),
        ({"12": ""}, False),
        ({"12": "", "13": ""}, True),
    ],
)
def test_the_hosts_own_date_and_time_have_a_say(said: dict[str, str], expected: bool) -> None:
    answer = received(REVERSAL_ANSWER | said)

    assert certainly_same_day(ATTEMPT, answer, view(), NOW) is expected


@pytest.mark.parametrize(
    ("made_at", "expected"), [("22:54", True), ("22:56", False), ("23:04", False)]
)
def test_an_attempt_near_the_cut_over_may_be_of_either_day(made_at: str, expected: bool) -> None:
    hour, minute = (int(part) for part in made_at.split(":"))
    made = view().host_clock.at(NOW).replace(hour=hour, minute=minute) - timedelta(days=1)
    day = view().host_day(made)
    answer = received(REVERSAL_ANSWER, without=("12", "13"))
    moment = made - timedelta(hours=1) if hour == 22 else made + timedelta(hours=1)
    attempt = replace(ATTEMPT, created_at=made, host_day=day)

    assert certainly_same_day(attempt, answer, view(), moment) is expected
