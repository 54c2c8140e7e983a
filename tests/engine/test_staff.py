"""Operators: every state against every event of a lock, literal times, and what no order of tries can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import Policy
from posrefund.engine import staff
from posrefund.engine.staff import ByRole, Operator
from posrefund.errors import InvalidRequestError, RefusedError

NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
LI = Operator("02", "Li", "supervisor")
STRICT = Policy()


def minutes(count: int) -> datetime:
    return NOW + timedelta(minutes=count)


# --- what may be written down --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("number", "", "operator.number"),
        ("number", "1234", "operator.number"),
        ("number", "٣", "operator.number"),
        ("number", 2, "operator.number"),
        ("name", " ", "operator.name"),
        ("name", "x" * 41, "operator.name"),
        ("name", "6200000000000005", "operator.name"),
        ("name", "a\nb", "operator.name"),
        ("name", None, "operator.name"),
        ("role", "Manager", "operator.role"),
        ("role", "", "operator.role"),
        ("role", "a" * 21, "operator.role"),
    ],
)
def test_operator_that_cannot_be_is_refused_by_its_field(
    field: str, value: Any, fault: str
) -> None:
    given = {"number": "02", "name": "Li", "role": "supervisor", field: value}
    with pytest.raises(InvalidRequestError) as caught:
        Operator(**given)

    assert [path for path, _ in caught.value.faults] == [fault]


def test_operator_with_three_faults_names_them_all() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Operator("", "", "")

    assert len(caught.value.faults) == 3


def test_supervisors_and_managers_may_approve_unless_the_rules_say_otherwise() -> None:
    roles = ["cashier", "manager", "supervisor", "trainee"]

    assert [role for role in roles if ByRole().may_approve(role)] == ["manager", "supervisor"]
    assert ByRole(frozenset({"trainee"})).may_approve("trainee")


# --- who is meant --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"),
    [("02", ""), ("2", ""), ("002", ""), ("20", "operator_unknown"), ("3", "operator_inactive")],
)
def test_number_means_one_person_however_it_is_written(number: str, code: str) -> None:
    people = [LI, Operator("03", "Wang", "cashier", is_active=False)]
    try:
        found, said = staff.known(people, number).number, ""
    except RefusedError as refusal:
        found, said = "", refusal.code

    assert (found, said) == ("" if code else "02", code)


# --- the lock: every state, every event ----------------------------------------------------------

FRESH = LI
ONCE = replace(LI, failures=1)
TWICE = replace(LI, failures=2)
LOCKED = replace(LI, lockouts=1, locked_until=minutes(30))
OVER = replace(LI, lockouts=1, locked_until=NOW)
OVER_TWICE = replace(LI, failures=2, lockouts=1, locked_until=None)
LONG = replace(LI, failures=2, lockouts=5, locked_until=None)
STATES = {
    "fresh": FRESH,
    "once wrong": ONCE,
    "twice wrong": TWICE,
    "locked": LOCKED,
    "lock over": OVER,
    "twice wrong after a lock": OVER_TWICE,
    "twice wrong after five locks": LONG,
}
Told = tuple[int, int, datetime | None]
"""Failures, lockouts, locked until."""

AFTER_A_WRONG_PIN: dict[str, Told | str] = {
    "fresh": (1, 0, None),
    "once wrong": (2, 0, None),
    "twice wrong": (0, 1, minutes(30)),
    "locked": "operator_locked",
    "lock over": (1, 1, None),
    "twice wrong after a lock": (0, 2, minutes(60)),
    "twice wrong after five locks": (0, 6, minutes(960)),
}


def told(operator: Operator) -> Told:
    return operator.failures, operator.lockouts, operator.locked_until


@pytest.mark.parametrize("name", STATES)
def test_wrong_pin_in_every_state(name: str) -> None:
    expected = AFTER_A_WRONG_PIN[name]
    if isinstance(expected, str):
        with pytest.raises(RefusedError) as caught:
            staff.counted(STATES[name], STRICT, NOW)
        assert caught.value.code == expected
        assert "2026-03-09 06:30 UTC" in caught.value.hint_en
        assert "2026-03-09 06:30 UTC" in caught.value.hint_zh
        return
    after = staff.counted(STATES[name], STRICT, NOW)

    assert told(after) == expected
    assert after.revision == 2
    assert staff.wrong(after, STRICT).code == (
        "operator_locked" if expected[2] else "operator_pin_wrong"
    )


@pytest.mark.parametrize("name", [name for name in STATES if name != "locked"])
def test_right_pin_in_every_state_forgets_all_that_was_wrong(name: str) -> None:
    after = staff.proven(staff.counted(STATES[name], STRICT, NOW))

    assert told(after) == (0, 0, None)
    assert (after.must_change_pin, after.is_active) == (False, True)


@pytest.mark.parametrize("name", STATES)
def test_manager_unlocks_in_every_state(name: str) -> None:
    assert told(staff.unlocked(STATES[name])) == (0, 0, None)


@pytest.mark.parametrize(
    ("at", "is_locked"), [(minutes(29), True), (minutes(30), False), (minutes(31), False)]
)
def test_lock_ends_when_it_says(at: datetime, is_locked: bool) -> None:
    assert LOCKED.is_locked(at) == is_locked


def test_wrong_pin_says_how_many_are_left() -> None:
    said = [staff.wrong(staff.counted(each, STRICT, NOW), STRICT) for each in (FRESH, ONCE)]

    assert [refusal.hint_en for refusal in said] == [
        "the operator's PIN is wrong: 2 more before a lock",
        "the operator's PIN is wrong: 1 more before a lock",
    ]


def test_each_lock_is_twice_as_long_as_the_one_before_up_to_a_day() -> None:
    who, now, lasted = LI, NOW, []
    for _ in range(9):
        while not who.is_locked(now):
            who = staff.counted(who, STRICT, now)
        assert who.locked_until is not None
        lasted.append(int((who.locked_until - now).total_seconds()) // 60)
        now = who.locked_until

    assert lasted == [30, 60, 120, 240, 480, 960, 1440, 1440, 1440]


def test_strict_defaults_are_those_of_the_standard_or_stricter() -> None:
    """PCI DSS v4.0.1, 8.3.4: not more than ten tries, at least 30 minutes."""
    assert (STRICT.pin_tries, STRICT.pin_lock_minutes, STRICT.pin_lock_minutes_max) == (3, 30, 1440)
    assert STRICT.approval_pin == "staff"


TRIES = st.lists(st.tuples(st.integers(0, 5_000), st.sampled_from(["wrong", "right"])), max_size=60)
RULES = st.builds(
    Policy,
    pin_tries=st.integers(1, 10),
    pin_lock_minutes=st.integers(1, 100),
    pin_lock_minutes_max=st.integers(1, 10_080),
)


@given(tries=TRIES, policy=RULES)
def test_no_order_of_tries_shortens_a_lock_or_gets_one_more(
    tries: list[tuple[int, str]], policy: Policy
) -> None:
    """A model in whole minutes beside it: in any stretch between locks, so many PINs are looked at and no more."""
    who, now, until, looked_at, longest = LI, NOW, NOW, 0, 0
    for waits, kind in tries:
        now += timedelta(minutes=waits)
        if now < until:
            with pytest.raises(RefusedError):
                staff.counted(who, policy, now)
            assert who.locked_until == until
            continue
        who = staff.counted(who, policy, now)
        looked_at += 1
        if kind == "right":
            who, looked_at, longest = staff.proven(who), 0, 0
        elif looked_at == policy.pin_tries:
            looked_at = 0
            least = min(max(longest * 2, policy.pin_lock_minutes), policy.pin_lock_minutes_max)
            assert who.locked_until == now + timedelta(minutes=least)
            until, longest = who.locked_until, least
        assert who.is_locked(now) == (now < until)
        assert 0 <= who.failures < policy.pin_tries


# --- managers --------------------------------------------------------------------------------------

BOSS = Operator("09", "Zhao", "manager")


@pytest.mark.parametrize(
    ("others", "changed", "is_refused"),
    [
        ([BOSS], replace(BOSS, is_active=False), True),
        ([BOSS], replace(BOSS, role="cashier"), True),
        ([BOSS, LI], replace(BOSS, is_active=False), True),
        ([BOSS, replace(BOSS, number="10")], replace(BOSS, is_active=False), False),
        (
            [BOSS, replace(BOSS, number="10", is_active=False)],
            replace(BOSS, is_active=False),
            True,
        ),
        ([BOSS, LI], replace(LI, is_active=False), False),
        ([BOSS], replace(BOSS, name="Qian"), False),
    ],
)
def test_last_manager_stays(others: list[Operator], changed: Operator, is_refused: bool) -> None:
    if not is_refused:
        staff.check_still_managed(others, changed)
        return
    with pytest.raises(RefusedError) as caught:
        staff.check_still_managed(others, changed)
    assert caught.value.code == "operator_last_manager"


@pytest.mark.parametrize("who", [LI, replace(BOSS, is_active=False)])
def test_nobody_else_is_a_manager(who: Operator) -> None:
    with pytest.raises(RefusedError) as caught:
        staff.check_manager(who)
    assert caught.value.code == "operator_no_manager"
