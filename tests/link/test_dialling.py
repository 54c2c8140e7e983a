"""The pure half of a host link: pauses, the order of addresses, one deadline for all of it."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError
from posrefund.link import BackOff, Dial, Dialling, Pause

NO_LOT = {"jitter": 0.0}


def dialling(addresses: int, **changes: Any) -> Dialling:
    given = {"last_good": 0, "back_off": BackOff(), "chance": lambda: 0.0, "deadline": 100.0}
    return Dialling(addresses, **given | changes)


# --- pauses --------------------------------------------------------------------------------------


def test_pauses_double_up_to_their_bound_and_then_it_is_over() -> None:
    back_off = BackOff(first_s=1, factor=2, max_s=5, tries=6, jitter=0.5)

    assert [back_off.pause_s(tried, 0.0) for tried in range(1, 7)] == [1, 2, 4, 5, 5, None]
    assert [back_off.pause_s(tried, 1.0) for tried in range(1, 7)] == [0.5, 1, 2, 2.5, 2.5, None]


def test_lot_is_drawn_from_what_the_caller_gives() -> None:
    """Seed 6 is the caller's; the policy has no lot of its own."""
    back_off, lot = BackOff(first_s=8, jitter=1.0, tries=100), random.Random(6)
    pauses = [back_off.pause_s(1, lot.random()) for _ in range(3)]

    again = random.Random(6)
    assert pauses == [8.0 * (1 - again.random()) for _ in range(3)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_s": 0},  # "reconnect at once" was a busy loop: pymodbus issues 1203 and 1794
        {"first_s": 0.049},
        {"first_s": float("nan")},
        {"first_s": 9, "max_s": 8},
        {"factor": 0.5},
        {"factor": 11},
        {"max_s": float("inf")},
        {"tries": 0},
        {"tries": 101},
        {"tries": True},
        {"jitter": -0.1},
        {"jitter": 1.1},
    ],
)
def test_back_off_that_hammers_or_never_ends_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="back-off"):
        BackOff(**wrong)


back_offs = st.builds(
    lambda first, more, factor, tries, jitter: BackOff(first, factor, first + more, tries, jitter),
    st.floats(0.05, 300),
    st.floats(0, 300),
    st.floats(1, 10),
    st.integers(1, 100),
    st.floats(0, 1),
)


@given(back_off=back_offs, chance=st.floats(0, 1))
def test_every_pause_is_at_least_a_twentieth_of_a_second_and_within_its_bound(
    back_off: BackOff, chance: float
) -> None:
    pauses = [back_off.pause_s(tried, chance) for tried in range(1, back_off.tries)]

    assert all(pause is not None and 0.05 <= pause <= back_off.max_s for pause in pauses)
    assert all(one <= other for one, other in pairwise(filter(None, pauses)))
    assert back_off.pause_s(back_off.tries, chance) is None


# --- the order of addresses ----------------------------------------------------------------------


def test_each_address_gets_its_share_of_the_time_that_is_left() -> None:
    steps = dialling(3, deadline=9.0, back_off=BackOff(tries=1))

    assert steps.step(0.0) == Dial(0, 3.0)
    assert steps.step(3.0) == Dial(1, 3.0)  # the first took all of its time
    assert steps.step(3.5) == Dial(2, 5.5)  # the second was refused at once
    assert steps.step(4.0) is None


def test_last_good_address_comes_first_then_the_others_as_they_were_given() -> None:
    steps = dialling(4, last_good=2, back_off=BackOff(tries=1))
    found = [step for step in (steps.step(0.0) for _ in range(4)) if isinstance(step, Dial)]

    assert [dial.address for dial in found] == [2, 0, 1, 3]


def test_rounds_come_with_pauses_between_them() -> None:
    steps = dialling(2, back_off=BackOff(first_s=1, factor=3, max_s=60, tries=3))

    kinds = [steps.step(0.0) for _ in range(9)]
    addresses = [step.address if isinstance(step, Dial) else step for step in kinds]
    assert addresses == [0, 1, Pause(1.0), 0, 1, Pause(3.0), 0, 1, None]


def test_pause_that_would_outlast_the_deadline_is_not_begun() -> None:
    steps = dialling(1, deadline=2.0, back_off=BackOff(first_s=1, max_s=8, tries=9))
    assert steps.step(0.0) == Dial(0, 2.0)

    assert steps.step(1.0) is None


def test_first_address_is_dialled_even_without_time() -> None:
    steps = dialling(2, deadline=5.0)

    assert steps.step(6.0) == Dial(0, 0.0)
    assert steps.step(6.0) is None


@given(
    addresses=st.integers(1, 5),
    last_good=st.integers(0, 4),
    back_off=back_offs,
    timeout_s=st.floats(0, 200),
    shares=st.lists(st.floats(0, 1), min_size=1),
    chances=st.lists(st.floats(0, 1), min_size=1),
)
def test_no_opening_outlasts_its_deadline_or_dials_more_often_than_allowed(
    addresses: int,
    last_good: int,
    back_off: BackOff,
    timeout_s: float,
    shares: list[float],
    chances: list[float],
) -> None:
    drawn = iter(chances * 1000)
    steps = Dialling(
        addresses,
        last_good=last_good % addresses,
        back_off=back_off,
        chance=lambda: next(drawn),
        deadline=timeout_s,
    )
    now, dialled = 0.0, []
    while (step := steps.step(now)) is not None:
        if isinstance(step, Dial):
            dialled.append(step.address)
            now += step.timeout_s * shares[len(dialled) % len(shares)]
        else:
            assert step.seconds >= 0.05
            now += step.seconds
    assert now <= timeout_s + 1e-6
    assert 1 <= len(dialled) <= addresses * back_off.tries
    assert max(map(dialled.count, dialled)) <= back_off.tries
