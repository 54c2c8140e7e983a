"""When a message in doubt may leave once more: every condition alone forbids it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import (
    CHIP,
    DIALECT,
    NOW,
    REFUND_ANSWER,
    STRIPE,
    attempt_in,
    plan,
    received,
    view,
)
from posrefund.engine import Event, Move, State, TerminalView
from posrefund.engine.answers import line_failed, receive
from posrefund.engine.repeat import announce_repeat, compose_again, is_repeatable, repeat_due
from posrefund.errors import LocalProtocolError

if TYPE_CHECKING:
    from posrefund.engine import Attempt

LATER = NOW + timedelta(seconds=60)
_REFUND = replace(DIALECT.messages["refund"], repeat="same_mti")
HOUSE = DIALECT.derive("house", messages={**DIALECT.messages, "refund": _REFUND})


def at(**changes: Any) -> TerminalView:
    return view(dialect=HOUSE, **changes)


def doubt(**changes: Any) -> Attempt:
    facts = {"repeatable": "yes"}
    return replace(attempt_in(State.IN_DOUBT), **{"facts": facts, **changes})


def test_a_doubt_is_repeated_when_its_time_has_come() -> None:
    assert repeat_due(doubt(), at(), LATER)
    assert not repeat_due(doubt(), at(), LATER - timedelta(seconds=1))


@pytest.mark.parametrize("state", [state for state in State if state is not State.IN_DOUBT])
def test_nothing_but_a_doubt_is_repeated(state: State) -> None:
    assert not repeat_due(doubt(state=state), at(), LATER)


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": {}},
        {"facts": {"repeatable": "yes", "sent_at": LATER.isoformat()}},
        {"copies": 0},
        {"copies": 4},
        {"key_set_id": "000000-111111"},
        {"batch": "000002"},
        {"host_day": (NOW - timedelta(days=1)).date()},
    ],
    ids=["carried a PIN", "left just now", "never left", "tries", "keys", "batch", "day"],
)
def test_each_condition_alone_forbids_it(changes: dict[str, Any]) -> None:
    assert not repeat_due(doubt(**changes), at(), LATER)


def test_nothing_is_repeated_while_rows_are_lost() -> None:
    assert not repeat_due(doubt(), replace(at(), is_behind=True), LATER)


def test_no_built_in_dialect_repeats() -> None:
    assert not repeat_due(doubt(), view(), LATER)


def test_every_repeat_counts_its_own_time_and_copy() -> None:
    sent = doubt().after(Event.SEND, announce_repeat(doubt(), LATER).facts)

    assert (sent.state, sent.copies) == (State.SENT, 2)
    assert sent.facts["sent_at"] == LATER.isoformat()


def test_the_request_is_made_again_field_by_field() -> None:
    made = plan("refund", dialect=HOUSE)
    again = compose_again(
        made.attempt.fields, HOUSE.messages["refund"], CHIP.kept, with_expiry=True
    )

    assert again == made.fields
    assert made.attempt.facts["repeatable"] == "yes"
    assert "repeatable" not in plan("refund").attempt.facts


@pytest.mark.parametrize("number", ["35", "36", "45", "52", "55"])
def test_what_is_good_for_one_transaction_is_never_made_again(number: str) -> None:
    made = plan("refund", dialect=HOUSE)
    kept, table = made.attempt.fields, HOUSE.messages["refund"]

    assert is_repeatable(made.fields, kept, table, CHIP.kept)
    fields = {**made.fields, number: "1"}
    assert not is_repeatable(fields, {**kept, number: "1"}, table, CHIP.kept)
    assert not is_repeatable(made.fields, {**kept, "card": "35"}, table, STRIPE.kept)


def test_not_sent_is_never_said_of_a_second_copy() -> None:
    sent = doubt(state=State.SENT, copies=2)
    [move] = line_failed(sent, left=False, reason="closed", now=NOW)

    assert isinstance(move, Move)
    assert move.event is Event.DOUBT
    with pytest.raises(LocalProtocolError, match="after 2 copies"):
        sent.after(Event.FAIL, {})


ANSWERS = """
00 valid  accept
00 absent doubt no_mac
00 wrong  doubt bad_mac
94 valid  doubt received
94 absent doubt received
61 valid  decline
61 absent doubt declined_after_repeat
A0 valid  doubt declined_after_repeat
30 valid  doubt declined_after_repeat
77 valid  doubt declined_after_repeat
96 valid  doubt code_96
"""


@pytest.mark.parametrize("row", ANSWERS.strip().splitlines())
def test_answer_to_a_repeat_of_a_host_that_repeats_itself(row: str) -> None:
    code, mac, event, *reason = row.split()
    answer = received(REFUND_ANSWER | {"39": code}, mac)  # type: ignore[arg-type]
    *_, move = receive(doubt(state=State.SENT, copies=2), answer, at(), NOW)

    assert isinstance(move, Move)
    assert move.event == event
    assert [move.facts["reason"]] == reason if reason else "reason" not in move.facts


@pytest.mark.parametrize("mac", ["valid", "absent"])
def test_no_decline_closes_two_copies_where_the_host_does_not_repeat_itself(mac: Any) -> None:
    answer = received(REFUND_ANSWER | {"39": "61"}, mac)
    *_, move = receive(doubt(state=State.SENT, copies=2), answer, view(), NOW)

    assert isinstance(move, Move)
    assert move.event is Event.DOUBT


LATE = """
IN_DOUBT   accept     decline    -
REVERSING  -          -          -
NOT_SENT   contradict -          -
DECLINED   contradict -          -
REVERSED   contradict -          -
RELEASED   contradict -          -
ACCEPTED   -          contradict -
CONFIRMED  -          contradict -
MISMATCHED -          -          -
BOUNCED    -          -          -
MANUAL     -          -          -
"""
"""State → what a late yes, no and 96 become, all signed."""


@pytest.mark.parametrize("mac", ["valid", "absent", "wrong", "no_key"])
@pytest.mark.parametrize("row", LATE.strip().splitlines())
def test_every_state_with_every_late_answer(row: str, mac: Any) -> None:
    state, *events = row.split()
    for code, event in zip(("00", "61", "96"), events, strict=True):
        answer = received(REFUND_ANSWER | {"39": code}, mac)
        _, *moves = receive(attempt_in(State(state)), answer, view(), NOW, is_late=True)
        found = [str(move.event) for move in moves if isinstance(move, Move)]
        assert found == ([event] if mac == "valid" and event != "-" else [])


def test_a_late_signed_no_closes_no_doubt_of_two_copies() -> None:
    answer = received(REFUND_ANSWER | {"39": "61"})
    attempt = replace(attempt_in(State.IN_DOUBT), copies=2)

    assert len(receive(attempt, answer, view(), NOW, is_late=True)) == 1
    assert len(receive(attempt, answer, at(), NOW, is_late=True)) == 2


def test_a_late_answer_under_other_keys_moves_nothing() -> None:
    answer = replace(received(REFUND_ANSWER), key_set_id="000000-111111")

    assert len(receive(attempt_in(State.IN_DOUBT), answer, view(), NOW, is_late=True)) == 1
