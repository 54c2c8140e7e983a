"""Rights that are lent: who may give, who may use them, when, and never for whose requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.engine.delegation import Delegation, right_to_approve, start
from posrefund.engine.staff import ByRole, Operator
from posrefund.errors import InvalidRequestError, RefusedError

NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
CLERK = Operator("01", "Sun", "cashier")
LI = Operator("02", "Li", "supervisor")
CHEN = Operator("03", "Chen", "cashier")
WANG = Operator("04", "Wang", "supervisor")
BOSS = Operator("09", "Zhao", "manager")
PEOPLE = [CLERK, LI, CHEN, WANG, BOSS]
LENT = Delegation(1, "02", "03", "09", NOW, NOW + WEEK)


def right(
    checker: Operator,
    maker: str = "01",
    *lent: Delegation,
    people: list[Operator] = PEOPLE,
    now: datetime = NOW,
) -> str:
    """Return in whose role, or the code of the refusal."""
    try:
        return right_to_approve(checker, maker, people, lent, ByRole(), now) or "own"
    except RefusedError as refusal:
        return refusal.code


NO = "operator_may_not_approve"
SAME = "approval_same_person"


def without(number: str) -> list[Operator]:
    return [replace(each, is_active=each.number != number) for each in PEOPLE]


def demoted(number: str) -> list[Operator]:
    return [replace(each, role="cashier") if each.number == number else each for each in PEOPLE]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (right(LI), "own"),
        (right(BOSS), "own"),
        (right(CHEN), NO),
        (right(CHEN, "01", LENT), "02"),
        (right(LI, "02"), SAME),
        (right(LI, "2"), SAME),
        (right(CHEN, "03", LENT), SAME),
        # In Li's role, for Li's own request: it would be Li's right, twice.
        (right(CHEN, "02", LENT), SAME),
        (right(CHEN, "2", LENT), SAME),
        # Somebody else's right will do for it.
        (right(CHEN, "02", LENT, replace(LENT, number=2, giver="04")), "04"),
        # Before, until the last moment, and after.
        (right(CHEN, "01", LENT, now=NOW - timedelta(seconds=1)), NO),
        (right(CHEN, "01", LENT, now=NOW + WEEK - timedelta(seconds=1)), "02"),
        (right(CHEN, "01", LENT, now=NOW + WEEK), NO),
        (right(CHEN, "01", LENT.ended("02")), NO),
        # The right is the giver's, and of now.
        (right(CHEN, "01", LENT, people=without("02")), NO),
        (right(CHEN, "01", LENT, people=demoted("02")), NO),
        # Not passed on: 03 has it from 02, and what 03 would lend is 03's own, which is nothing.
        (right(CLERK, "04", LENT, replace(LENT, number=2, giver="03", taker="01")), NO),
        (right(WANG, "02", replace(LENT, taker="04")), "own"),
    ],
)
def test_who_may_approve_in_whose_role(case: str, expected: str) -> None:
    assert case == expected


@given(
    lent=st.lists(
        st.tuples(
            st.sampled_from(["01", "02", "03", "04", "09"]),
            st.sampled_from(["01", "02", "03", "04", "09"]),
        ),
        max_size=6,
    ),
    checker=st.sampled_from(PEOPLE),
    maker=st.sampled_from(["01", "02", "03", "04", "09"]),
)
def test_whoever_approves_uses_a_right_of_its_own_holder_and_never_the_makers(
    lent: list[tuple[str, str]], checker: Operator, maker: str
) -> None:
    holders = {"02", "04", "09"}
    rights = [
        replace(LENT, number=number, giver=giver, taker=taker, manager="xx")
        for number, (giver, taker) in enumerate(lent, start=1)
        if giver != taker
    ]
    found = right(checker, maker, *rights)
    if checker.number == maker:
        assert found == SAME
    elif checker.number in holders:
        assert found == "own"
    else:
        from_whom = {each.giver for each in rights if each.taker == checker.number} & holders
        allowed = from_whom - {maker}
        assert found in (allowed or {SAME if from_whom else NO})


# --- giving ----------------------------------------------------------------------------------------


def given_by(**changes: object) -> str:
    try:
        lent = start(replace(LENT, **changes), PEOPLE, ByRole(), NOW)  # type: ignore[arg-type]  # reason: names of its fields
    except (RefusedError, InvalidRequestError) as error:
        return error.code if isinstance(error, RefusedError) else error.faults[0][0]
    return f"{lent.giver} {lent.taker} {lent.manager}"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (given_by(), "02 03 09"),
        (given_by(giver="2", taker="3", manager="9"), "02 03 09"),
        (given_by(giver="09"), "09 03 09"),
        (given_by(giver="03", taker="01"), NO),
        (given_by(giver="05"), "operator_unknown"),
        (given_by(taker="05"), "operator_unknown"),
        (given_by(manager="04"), "operator_no_manager"),
        (given_by(taker="02"), "delegation.taker"),
        (given_by(taker="09"), "delegation.taker"),
        (given_by(giver="3", taker="03"), "delegation.taker"),
        (given_by(until=NOW), "delegation.until"),
        (given_by(until=NOW + timedelta(days=31)), "02 03 09"),
        (given_by(until=NOW + timedelta(days=31, seconds=1)), "delegation.until"),
        (given_by(since=NOW - WEEK, until=NOW), "delegation.until"),
        (given_by(since=datetime(2026, 3, 9)), "delegation.since"),  # noqa: DTZ001
    ],
)
def test_who_may_lend_a_right(case: str, expected: str) -> None:
    assert case == expected


def test_nobody_who_left_gives_takes_or_records() -> None:
    for number in ("02", "03", "09"):
        with pytest.raises(RefusedError) as caught:
            start(LENT, without(number), ByRole(), NOW)
        assert caught.value.code == "operator_inactive"
