"""The four outcomes: never true or false, never more than the evidence says, never card data."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase, digits
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PAN_DIGITS, PROPERTY, attempt_in
from posrefund.engine import (
    Approved,
    Declined,
    InDoubt,
    NotSent,
    Outcome,
    State,
    outcome_of,
)

EVERY_CODE = ["".join(pair) for pair in product(digits + ascii_uppercase, repeat=2)]

APPROVED = Approved(
    attempt_in(State.ACCEPTED),
    rrn="606810000123",
    confirmed=False,
    text_zh="已受理",
    text_en="accepted",
    clerk_zh="",
    clerk_en="",
)
DECLINED = Declined(
    attempt_in(State.DECLINED),
    code="61",
    authenticated=True,
    may_retry=False,
    sign_in_first=False,
    text_zh="",
    text_en="",
    clerk_zh="",
    clerk_en="",
)
IN_DOUBT = InDoubt(attempt_in(State.IN_DOUBT), "no_reply", needs_people=False)
NOT_SENT = NotSent(attempt_in(State.NOT_SENT), "unreachable")
FOUR: list[Outcome] = [APPROVED, DECLINED, IN_DOUBT, NOT_SENT]

STANDS = {
    "INTENT": "in doubt",
    "SENT": "in doubt",
    "IN_DOUBT": "in doubt",
    "REVERSING": "in doubt",
    "NOT_SENT": "not sent",
    "ACCEPTED": "approved",
    "CONFIRMED": "approved and confirmed",
    "DECLINED": "declined",
    "REVERSED": "declined as reversed",
    "RELEASED": "declined as released",
    "MANUAL": "in doubt, for people",
    "MISMATCHED": "in doubt, for people",
    "BOUNCED": "in doubt, for people",
    "CANCELLED": "not sent",
    "EXPIRED": "not sent",
}
NEVER_IN_A_JOURNAL = {"DRAFT", "CHECKED", "AWAITING_APPROVAL", "CLEARED"}


def described(outcome: Outcome) -> str:
    """Say in words which outcome it is; the checker knows that nothing is left out."""
    match outcome:
        case Approved(confirmed=confirmed):
            return "approved and confirmed" if confirmed else "approved"
        case Declined(code=code):
            return f"declined as {code}" if code.islower() else "declined"
        case InDoubt(needs_people=needs_people):
            return "in doubt, for people" if needs_people else "in doubt"
        case NotSent():
            return "not sent"
        case _:
            assert_never(outcome)


def texts_of(outcome: Outcome) -> str:
    """Return every word an outcome says to anybody."""
    names = ("text_zh", "text_en", "clerk_zh", "clerk_en")
    return " ".join(getattr(outcome, name, "") for name in names)


@pytest.mark.parametrize("outcome", FOUR, ids=lambda outcome: type(outcome).__name__)
def test_outcome_is_neither_true_nor_false(outcome: Outcome) -> None:
    with pytest.raises(TypeError, match="match on Approved, Declined, InDoubt, NotSent"):
        bool(outcome)
    with pytest.raises(TypeError):
        print("refunded" if outcome else "not")  # type: ignore[redundant-expr]  # the very bug


def test_every_state_is_told_apart_here() -> None:
    assert set(STANDS) | NEVER_IN_A_JOURNAL == {str(state) for state in State}


@pytest.mark.parametrize("state", sorted(STANDS))
def test_state_of_the_last_attempt_is_the_outcome(state: str) -> None:
    outcome = outcome_of(attempt_in(State(state), facts={"code": "61"}), DIALECT)

    assert described(outcome) == STANDS[state]


@pytest.mark.parametrize("state", sorted(NEVER_IN_A_JOURNAL))
def test_state_before_the_intent_is_never_called_approved_or_declined(state: str) -> None:
    outcome = outcome_of(attempt_in(State(state)), DIALECT)

    assert described(outcome) == "in doubt"


def test_approval_says_accepted_and_not_more_before_the_settlement_file() -> None:
    facts = {"rrn": "606810000123", "code": "00", "mac": "valid"}
    outcome = outcome_of(attempt_in(State.ACCEPTED, facts=facts), DIALECT)

    assert isinstance(outcome, Approved)
    assert (outcome.rrn, outcome.confirmed) == ("606810000123", False)
    assert (outcome.text_zh, outcome.text_en) == ("已受理", "accepted")
    assert outcome.clerk_zh == "已受理：请打印签购单，并请顾客签字"


def test_confirmed_approval_says_settled() -> None:
    outcome = outcome_of(attempt_in(State.CONFIRMED, facts={"code": "00"}), DIALECT)

    assert isinstance(outcome, Approved)
    assert (outcome.text_zh, outcome.text_en) == ("已入账（对账确认）", "settled")


@pytest.mark.parametrize(
    ("facts", "authenticated"),
    [
        ({"code": "61", "mac": "valid"}, True),
        ({"code": "61", "mac": "absent"}, False),
        ({"code": "61"}, False),
    ],
)
def test_decline_says_whether_it_was_authenticated(
    facts: dict[str, str], authenticated: bool
) -> None:
    outcome = outcome_of(attempt_in(State.DECLINED, facts=facts), DIALECT)

    assert isinstance(outcome, Declined)
    assert outcome.code == "61"
    assert outcome.authenticated is authenticated
    assert (outcome.may_retry, outcome.sign_in_first) == (False, False)
    assert outcome.text_zh == DIALECT.codes["61"].zh


@pytest.mark.parametrize("code", ["77", "99", "A0"])
def test_decline_that_wants_a_sign_in_says_so(code: str) -> None:
    outcome = outcome_of(attempt_in(State.DECLINED, facts={"code": code}), DIALECT)

    assert isinstance(outcome, Declined)
    assert (outcome.may_retry, outcome.sign_in_first) == (True, True)


@pytest.mark.parametrize(
    ("state", "code", "text_zh", "text_en"),
    [
        ("REVERSED", "reversed", "已冲正", "undone by a reversal"),
        ("RELEASED", "released", "已证实未入账", "proven not booked"),
    ],
)
def test_undone_attempt_is_declined_and_may_be_made_again(
    state: str, code: str, text_zh: str, text_en: str
) -> None:
    outcome = outcome_of(attempt_in(State(state)), DIALECT)

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.text_zh, outcome.text_en) == (code, text_zh, text_en)
    assert outcome.may_retry


@pytest.mark.parametrize(
    ("state", "facts", "authenticated"),
    [
        ("REVERSED", {"reversal_code": "00", "reversal_mac": "valid"}, True),
        ("REVERSED", {"reversal_code": "25", "reversal_mac": "absent"}, False),
        ("REVERSED", {"reversal_code": "25", "reversal_mac": "absent", "mac": "valid"}, False),
        ("REVERSED", {}, False),
        ("RELEASED", {}, True),
    ],
)
def test_undone_attempt_is_authenticated_by_the_answer_to_its_reversal_or_by_two_people(
    state: str, facts: dict[str, str], authenticated: bool
) -> None:
    outcome = outcome_of(attempt_in(State(state), facts=facts), DIALECT)

    assert isinstance(outcome, Declined)
    assert outcome.authenticated is authenticated


@pytest.mark.parametrize(
    ("state", "facts", "reason"),
    [
        ("SENT", {}, "no_reply"),
        ("INTENT", {}, "no_reply"),
        ("IN_DOUBT", {"reason": "bad_mac"}, "bad_mac"),
        ("IN_DOUBT", {"reason": "code_96", "code": "96"}, "code_96"),
        ("REVERSING", {"reason": "restart"}, "restart"),
        ("MANUAL", {"reason": "no_reply"}, "no_reply"),
        ("MISMATCHED", {}, "contradiction"),
        ("BOUNCED", {}, "contradiction"),
    ],
)
def test_doubt_says_why(state: str, facts: dict[str, str], reason: str) -> None:
    outcome = outcome_of(attempt_in(State(state), facts=facts), DIALECT)

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == reason
    assert outcome.clerk_zh == "结果未知：不要重做，等对账结果"
    assert outcome.clerk_en == "result unknown: do not repeat it, the settlement file will tell"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({}, "unreachable"), ({"reason": "closed"}, "closed")],
)
def test_not_sent_says_why(facts: dict[str, str], reason: str) -> None:
    outcome = outcome_of(attempt_in(State.NOT_SENT, facts=facts), DIALECT)

    assert isinstance(outcome, NotSent)
    assert outcome.reason == reason


@pytest.mark.parametrize(("state", "reason"), [("CANCELLED", "cancelled"), ("EXPIRED", "expired")])
@pytest.mark.parametrize("facts", [{}, {"reason": "closed"}])
def test_request_that_was_dropped_before_the_wire_was_not_sent(
    state: str, reason: str, facts: dict[str, str]
) -> None:
    outcome = outcome_of(attempt_in(State(state), facts=facts), DIALECT)

    assert outcome == NotSent(attempt_in(State(state), facts=facts), reason)


@pytest.mark.parametrize("state", list(State))
def test_no_outcome_ever_says_that_money_has_arrived(state: State) -> None:
    for code in EVERY_CODE:
        said = texts_of(outcome_of(attempt_in(state, facts={"code": code}), DIALECT))
        assert "到账" not in said
        assert "arrived" not in said
        assert "入账" not in said or state in ("CONFIRMED", "RELEASED")


def test_outcome_prints_its_attempt_and_no_card_data() -> None:
    facts = {"rrn": "606810000123"}

    assert repr(outcome_of(attempt_in(State.ACCEPTED, facts=facts), DIALECT)) == (
        "Approved(R-1/1 refund ¥10.00, ACCEPTED)"
    )
    assert str(outcome_of(attempt_in(State.IN_DOUBT, "sale"), DIALECT)) == (
        "InDoubt(S-9/1 sale ¥100.00, IN_DOUBT)"
    )


@PROPERTY
@given(st.sampled_from(list(State)), st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_outcome_of_whatever_is_known_is_the_same_for_ever_and_shows_no_card(
    state: State, facts: dict[str, str]
) -> None:
    attempt = attempt_in(state, facts=facts)
    outcome = outcome_of(attempt, DIALECT)

    assert outcome == outcome_of(attempt, DIALECT)
    assert PAN_DIGITS not in repr(outcome) + str(outcome) + repr(vars(type(outcome)))
    assert PAN_DIGITS not in repr(attempt)
