"""What people may say about a case in each state, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, attempt_in, original, plan
from posrefund.dialects import Policy
from posrefund.engine import Event, Know, Move, State, Statement
from posrefund.engine.approval import Approval, ask, digest_of, give
from posrefund.engine.people import Case, close_case, same_person
from posrefund.errors import InvalidRequestError, LocalProtocolError, RefusedError
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.engine import Action

YES = Statement("booked", ("Wang", "Li"), "letter 4711")
NO = Statement("not_booked", ("Wang", "Li"), "letter 4711")


def closed(case: Case, said: Statement, people_min: int = 2) -> list[Action]:
    return close_case(case, said, people_min=people_min, now=NOW)


def events(actions: list[Action]) -> list[Event]:
    return [action.event for action in actions if isinstance(action, Move)]


STEPS: dict[State, tuple[list[Event], list[Event]]] = {
    State.IN_DOUBT: ([Event.GIVE_UP, Event.ACCEPT], [Event.GIVE_UP, Event.DECLINE]),
    State.MANUAL: ([Event.ACCEPT], [Event.DECLINE]),
    State.MISMATCHED: ([Event.GIVE_UP, Event.ACCEPT], [Event.GIVE_UP, Event.DECLINE]),
    State.BOUNCED: ([Event.GIVE_UP, Event.ACCEPT], [Event.GIVE_UP, Event.DECLINE]),
}
"""State of a refund → the steps of a yes and of a no; from every other state people decide nothing."""


@pytest.mark.parametrize("state", State)
def test_people_decide_in_these_states_and_no_other(state: State) -> None:
    case = Case(attempt_in(state, hold="reserved"), original())
    if state not in STEPS:
        for said in (YES, NO):
            with pytest.raises(LocalProtocolError):
                closed(case, said)
        return
    yes, no = STEPS[state]
    assert events(closed(case, YES)) == yes
    assert events(closed(case, NO)) == no
    attempt = case.attempt
    for action in closed(case, YES):
        assert isinstance(action, Move)
        attempt = attempt.after(action.event, action.facts)
    assert (attempt.state, attempt.hold) == (State.ACCEPTED, "accepted")


@pytest.mark.parametrize("kind", ["sale", "void"])
@pytest.mark.parametrize("state", [State.IN_DOUBT, State.REVERSING])
def test_what_is_still_being_undone_is_not_for_people(kind: Any, state: State) -> None:
    with pytest.raises(LocalProtocolError):
        closed(Case(attempt_in(state, kind)), NO)


def test_yes_to_what_a_file_has_shown_is_confirmed() -> None:
    case = Case(attempt_in(State.MISMATCHED, hold="accepted", facts={"file_day": "2026-03-09"}))

    assert events(closed(case, YES)) == [Event.GIVE_UP, Event.CONFIRM]


@pytest.mark.parametrize(
    ("facts", "is_hinted_at", "said"),
    [
        ({"absent": "three files"}, False, YES),
        ({"missing": "three files"}, False, YES),
        ({"file_day": "2026-03-09"}, False, NO),
        ({}, True, NO),
    ],
)
def test_against_a_file_it_takes_two_whatever_the_profile_says(
    facts: dict[str, str], is_hinted_at: bool, said: Statement
) -> None:
    case = Case(
        attempt_in(State.MANUAL, hold="reserved", facts=facts),
        original(),
        is_hinted_at=is_hinted_at,
    )
    with pytest.raises(InvalidRequestError):
        closed(case, replace(said, people=("Wang",)), people_min=1)
    (step,) = closed(case, said, people_min=1)

    assert isinstance(step, Move)
    assert step.facts["against"] == "settlement file"


def test_with_a_file_one_is_enough_where_the_profile_says_so() -> None:
    facts = {"file_day": "2026-03-09"}
    case = Case(attempt_in(State.MANUAL, hold="reserved", facts=facts))

    assert events(closed(case, replace(YES, people=("Wang",)), people_min=1)) == [Event.CONFIRM]


def test_case_beside_an_open_attempt_waits_for_that() -> None:
    case = Case(attempt_in(State.MISMATCHED), original(), is_beside_open=True)
    with pytest.raises(RefusedError, match="original_in_doubt"):
        closed(case, NO)


@given(left=st.integers(0, 2_000), amount=st.integers(1, 2_000))
@PROPERTY
def test_yes_never_counts_more_than_is_left_of_the_sale(left: int, amount: int) -> None:
    sale = original(amount=Amount(10_000), accepted_minor=10_000 - left)
    case = Case(attempt_in(State.MISMATCHED, hold="none", amount=Amount(amount)), sale)
    if amount > left:
        with pytest.raises(RefusedError, match="over_remaining"):
            closed(case, YES)
    else:
        assert events(closed(case, YES)) == [Event.GIVE_UP, Event.ACCEPT]


def test_sale_is_learned_from_a_document_that_says_enough() -> None:
    attempt = attempt_in(State.MANUAL, "sale")
    day = attempt.host_day
    told = replace(YES, rrn="606810000123", transaction_date=day, settlement_date=day)
    step, known = closed(Case(attempt), told)

    assert isinstance(known, Know)
    assert (known.original.rrn, known.original.settlement_date) == ("606810000123", day)
    assert isinstance(step, Move)
    assert "original" not in step.facts
    with pytest.raises(InvalidRequestError):
        closed(Case(attempt), replace(told, settlement_date=day - timedelta(days=2)))
    (step,) = closed(Case(attempt), YES)
    assert isinstance(step, Move)
    assert step.facts["original"] == "unknown"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("01", "1", True),
        ("Li", " li", True),
        ("a1", "A1", True),
        ("01", "10", False),
        ("Li", "Lin", False),
    ],
)
def test_who_is_the_same_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same


# --- a second person's yes ------------------------------------------------------------------------


def waiting(**changes: Any) -> Approval:
    asked = Approval(
        request_id="R-1", number=1, state=State.AWAITING_APPROVAL, terminal="12345678", digest="d" * 64,
        maker="01", asked_at=NOW, expires_at=NOW + timedelta(hours=1), amount=Amount(1_000),
        original_id="S-1", card_masked="620000******0005", why="customer",
    )  # fmt: skip
    return replace(asked, **changes)


@pytest.mark.parametrize("state", State)
def test_only_what_waits_or_is_approved_can_be_approved(state: State) -> None:
    last = waiting(state=state)
    if state is State.AWAITING_APPROVAL:
        assert len(give(last, checker="02", digest="d" * 64, now=NOW)[0]) == 1
    elif state is State.CLEARED:
        assert give(last, checker="02", digest="d" * 64, now=NOW) == ([], "")
    else:
        with pytest.raises(RefusedError, match="approval_unknown"):
            give(last, checker="02", digest="d" * 64, now=NOW)


def test_yes_is_worth_nothing_from_the_moment_it_expires() -> None:
    last, late = waiting(), NOW + timedelta(hours=1)
    assert give(last, checker="02", digest="d" * 64, now=late - timedelta(seconds=1))[1] == ""
    assert give(last, checker="02", digest="d" * 64, now=late)[1] == "approval_expired"


def test_digest_is_over_content_amount_sale_and_card() -> None:
    """By sha256sum, of ["content",1000,"156","S-1","00112233445566778899aabbccddeeff"]."""
    attempt = attempt_in(State.INTENT, amount=Amount(1_000))
    known = "f1de389b4b5a3b1d3f696a6793d6b7433e8460805ebe8ea798c9eba68ef33417"

    assert digest_of("content", attempt) == known
    changed = [
        digest_of("other", attempt),
        digest_of("content", replace(attempt, amount=Amount(1_001))),
        digest_of("content", replace(attempt, amount=Amount(1_000, "978"))),
        digest_of("content", replace(attempt, original_id="S-2")),
        digest_of("content", replace(attempt, card_fingerprint="0" * 32)),
    ]
    assert len({*changed, known}) == 6


def test_asking_twice_changes_nothing_and_a_change_voids() -> None:
    wanted = replace(plan("refund"), needs_approval=True)
    actions, may_go = ask(wanted, None, Policy(), NOW)
    assert may_go is None
    (asked,) = (action.approval for action in actions if hasattr(action, "approval"))
    assert ask(wanted, asked, Policy(), NOW) == ([], None)
    changed = replace(wanted, content="another")
    actions, may_go = ask(changed, asked, Policy(), NOW)

    assert may_go is None
    assert [type(action).__name__ for action in actions] == ["Decide", "Ask"]
