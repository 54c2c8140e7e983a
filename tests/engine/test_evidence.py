"""What a settlement file proves, state by state, and what only people may conclude."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import FINGERPRINT, NOW, PROPERTY, TODAY, attempt_in
from posrefund.engine import Event, Know, Move, Original, State
from posrefund.engine.evidence import (
    FileRow,
    judge_absence,
    judge_repeated,
    judge_row,
    same_transaction,
    settlement_days,
)
from posrefund.engine.people import release
from posrefund.errors import InvalidRequestError, LocalProtocolError
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.engine import Action
    from posrefund.engine.attempt import Kind

AT = "2026-03-09T02:00:00+00:00"
YESTERDAY = date(2026, 3, 8)
TOMORROW = date(2026, 3, 10)
THREE = {YESTERDAY, TODAY, TOMORROW}
ROW = FileRow(
    kind="refund",
    terminal="12345678",
    merchant="123456789012345",
    stan="000007",
    rrn="606810000123",
    amount_minor=1_000,
    transmitted="0309100000",
    original_stan="000003",
    row=1,
)

RIGHT_ROW = """
INTENT            → PENDING
SENT              → PENDING
REVERSING         → PENDING
ACCEPTED          → MATCH confirm
CONFIRMED         → MATCH
IN_DOUBT          → RESOLVED_YES accept confirm
MANUAL            → RESOLVED_YES accept confirm
DECLINED          → DECLINED_BUT_BOOKED contradict
NOT_SENT          → DECLINED_BUT_BOOKED contradict
REVERSED          → DECLINED_BUT_BOOKED contradict
RELEASED          → DECLINED_BUT_BOOKED contradict
MISMATCHED        → OPEN_CASE
BOUNCED           → OPEN_CASE
DRAFT             → DECLINED_BUT_BOOKED
CHECKED           → DECLINED_BUT_BOOKED
AWAITING_APPROVAL → DECLINED_BUT_BOOKED
CLEARED           → DECLINED_BUT_BOOKED
CANCELLED         → DECLINED_BUT_BOOKED
EXPIRED           → DECLINED_BUT_BOOKED
"""
WRONG_ROW = """
INTENT            → AMOUNT
SENT              → AMOUNT
REVERSING         → AMOUNT
ACCEPTED          → AMOUNT contradict
CONFIRMED         → AMOUNT contradict
IN_DOUBT          → AMOUNT give_up
MANUAL            → AMOUNT
DECLINED          → AMOUNT contradict
NOT_SENT          → AMOUNT contradict
REVERSED          → AMOUNT contradict
RELEASED          → AMOUNT contradict
MISMATCHED        → AMOUNT
BOUNCED           → AMOUNT
DRAFT             → AMOUNT
CHECKED           → AMOUNT
AWAITING_APPROVAL → AMOUNT
CLEARED           → AMOUNT
CANCELLED         → AMOUNT
EXPIRED           → AMOUNT
"""
REPEATED = """
INTENT            → DUPLICATE_HOST
SENT              → DUPLICATE_HOST
REVERSING         → DUPLICATE_HOST
ACCEPTED          → DUPLICATE_HOST contradict
CONFIRMED         → DUPLICATE_HOST contradict
IN_DOUBT          → DUPLICATE_HOST give_up
MANUAL            → DUPLICATE_HOST
DECLINED          → DUPLICATE_HOST contradict
NOT_SENT          → DUPLICATE_HOST contradict
REVERSED          → DUPLICATE_HOST contradict
RELEASED          → DUPLICATE_HOST contradict
MISMATCHED        → DUPLICATE_HOST
BOUNCED           → DUPLICATE_HOST
DRAFT             → DUPLICATE_HOST
CHECKED           → DUPLICATE_HOST
AWAITING_APPROVAL → DUPLICATE_HOST
CLEARED           → DUPLICATE_HOST
CANCELLED         → DUPLICATE_HOST
EXPIRED           → DUPLICATE_HOST
"""
ABSENT = """
ACCEPTED          → JOURNAL_ONLY contradict
IN_DOUBT          → RESOLVED_NO give_up
MANUAL            → RESOLVED_NO doubt
"""


def table(text: str) -> dict[str, str]:
    """Read ``STATE → what follows`` lines."""
    lines = (line.split(" → ") for line in text.strip().splitlines())
    return {state.strip(): what for state, what in lines}


def said(judged: tuple[list[Action], str] | None) -> str:
    """Say in words what was judged: the category, then the steps."""
    if judged is None:
        return "nothing yet"
    actions, category = judged
    return " ".join([category, *(str(a.event) for a in actions if isinstance(a, Move))])


def facts_of(actions: list[Action]) -> dict[str, str]:
    """Return the facts of the first move."""
    first = actions[0]
    assert isinstance(first, Move)
    return dict(first.facts)


# --- a row that is there -----------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_row_of_an_attempt_settles_it_as_its_state_allows(state: State) -> None:
    judged = judge_row(attempt_in(state), ROW, TODAY, NOW)

    assert said(judged) == table(RIGHT_ROW)[state]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("minor", [999, 1_001, 10_000])
def test_row_with_another_amount_opens_a_case_and_settles_nothing(state: State, minor: int) -> None:
    judged = judge_row(attempt_in(state), replace(ROW, amount_minor=minor), TODAY, NOW)

    assert said(judged) == table(WRONG_ROW)[state]


@pytest.mark.parametrize("state", list(State))
def test_row_with_another_reference_number_opens_a_case_and_settles_nothing(state: State) -> None:
    known = attempt_in(state, facts={"rrn": "606810000999"})

    assert said(judge_row(known, ROW, TODAY, NOW)) == table(WRONG_ROW)[state]
    same = attempt_in(state, facts={"rrn": "606810000123"})
    assert said(judge_row(same, ROW, TODAY, NOW)) == table(RIGHT_ROW)[state]


def test_case_keeps_the_reference_number_that_the_host_answered_with() -> None:
    known = attempt_in(State.ACCEPTED, facts={"rrn": "606810000999"})
    actions, _ = judge_row(known, ROW, TODAY, NOW)

    assert facts_of(actions) == {
        "file_day": "2026-03-09",
        "at": AT,
        "reason": "contradiction",
        "absent": "",
    }


@pytest.mark.parametrize("changes", [{"amount_minor": 999}, {"rrn": "606810000999"}])
def test_row_that_does_not_fit_takes_back_a_proven_absence(changes: dict[str, Any]) -> None:
    proven = attempt_in(State.MANUAL, facts={"absent": "three files", "rrn": "606810000123"})
    actions, category = judge_row(proven, replace(ROW, **changes), TODAY, NOW)
    (move,) = actions
    assert isinstance(move, Move)
    after = proven.after(move.event, move.facts)

    assert (category, move.event) == ("AMOUNT", "doubt")
    assert (after.state, after.hold, after.facts["absent"]) == ("MANUAL", "reserved", "")
    with pytest.raises(LocalProtocolError, match="have not proven the absence yet"):
        release(after, people=("li", "wang"), evidence="case 7", now=NOW)
    assert judge_absence(after, THREE, NOW) is None
    assert judge_row(after, replace(ROW, **changes), TODAY, NOW) == ([], "AMOUNT")


@pytest.mark.parametrize("state", list(State))
def test_second_row_of_one_file_opens_a_case(state: State) -> None:
    judged = judge_repeated(attempt_in(state), TODAY, NOW)

    assert said(judged) == table(REPEATED)[state]


def test_second_row_of_one_file_takes_back_a_proven_absence() -> None:
    proven = attempt_in(State.MANUAL, facts={"absent": "three files"})
    actions, _ = judge_repeated(proven, TODAY, NOW)

    assert said((actions, "so")) == "so doubt"
    assert facts_of(actions) == {
        "file_day": "2026-03-09",
        "at": AT,
        "reason": "contradiction",
        "absent": "",
    }


def test_confirmation_says_which_file_showed_it() -> None:
    actions, _ = judge_row(attempt_in(State.ACCEPTED), ROW, TOMORROW, NOW)

    assert facts_of(actions) == {"rrn": "606810000123", "file_day": "2026-03-10", "at": AT}


def test_doubt_that_a_file_resolves_gets_all_that_a_slip_needs() -> None:
    actions, _ = judge_row(attempt_in(State.IN_DOUBT), ROW, TODAY, NOW)

    assert facts_of(actions) == {
        "rrn": "606810000123",
        "code": "",
        "evidence": "settlement file",
        "file_day": "2026-03-09",
        "host_date": "0309",
        "host_time": "100000",
        "settlement_date": "0309",
        "at": AT,
    }
    assert actions[1:] == [Move("R-1/1", Event.CONFIRM, NOW)]


def test_sale_that_a_file_resolves_becomes_known_for_later_refunds() -> None:
    row = replace(ROW, kind="sale", amount_minor=10_000, transmitted="0308233000")
    sale = attempt_in(State.IN_DOUBT, "sale")
    actions, category = judge_row(sale, row, TODAY, NOW)

    assert category == "RESOLVED_YES"
    assert actions[2] == Know(
        Original(
            original_id="S-9",
            terminal="12345678",
            merchant="123456789012345",
            batch="000001",
            stan="000007",
            rrn="606810000123",
            transaction_date=date(2026, 3, 8),
            settlement_date=date(2026, 3, 9),
            amount=Amount(10_000),
            auth_code=None,
            card_fingerprint=FINGERPRINT,
            card_last4="0005",
            made_at=NOW,
        ),
        NOW,
    )


# --- whose row it is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 9), (date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10))),
        (date(2026, 1, 1), (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2))),
        (date(2024, 2, 29), (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))),
    ],
)
def test_attempt_may_stand_in_the_files_of_three_days(
    day: date, expected: tuple[date, date, date]
) -> None:
    assert settlement_days(attempt_in(State.SENT, host_day=day)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-366, False), (-2, False), (-1, True), (0, True), (1, True), (2, False), (365, False)],
)
def test_row_belongs_to_an_attempt_in_the_file_of_its_day_and_of_one_on_either_side(
    days: int, expected: bool
) -> None:
    file_day = TODAY + timedelta(days=days)

    assert same_transaction(attempt_in(State.SENT), ROW, file_day) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "void"},
        {"kind": "sale"},
        {"kind": "reversal"},
        {"terminal": "87654321"},
        {"merchant": "999999999999999"},
        {"stan": "000008"},
    ],
)
def test_row_of_another_identity_is_another_transaction(changes: dict[str, Any]) -> None:
    assert not same_transaction(attempt_in(State.SENT), replace(ROW, **changes), TODAY)


@pytest.mark.parametrize(
    "changes", [{"amount_minor": 1}, {"rrn": "0" * 12}, {"transmitted": "0101000000"}, {"row": 9}]
)
def test_row_of_this_identity_is_found_even_when_it_says_something_wrong(
    changes: dict[str, Any],
) -> None:
    assert same_transaction(attempt_in(State.SENT), replace(ROW, **changes), TODAY)


# --- a row that is not there -------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_absence_from_all_three_files_is_judged_as_the_state_allows(state: State) -> None:
    judged = judge_absence(attempt_in(state), THREE, NOW)

    assert said(judged) == table(ABSENT).get(str(state), "nothing yet")


@pytest.mark.parametrize("state", list(State))
def test_absence_from_less_than_all_three_files_proves_nothing(state: State) -> None:
    others = [date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 11), date(2026, 3, 12)]
    for size in range(len(others) + 1):
        for read in combinations(others, size):
            for near in ((), *combinations(sorted(THREE), 1), *combinations(sorted(THREE), 2)):
                assert judge_absence(attempt_in(state), {*read, *near}, NOW) is None


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.MANUAL])
def test_proven_absence_is_written_down_for_the_two_people_and_once(state: State) -> None:
    attempt = attempt_in(state, facts={"reason": "no_reply"})
    judged = judge_absence(attempt, sorted(THREE), NOW)

    assert judged is not None
    assert facts_of(judged[0]) == {"absent": "three files", "at": AT}
    (move,) = judged[0]
    assert isinstance(move, Move)
    after = attempt.after(move.event, move.facts)
    assert (after.state, after.hold, after.facts["reason"]) == ("MANUAL", "reserved", "no_reply")
    assert judge_absence(after, THREE, NOW) is None


@pytest.mark.parametrize("state", list(State))
def test_attempt_that_a_file_once_showed_is_never_absent(state: State) -> None:
    """A row with a wrong amount once left the case open to a proof of its absence."""
    shown = attempt_in(state, facts={"file_day": "2026-03-09", "absent": ""})

    assert judge_absence(shown, THREE, NOW) is None


def test_accepted_attempt_that_three_files_lack_is_a_case() -> None:
    judged = judge_absence(attempt_in(State.ACCEPTED), THREE, NOW)

    assert judged is not None
    assert facts_of(judged[0]) == {
        "at": AT,
        "reason": "contradiction",
        "missing": "three files",
        "absent": "",
    }


# --- people ------------------------------------------------------------------------------------

PROVEN = attempt_in(State.MANUAL, facts={"absent": "three files"})


def test_two_people_release_what_was_proven_absent() -> None:
    assert release(PROVEN, people=("li", "wang"), evidence="case 7", now=NOW) == [
        Move(
            "R-1/1",
            Event.RELEASE,
            NOW,
            {"released_by": "li, wang", "evidence": "case 7", "at": AT},
        )
    ]


@pytest.mark.parametrize("people", [("li", "li"), ("", "li"), ("li", ""), ("", "")])
def test_one_person_releases_nothing(people: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="two different people"):
        release(PROVEN, people=people, evidence="case 7", now=NOW)


def test_nothing_is_released_without_evidence_named() -> None:
    with pytest.raises(InvalidRequestError, match="what proves the absence"):
        release(PROVEN, people=("li", "wang"), evidence="", now=NOW)


@pytest.mark.parametrize("facts", [{}, {"absent": ""}])
@pytest.mark.parametrize("state", list(State))
def test_nothing_is_released_before_the_files_have_proven_it(
    state: State, facts: dict[str, str]
) -> None:
    attempt = attempt_in(state, facts=facts)
    with pytest.raises(
        LocalProtocolError,
        match=r"^complete files of three settlement days have not proven the absence yet$",
    ):
        release(attempt, people=("li", "wang"), evidence="case 7", now=NOW)


@pytest.mark.parametrize("state", list(State))
def test_release_is_a_step_from_the_hands_of_people_only(state: State) -> None:
    attempt = attempt_in(state, facts={"absent": "three files"})
    (move,) = release(attempt, people=("li", "wang"), evidence="case 7", now=NOW)
    assert isinstance(move, Move)
    if state == "MANUAL":
        assert attempt.after(move.event, move.facts).hold == "none"
    else:
        with pytest.raises(LocalProtocolError):
            attempt.after(move.event, move.facts)


# --- properties --------------------------------------------------------------------------------

kinds: Any = st.sampled_from(["sale", "void", "refund"])
days = st.dates(date(2026, 3, 6), date(2026, 3, 12))


@PROPERTY
@given(st.sampled_from(list(State)), kinds, st.integers(1, 20_000), st.booleans(), days)
def test_row_moves_an_attempt_only_by_legal_steps_and_never_gives_money_back(
    state: State, kind: Kind, minor: int, rrn_known: bool, file_day: date
) -> None:
    facts = {"rrn": "606810000999"} if rrn_known else {}
    attempt = attempt_in(state, kind, facts=facts)
    actions, category = judge_row(
        attempt, replace(ROW, kind=kind, amount_minor=minor), file_day, NOW
    )
    after = attempt
    for action in actions:
        if isinstance(action, Move):
            after = after.after(action.event, action.facts)
    if after.state in ("ACCEPTED", "CONFIRMED") and after.state != state:
        assert minor == attempt.amount.minor
        assert not rrn_known
    assert after.state not in ("RELEASED", "DECLINED", "REVERSED") or after.state == state
    assert not (attempt.hold != "none" and after.hold == "none")
    assert category != "HOST_ONLY"


@PROPERTY
@given(st.sampled_from(list(State)), kinds, st.sets(days))
def test_absence_moves_an_attempt_only_by_legal_steps_and_never_gives_money_back(
    state: State, kind: Kind, read: set[date]
) -> None:
    attempt = attempt_in(state, kind)
    judged = judge_absence(attempt, read, NOW)
    for action in judged[0] if judged else []:
        assert isinstance(action, Move)
        after = attempt.after(action.event, action.facts)
        assert after.state in ("MANUAL", "MISMATCHED")
        assert after.hold == attempt.hold
    assert judged is None or read >= THREE
